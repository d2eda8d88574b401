// /dev/console as a file: what its ioctls do to those who wait for input.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ICANON, TCSETS, TCSETSF, TERMIOS_LFLAG } from "../../src/abi/termios";
import { loadKernelPart, TEST_HEAP } from "./kernel-part";

let woken = 0;

const part = loadKernelPart(
  `
  import { LineDiscipline } from "./kernel/terminal/line-discipline";
  import { discipline } from "./kernel/terminal/console";
  import { consoleOperations, startConsoleFile } from "./kernel/terminal/terminal-file";
  import { File } from "./kernel/file/open-file";
  function echo(byte: u32): void {}
  export function start(): void { startConsoleFile(); discipline.reset(echo.index); }
  export function receive(byte: u32): u32 { return discipline.receive(byte); }
  export function termios(): usize { return changetype<usize>(discipline); }
  export function control(command: u32, argument: u32): i32 {
    const file = changetype<File>(0);
    return call_indirect<i32>(consoleOperations().control, file, command, argument);
  }
`,
  {
    replace: {
      "kernel/memory/heap.ts": TEST_HEAP,
      "kernel/terminal/console.ts": `
        import { LineDiscipline } from "./line-discipline";
        export class WaitQueue {}
        export const discipline: LineDiscipline = changetype<LineDiscipline>(memory.data(8256, 8));
        export const readers: usize = 0;
        export function finishOutput(): void {}
        export function writeByte(byte: u32): void {}
      `,
      "kernel/device/screen.ts": "export const COLUMNS: u32 = 80; export const ROWS: u32 = 25;",
      "kernel/device/serial.ts": "export function receiveSerial(): void {}",
      "kernel/memory/user-memory.ts": `
        @unmanaged export class UserPointer { plus(offset: u32): UserPointer { return this; } }
        export function userPointer(value: u32): UserPointer {
          return changetype<UserPointer>(<usize>value);
        }
        export function userAddress(pointer: UserPointer): u32 {
          return <u32>changetype<usize>(pointer);
        }
        export function isUserRange(address: usize, size: u32): bool { return true; }
        export function copyIn(space: u32, from: UserPointer, to: usize, size: u32): i32 {
          memory.copy(to, changetype<usize>(from), size);
          return 0;
        }
        export function copyOut(space: u32, to: UserPointer, from: usize, size: u32): i32 {
          return 0;
        }
        export function readWord(space: u32, from: UserPointer, out: usize): i32 { return 0; }
        export function writeWord(space: u32, to: UserPointer, value: u32): i32 { return 0; }
      `,
      "kernel/process/process.ts": `
        @unmanaged export class Process { pendingSignal: u32 = 0; space: u32 = 1; }
        export const current: Process = changetype<Process>(memory.data(16, 4));
      `,
      "kernel/thread/schedule.ts": `
        declare function woke(): u32;
        export function wakeAll(queue: usize): void { woke(); }
        export function sleepOn(queue: usize): i32 { return 0; }
        export function takeBreath(): void {}
      `,
      "kernel/process/signal.ts": `
        export let foregroundGroup: u32 = 1;
        export function setForegroundGroup(group: u32): void { foregroundGroup = group; }
      `,
      "kernel/filesystem/initramfs/files.ts": `
        export function refuseList(file: u32, to: u32, size: u32): i32 { return -20; }
      `,
      "kernel/file/inode.ts": "@unmanaged export class Inode {}",
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
function setMode(raw: boolean, command = TCSETS): number {
  const termios = part.read(part.call.termios!(), 36);
  const view = new DataView(termios.buffer);
  const flags = view.getUint32(TERMIOS_LFLAG, true);
  view.setUint32(TERMIOS_LFLAG, raw ? flags & ~ICANON : flags | ICANON, true);
  part.write(part.area, termios);
  return part.call.control!(command, part.area);
}

describe("the console's termios", () => {
  beforeEach(() => {
    part.call.start!();
    woken = 0;
  });

  it("wakes readers when a line that has not ended becomes readable", () => {
    for (const byte of Buffer.from("ab")) part.call.receive!(byte);
    assert.equal(setMode(true), 0);
    assert.equal(woken, 1);
  });

  it("wakes nobody while there is nothing to read", () => {
    assert.equal(setMode(true), 0);
    for (const byte of Buffer.from("ab")) part.call.receive!(byte);
    part.call.start!();
    assert.equal(setMode(false, TCSETSF), 0);
    assert.equal(woken, 0);
  });
});
