// What the shell's prompt shows: long lines, the history's search, help. The shell runs in Node.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runShell } from "./shell-in-node";

const COLUMNS = 40;

/** Types each text once the shell waits; what it showed after each of them. */
function talk(...texts: string[]): string[] {
  const rest = [...texts];
  const shown: string[] = [];
  let seen = 0;
  runShell({
    forks: [],
    type: (terminal) => {
      shown.push(terminal.output.slice(seen));
      seen = terminal.output.length;
      const text = rest.shift();
      if (text !== undefined) terminal.type(text);
      return text !== undefined;
    },
  });
  return shown.slice(1);
}

/** What the last drawing of a line shows. */
function drawn(output = ""): string {
  return (output.split("\r").at(-1) ?? "").split("\x1b")[0] ?? "";
}

describe("a line that is wider than the terminal", () => {
  const text = "0123456789".repeat(6);

  it("has a mark where it goes on", () => {
    const [end, start, middle] = talk(text, "\x01", "\x1b[C".repeat(40));
    assert.match(drawn(end), /^\/\$ <\d+$/);
    assert.ok(drawn(end).endsWith("789"));
    assert.match(drawn(start), /^\/\$ 0123\d+>$/);
    assert.match(drawn(middle), /^\/\$ <\d+>$/);
    for (const each of [end, start, middle]) assert.equal(drawn(each).length, COLUMNS - 1);
  });

  it("shows the character at the cursor, wherever that is", () => {
    for (let at = 0; at < text.length; at++) {
      const [, shown = ""] = talk(text, `\x01${"\x1b[C".repeat(at)}`);
      const back = Number(/\[(\d+)D$/.exec(shown)?.[1]);
      const line = drawn(shown);
      assert.equal(line.at(line.length - back), text[at], `at ${at}`);
    }
  });

  it("has none if it fits", () => {
    assert.equal(drawn(talk("echo 12345")[0]), "/$ echo 12345");
  });
});

describe("^R", () => {
  const lines = ["pwd first one\r", "pwd second one\r", "pwd third\r"];
  const after = (...keys: string[]) => talk(...lines, ...keys).slice(lines.length);

  it("finds the newest line that has what is typed, then older ones", () => {
    const [, one, older, none] = after("\x12", "one", "\x12", "\x12");
    assert.equal(drawn(one), "search: one_  pwd second one");
    assert.equal(drawn(older), "search: one_  pwd first one");
    assert.equal(drawn(none), "not found: one_  pwd first one");
    assert.ok(none?.includes("\x07"));
  });

  it("gives the line to edit, or to run", () => {
    assert.equal(drawn(after("\x12fir", "\x05!")[1]), "/$ pwd first one!");
    assert.match(talk("nonsense\r", "\x12nons\r")[1] ?? "", /nonsense: there is no such program/);
  });

  it("can be taken back, letter by letter and as a whole", () => {
    const [, shorter] = after("\x12third", "\x7f\x7f\x7f\x7f\x7fs");
    assert.equal(drawn(shorter), "search: s_  pwd second one");
    assert.equal(drawn(after("draft", "\x12one", "\x07")[2]), "/$ draft");
  });
});

describe("the prompt", () => {
  it("says after ^Z that there is nothing to stop, and keeps the line", () => {
    const [, shown = ""] = talk("draft", "\x1a");
    assert.match(shown, /\^Z: stops a program that runs/);
    assert.equal(drawn(shown), "/$ draft");
  });

  it("clears the screen", () => {
    assert.ok(talk("clear\r")[0]?.includes("\x1b[H\x1b[2J"));
  });

  it("helps, and promises no file that takes output", () => {
    const [help = ""] = talk("help\r");
    assert.match(help, /^ {2}clear /m);
    assert.match(help, /\^R/);
    assert.doesNotMatch(help, /> FILE/);
  });
});
