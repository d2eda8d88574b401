// A terminal as a file: what its ioctls say, and what they do to threads that wait for input.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { O_NONBLOCK } from "../../../src/abi/files";
import {
  FIONREAD,
  ICANON,
  TCSETS,
  TCSETSF,
  TERMIOS_CC,
  TERMIOS_LFLAG,
  TIOCGPGRP,
  TIOCGWINSZ,
  TIOCSCTTY,
  TIOCSPGRP,
  VMIN,
} from "../../../src/abi/termios";
import { loadKernelPart, TEST_HEAP } from "../kernel-part";
import { PLAIN_USER_MEMORY } from "../plain-user-memory";

let woken = 0;

const part = loadKernelPart(
  `
  import { Inode } from "./kernel/file/inode";
  import { OpenFile } from "./kernel/file/open-file";
  import { startTerminal, Terminal } from "./kernel/terminal/terminal";
  import { TERMINAL_SIZE, TerminalDriver } from "./kernel/terminal/terminal";
  import { userPointer } from "./kernel/memory/user-memory";
  import { terminalOperations } from "./kernel/filesystem/dev/terminal-file";
  const driver = changetype<TerminalDriver>(memory.data(offsetof<TerminalDriver>(), 8));
  const record: usize = memory.data(TERMINAL_SIZE, 8);
  const file = changetype<OpenFile>(memory.data(offsetof<OpenFile>(), 8));
  const inode = changetype<Inode>(memory.data(offsetof<Inode>(), 8));
  function ignore(_terminal: Terminal): void {}
  function drop(_terminal: Terminal, _from: usize, _size: u32): void {}
  export function start(): void {
    memory.fill(record, 0, TERMINAL_SIZE);
    driver.output = drop.index;
    driver.finish = ignore.index;
    driver.refill = ignore.index;
    startTerminal(record, 25, 80, driver);
    file.data = record;
    file.inode = inode;
    file.operations = terminalOperations();
  }
  export function receive(byte: u32): u32 { return changetype<Terminal>(record).receive(byte); }
  export function termios(): usize { return record; }
  export function read(to: u32, size: u32, flags: u32): i32 {
    file.flags = flags;
    return file.read(userPointer(to), size);
  }
  export function control(command: u32, argument: u32): i32 {
    return file.ioctl(command, argument);
  }
`,
  {
    replace: {
      "kernel/memory/heap.ts": TEST_HEAP,
      "kernel/memory/user-memory.ts": PLAIN_USER_MEMORY,
      "kernel/thread/thread.ts": `
        export class Thread { pendingSignal: u32 = 0; signalMask: u64 = 0; }
        export const currentThread: Thread = changetype<Thread>(memory.data(16, 4));
      `,
      // Whoever asks may read, and the terminal is its own.
      "kernel/process/job-control.ts": `
        import { Terminal } from "../terminal/terminal";
        export function readRefusal(_terminal: Terminal): i32 { return 0; }
        export function changeRefusal(_terminal: Terminal): i32 { return 0; }
      `,
      "kernel/process/process.ts": `
        export class Process { get session(): u32 { return 5; } }
        const process = changetype<Process>(memory.data(16, 4));
        export function currentProcess(): Process { return process; }
        export function findProcess(_pid: u32): Process | null { return process; }
        export function findInGroup(_group: u32): Process | null { return process; }
      `,
      "kernel/process/session.ts": `
        import { Terminal } from "../terminal/terminal";
        import { Process } from "./process";
        let own: Terminal | null = null;
        export function isSessionLeader(_process: Process): bool { return true; }
        export function controllingTerminal(_process: Process): Terminal | null { return own; }
        export function takeTerminal(_process: Process, terminal: Terminal): void {
          terminal.session = 5;
          own = terminal;
        }
        export function freeTerminal(_terminal: Terminal): void { own = null; }
        export function leaveTerminal(_process: Process, _isOver: bool): void { own = null; }
      `,
      "kernel/terminal/timed-wait.ts": `
        import { WaitQueue } from "../thread/wait-queue";
        export function tenthsFromNow(tenths: u32): u64 { return tenths; }
        export function hasPassed(_deadline: u64): bool { return true; }
        export function waitUntil(_queue: WaitQueue, _deadline: u64): i32 { return 0; }
      `,
      "kernel/thread/timer.ts": "export const NEVER: u64 = u64.MAX_VALUE;",
      "kernel/thread/poll-table.ts": `
        import { WaitQueue } from "./wait-queue";
        export function pollWait(_queue: WaitQueue): void {}
      `,
      "kernel/thread/schedule.ts": `
        import { WaitQueue } from "./wait-queue";
        declare function woke(): u32;
        export function wakeAll(_queue: WaitQueue): void { woke(); }
      `,
      "kernel/file/held-file.ts": `
        import { WaitQueue } from "../thread/wait-queue";
        import { OpenFile } from "./open-file";
        export function sleepHolding(_file: OpenFile, _queue: WaitQueue): i32 { return 0; }
        export function preemptHolding(_file: OpenFile): void {}
        export function holdFile(_file: OpenFile): void {}
      `,
    },
    imports: {
      schedule: {
        woke() {
          woken++;
          return 0;
        },
      },
    },
  },
);

/** Sets the terminal to raw mode, or back. */
function setMode(raw: boolean, command = TCSETS, vmin = 1): number {
  const termios = part.read(part.call.termios!(), 36);
  const view = new DataView(termios.buffer);
  const flags = view.getUint32(TERMIOS_LFLAG, true);
  view.setUint32(TERMIOS_LFLAG, raw ? flags & ~ICANON : flags | ICANON, true);
  termios[TERMIOS_CC + VMIN] = vmin;
  part.write(part.area, termios);
  return part.call.control!(command, part.area);
}

function type(text: string): void {
  for (const byte of Buffer.from(text)) part.call.receive!(byte);
}

describe("a terminal's ioctls", () => {
  beforeEach(() => {
    part.call.start!();
    woken = 0;
  });

  it("wakes readers when a line that has not ended becomes readable", () => {
    type("ab");
    assert.equal(setMode(true), 0);
    assert.equal(woken, 1);
  });

  it("wakes no reader while there is nothing to read", () => {
    assert.equal(setMode(true), 0);
    type("ab");
    part.call.start!();
    assert.equal(setMode(false, TCSETSF), 0);
    assert.equal(woken, 0);
  });

  it("tells the window's size and the foreground group, and sets the group", () => {
    assert.equal(part.call.control!(TIOCGWINSZ, part.area), 0);
    assert.deepEqual([...part.read(part.area, 8)], [25, 0, 80, 0, 0, 0, 0, 0]);
    part.write(part.area, new Uint8Array([42, 0, 0, 0]));
    assert.equal(part.call.control!(TIOCSPGRP, part.area), -25);
    assert.equal(part.call.control!(TIOCSCTTY, 0), 0);
    assert.equal(part.call.control!(TIOCSPGRP, part.area), 0);
    assert.equal(part.call.control!(TIOCGPGRP, part.area + 64), 0);
    assert.equal(part.read(part.area + 64, 1)[0], 42);
  });

  it("counts the bytes that can be read, and ^D is none", () => {
    type("ab\ncd\x04ef");
    assert.equal(part.call.control!(FIONREAD, part.area), 0);
    assert.equal(part.read(part.area, 1)[0], 5);
  });

  it("refuses a command that terminals do not have", () => {
    assert.equal(part.call.control!(0x1234, part.area), -25);
  });
});

describe("a read of a terminal that may not wait", () => {
  beforeEach(() => part.call.start!());

  it("gets what there is, however much VMIN asks for", () => {
    assert.equal(setMode(true, TCSETS, 10), 0);
    assert.equal(part.call.read!(part.area, 100, O_NONBLOCK), -11);
    type("ab");
    assert.equal(part.call.read!(part.area, 100, O_NONBLOCK), 2);
    assert.equal(part.call.read!(part.area, 100, O_NONBLOCK), -11);
    assert.equal(setMode(true, TCSETS, 0), 0);
    assert.equal(part.call.read!(part.area, 100, O_NONBLOCK), 0);
  });
});
