// The terminal goes from the shell to a program and back. At each step of both ways a user types
// something: what is typed once the newline, or the prompt, can be seen meets the mode that belongs
// to it, nothing that is typed earlier is lost, and ^C is never a signal to the shell.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SystemCall } from "../../src/abi/linux/i386";
import { SIGKILL } from "../../src/abi/signals";
import { type NodeTerminal, PROGRAM, runShell, SHELL } from "./shell-in-node";

/** More steps than a hand-over has: a run ends before it comes to the last ones. */
const STEPS_MAX = 100;

/** Types each of the texts when the shell waits for input, then ends the run. */
function typist(...texts: string[]): (terminal: NodeTerminal) => boolean {
  return (terminal) => {
    const text = texts.shift();
    if (text !== undefined) terminal.type(text);
    return text !== undefined;
  };
}

interface Typed {
  /** What had been shown since the step that the hand-over begins with. */
  readonly seen: string;
  /** What the keys showed at once. */
  readonly echo: string;
}

/** Counts the system calls from the first that `begins`, and types `keys` before call `step`. */
class Interruption {
  #start = -1;
  #count = 0;
  typed: Typed | undefined;

  constructor(
    readonly keys: string,
    readonly step: number,
  ) {}

  begin(terminal: NodeTerminal): void {
    this.#start = terminal.output.length;
  }

  end(): void {
    this.#start = -1;
  }

  count(terminal: NodeTerminal): void {
    if (this.#start < 0 || this.#count++ !== this.step) return;
    const before = terminal.output.length;
    const seen = terminal.output.slice(this.#start);
    terminal.type(this.keys);
    this.typed = { seen, echo: terminal.output.slice(before) };
  }
}

/** From the Enter that starts a program to its execve, in the new process. */
function startWith(keys: string, step: number) {
  const interruption = new Interruption(keys, step);
  const texts = typist("cat\r");
  const { terminal } = runShell({
    forks: [0],
    type: (terminal) => {
      const goesOn = texts(terminal);
      interruption.begin(terminal);
      return goesOn;
    },
    beforeCall: (terminal) => interruption.count(terminal),
  });
  return { terminal, typed: interruption.typed };
}

/** From the end of a program to the next line, which is what was typed meanwhile and Enter. */
function returnWith(keys: string, step: number) {
  const interruption = new Interruption(keys, step);
  const texts = typist("cat\r", "\r");
  let original: Uint8Array | undefined;
  const { terminal, looked } = runShell({
    forks: [PROGRAM],
    type: (terminal) => {
      interruption.end();
      return texts(terminal);
    },
    runProgram: (terminal) => {
      terminal.termios = original!;
      terminal.group = PROGRAM;
      terminal.write("\n");
      interruption.begin(terminal);
      return 0;
    },
    beforeCall: (terminal) => {
      original ??= terminal.termios;
      interruption.count(terminal);
    },
  });
  return { terminal, looked, typed: interruption.typed };
}

describe("the terminal's hand-over to a program", () => {
  it("is complete when the newline appears, at each step", () => {
    let steps = 0;
    let seen = 0;
    for (let step = 0; step < STEPS_MAX; step++) {
      const { terminal, typed } = startWith("y\r", step);
      assert.ok(terminal.isCooked);
      assert.equal(terminal.group, PROGRAM);
      if (typed === undefined) break;
      steps++;
      const line = terminal.read()?.toString();
      if (typed.seen.includes("\n")) {
        seen++;
        assert.equal(typed.echo, "y\r\n", `step ${step}`);
        assert.equal(line, "y\n", `step ${step}`);
      } else {
        assert.match(line ?? "", /^y[\r\n]$/, `step ${step}`);
      }
    }
    assert.ok(
      steps > 5 && steps < STEPS_MAX && seen > 0,
      `${steps} steps, ${seen} after the newline`,
    );
  });

  it("makes ^C a signal to the program from the newline on, and never to the shell", () => {
    for (let step = 0; ; step++) {
      const { terminal, typed } = startWith("\x03", step);
      if (typed === undefined) break;
      assert.ok(!terminal.signals.includes(SHELL), `step ${step}`);
      if (typed.seen.includes("\n")) assert.deepEqual(terminal.signals, [PROGRAM], `step ${step}`);
    }
  });

  it("is left to the new process: the shell itself only waits", () => {
    const calls: number[] = [];
    runShell({
      forks: [PROGRAM],
      type: typist("cat\r"),
      beforeCall: (_terminal, call) => calls.push(call),
    });
    assert.deepEqual(calls.slice(calls.indexOf(SystemCall.fork) + 1), [
      SystemCall.setpgid,
      SystemCall.waitpid,
    ]);
  });
});

describe("the terminal's way back to the shell", () => {
  it("is complete when the prompt appears, and loses nothing, at each step", () => {
    let steps = 0;
    let seen = 0;
    for (let step = 0; step < STEPS_MAX; step++) {
      const { terminal, looked, typed } = returnWith("y", step);
      if (typed === undefined) break;
      steps++;
      assert.deepEqual(looked, ["cat", "y"], `step ${step}`);
      assert.ok(!terminal.isCooked);
      assert.equal(terminal.group, SHELL);
      if (!typed.seen.includes("$ ")) continue;
      seen++;
      assert.equal(typed.echo, "", `step ${step}`);
    }
    assert.ok(
      steps > 5 && steps < STEPS_MAX && seen > 0,
      `${steps} steps, ${seen} after the prompt`,
    );
  });

  it("makes ^C a signal to the program or drops the line, never a signal to the shell", () => {
    for (let step = 0; ; step++) {
      const { terminal, typed } = returnWith("\x03", step);
      if (typed === undefined) break;
      assert.ok(!terminal.signals.includes(SHELL), `step ${step}`);
      if (!typed.seen.includes("$ ")) continue;
      assert.deepEqual(terminal.signals, [], `step ${step}`);
      assert.match(terminal.output, /\^C\r\n/, `step ${step}`);
    }
  });

  for (const [name, keys] of [
    ["exit", "exit\r"],
    ["^D", "\x04"],
  ] as const) {
    it(`is complete when the newline after ${name} appears`, () => {
      const modes: boolean[] = [];
      let isEnding = false;
      const texts = typist(keys);
      const { terminal } = runShell({
        forks: [],
        type: (terminal) => {
          isEnding = true;
          return texts(terminal);
        },
        beforeCall: (terminal, call) => {
          if (isEnding && call === SystemCall.write) modes.push(terminal.isCooked);
        },
      });
      assert.match(terminal.output, /\n$/);
      assert.equal(modes.at(-1), true);
      assert.ok(terminal.isCooked);
    });
  }

  it("mends the mode that a killed program has left", () => {
    const { terminal } = runShell({
      forks: [PROGRAM, 0],
      type: typist("cat\r", "cat\r"),
      // Nothing cooks the terminal here, so the program "left" the shell's raw mode.
      runProgram: () => SIGKILL,
    });
    assert.ok(terminal.isCooked);
  });
});
