// `node --import ./bin/loader.js tools/record-session.ts [FILE]`: plays the session of README.md on
// this kernel, and writes what was typed and printed as a picture to FILE, by default
// docs/session.svg. Whatever the kernel prints is in it, so it is honest, and has to be made anew
// when that changes.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { encodeCommandLine } from "../src/machine/command-line";
import type { Machine } from "../src/machine/machine";
import { openMachine } from "../src/machine/open-machine";
import { type SessionLine, sessionSvg } from "./session-svg";

/** With the status of what has failed before. */
const PROMPT = /^\/( \[\d+\])?\$ $/;
const COMMAND = ["bin/isthmus.js"];
const TIMEOUT_MS = 60_000;
/** How long the picture waits before a command, and between lines of its output, in seconds. */
const BEFORE_TYPED = 1.1;
const BETWEEN_LINES = 0.12;

/** What happens: words to the host's shell or the guest's, and comments on what follows. */
type Scene =
  | { readonly guest: string; readonly shown?: RegExp; readonly comment?: string }
  | { readonly host: string; readonly shown: RegExp; readonly comment?: string };

const SCENES: readonly Scene[] = [
  { guest: "hello", comment: "# a program: code at 0x1000, stack just below 4 GiB" },
  { guest: "memhog 8", shown: /heap/, comment: "# its heap may reach all that lies between" },
  { guest: "poweroff" },
  {
    host: "audit",
    shown: /^\w+: |^law|pages,|are shared/,
    comment: "# and the kernel? It has another 4 GiB. What they share, and nothing else:",
  },
  {
    host: "step --call getppid",
    shown: /^\w+ by|cr3,|CR3/,
    comment: "# where a system call goes from one space to the other, and back:",
  },
];

async function main(): Promise<void> {
  const [file = "docs/session.svg"] = process.argv.slice(2);
  execFileSync(process.execPath, [...COMMAND, "build"], { stdio: "ignore" });
  const lines: SessionLine[] = [];
  let at = 0;
  const add = (text: string, kind: SessionLine["kind"], pause = BETWEEN_LINES) => {
    at += pause;
    lines.push({ text, kind, at });
  };
  add("$ npx isthmus run", "typed", 0.5);
  const guest = await Guest.start();
  try {
    for (const scene of SCENES) {
      if (scene.comment !== undefined) add(scene.comment, "comment", BEFORE_TYPED);
      if ("guest" in scene) {
        add(`/$ ${scene.guest}`, "typed", BEFORE_TYPED);
        const printed = await guest.type(scene.guest);
        for (const line of excerpt(printed, scene.shown)) add(line, "output");
      } else {
        add(`$ npx isthmus ${scene.host}`, "typed", BEFORE_TYPED);
        for (const line of excerpt(hostOutput(scene.host), scene.shown)) add(line, "output");
      }
    }
  } finally {
    await guest.close();
  }
  writeFileSync(file, sessionSvg("isthmus", lines));
}

function hostOutput(words: string): string[] {
  const all = [...COMMAND, ...words.split(" ")];
  const output = execFileSync(process.execPath, all, { encoding: "utf8" });
  return output.trimEnd().split("\n");
}

/** The lines that are shown, with dots where more than one is left out. */
function excerpt(lines: readonly string[], shown = /^/): string[] {
  const kept: string[] = [];
  let skipped = 0;
  for (const line of lines.filter((each) => each.trim() !== "")) {
    if (shown.test(line)) {
      kept.push(line);
      skipped = 0;
    } else if (++skipped === 2) kept.push("  …");
  }
  return kept;
}

/** The guest at its prompt. */
class Guest {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  static async start(): Promise<Guest> {
    const machine = openMachine("v86", {
      kernel: readFileSync("build/kernel.elf"),
      initramfs: readFileSync("build/initramfs.cpio"),
      commandLine: encodeCommandLine(["quiet"], []),
      memoryMiB: 64,
    });
    await machine.start();
    const guest = new Guest(machine);
    await guest.#prompt(0);
    return guest;
  }

  /** Types a line; returns the lines that it makes the guest print. */
  async type(line: string): Promise<string[]> {
    const { serial } = this.#machine;
    const before = shownLines(serial.text()).length;
    serial.send(`${line}\r`);
    await Promise.race([this.#prompt(before), this.#machine.ended]);
    return shownLines(serial.text()).slice(before, -1);
  }

  close(): Promise<void> {
    return this.#machine.close();
  }

  /** Waits for the prompt on a line after the first `lines`. */
  async #prompt(lines: number): Promise<void> {
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      const shown = shownLines(this.#machine.serial.text());
      if (shown.length > lines && PROMPT.test(shown.at(-1) ?? "")) return;
      if (Date.now() > deadline) throw new Error(`no prompt: ${shown.at(-1)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Sequences with which the shell's line editor moves the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]|\u0007/g;

/** What a terminal shows of a text: a carriage return begins a line anew. */
function shownLines(text: string): string[] {
  const lines = text.replaceAll(ESCAPES, "").split("\n");
  return lines.map((line) => line.replace(/\r+$/, "").split("\r").at(-1) ?? "");
}

await main();
