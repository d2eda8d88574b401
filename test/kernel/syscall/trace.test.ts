// What `trace` tells of calls, signals and ends: the lines of src/abi/trace-event.ts.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { SystemCall } from "../../../src/abi/linux/i386";
import { loadKernelPart } from "../kernel-part";

/** Nothing is mapped from here on. */
const UNMAPPED = 0xf0000000;
let printed = "";
let toPort = "";

const part = loadKernelPart(
  `
  import * as kinds from "./src/abi/linux/argument-kinds";
  import { SystemCall } from "./src/abi/linux/i386";
  import { addSink } from "./kernel/log/log";
  import { TrapFrame } from "./kernel/machine/i686/trap-frame";
  import { noticeEnd, noticeSignal } from "./kernel/process/process-observer";
  import { SignalNote } from "./kernel/process/signal-note";
  import { call, serveOthers } from "./kernel/syscall/call-rows";
  import { systemCall, unknownCall } from "./kernel/syscall/dispatch";
  import { startTracing } from "./kernel/syscall/trace";
  import { showStrings, writeToPort } from "./kernel/syscall/trace-line";
  declare function heard(byte: u32): void;
  declare function isMapped(address: u32, size: u32): i32;
  function show(byte: u32): void { heard(byte); }
  function finish(): void {}
  let result: i32 = 0;
  function answer(frame: TrapFrame): i32 { return result; }
  const frame = changetype<TrapFrame>(memory.data(offsetof<TrapFrame>(), 4));
  const note = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));
  export function start(): void {
    addSink(show.index, finish.index);
    call(SystemCall.read, answer.index, kinds.FILE, kinds.OUTPUT, kinds.SIZE);
    call(SystemCall.write, answer.index, kinds.FILE, kinds.INPUT, kinds.SIZE);
    call(SystemCall.open, answer.index, kinds.PATH, kinds.OPEN_FLAGS, kinds.MODE);
    call(SystemCall.execve, answer.index, kinds.PATH, kinds.STRINGS, kinds.ENVIRONMENT);
    call(SystemCall.writev, answer.index, kinds.FILE, kinds.VECTORS, kinds.INTEGER);
    call(SystemCall.readv, answer.index, kinds.FILE, kinds.VECTORS_FILLED, kinds.INTEGER);
    call(SystemCall.poll, answer.index, kinds.POLL_FILES, kinds.INTEGER, kinds.INTEGER);
    call(SystemCall._newselect, answer.index, kinds.INTEGER, kinds.FILE_SET);
    call(SystemCall.nanosleep, answer.index, kinds.TIME, kinds.TIME_FILLED);
    call(SystemCall.getgroups32, answer.index, kinds.INTEGER, kinds.GROUPS_FILLED);
    call(SystemCall.setpgid, answer.index, kinds.INTEGER, kinds.GROUPS);
    call(SystemCall.getdents64, answer.index, kinds.FILE, kinds.ENTRIES, kinds.SIZE);
    call(SystemCall.uname, answer.index, kinds.SYSTEM_NAME);
    serveOthers(unknownCall.index);
  }
  export function trace(): void { startTracing(); }
  export function port(): void { writeToPort(); }
  export function strings(size: u32): void { showStrings(size); }
  export function willAnswer(value: i32): void { result = value; }
  export function perform(number: u32, a: u32, b: u32, c: u32): u32 {
    frame.eax = number;
    frame.ebx = a;
    frame.ecx = b;
    frame.edx = c;
    systemCall(frame);
    return frame.eax;
  }
  export function signal(number: u32, code: i32, pid: u32, user: u32): void {
    note.signal = number;
    note.code = code;
    note.pid = pid;
    note.user = user;
    note.value = 0xabc;
    noticeSignal(note);
  }
  export function end(status: u32): void { noticeEnd(status); }
`,
  {
    replace: {
      "kernel/device/debug-console.ts": `
        declare function sent(byte: u32): void;
        export function writeDebugConsole(byte: u32): void { sent(byte); }
      `,
      "kernel/memory/user-memory.ts": `
        declare function isMapped(address: u32, size: u32): i32;
        @unmanaged export class UserPointer {}
        export function userPointer(value: u32): UserPointer {
          return changetype<UserPointer>(<usize>value);
        }
        export function copyIn(from: UserPointer, to: usize, size: u32): i32 {
          if (!isMapped(<u32>changetype<usize>(from), size)) return -14;
          memory.copy(to, changetype<usize>(from), size);
          return 0;
        }
        export function readWord(from: UserPointer, out: usize): i32 {
          return copyIn(from, out, 4);
        }
        export function copyInString(from: UserPointer, to: usize, limit: u32): i32 {
          for (let i: u32 = 0; i < limit; i++) {
            const byte = load<u8>(changetype<usize>(from) + i);
            store<u8>(to + i, byte);
            if (byte === 0) return i;
          }
          return -36;
        }
      `,
      "kernel/process/process.ts": `
        @unmanaged export class Process {
          pid: u32 = 0;
          name0: u32 = 0;
          get name(): usize { return changetype<usize>(this) + 4; }
          hasLogged(number: u32): bool { return number === 600; }
          noteLogged(_number: u32): void {}
        }
        const process = changetype<Process>(memory.data(8, 4));
        export function currentProcess(): Process { return process; }
      `,
    },
    imports: {
      part: {
        heard(byte = 0) {
          printed += String.fromCharCode(byte);
          return 0;
        },
      },
      "user-memory": {
        isMapped: (address = 0, size = 0) => Number((address >>> 0) + size < UNMAPPED),
      },
      "debug-console": {
        sent(byte = 0) {
          toPort += String.fromCharCode(byte);
          return 0;
        },
      },
      x86: { rdtsc: () => 0x123456789n },
    },
  },
);
part.call.start!();
const { perform, willAnswer } = part.call;

/** The lines that a call makes, without their times. */
function linesOf(number: number, a = 0, b = 0, c = 0): string[] {
  printed = "";
  perform!(number, a, b, c);
  return printed.trimEnd().split("\n");
}

function words(...values: number[]): string {
  return String.fromCharCode(
    ...values.flatMap((value) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255)),
  );
}

/** What is captured before, or after, a call whose arguments are these. */
function captured(line: string | undefined): string {
  return / [0-5](?:[.#]|=).*$/.exec(line ?? "")?.[0] ?? "";
}

describe("a call without tracing", () => {
  it("is served in silence", () => {
    willAnswer!(6);
    assert.equal(perform!(SystemCall.write, 1, 0, 0), 6);
    part.call.signal!(11, 1, 0, 0);
    part.call.end!(0);
    assert.equal(printed, "");
  });

  it("is ENOSYS when it is missing, and the log says so", () => {
    assert.equal(perform!(599, 0, 0, 0) | 0, -38);
    assert.equal(printed, "kernel: [0]: no system call 599\n");
    printed = "";
    assert.equal(perform!(600, 0, 0, 0) | 0, -38);
    assert.equal(printed, "", "it was logged before");
  });
});

describe("tracing", () => {
  beforeEach(() => {
    part.call.trace!();
    part.call.strings!(32);
    willAnswer!(0);
  });

  it("tells the call with every register, and the result", () => {
    part.write(part.area, "hello\n");
    willAnswer!(-14);
    const at = part.area.toString(16);
    assert.deepEqual(linesOf(SystemCall.write, 1, part.area, 6), [
      `[0 123456789] call 4 1 ${at} 6 0 0 0 1="hello\\0a"`,
      "[0 123456789] return 4 fffffff2",
    ]);
  });

  it("shows paths as a whole, and of buffers the beginning", () => {
    part.write(part.area, `${"x".repeat(100)}\0`);
    assert.equal(captured(linesOf(SystemCall.open, part.area)[0]), ` 0="${"x".repeat(100)}"`);
    const [call] = linesOf(SystemCall.write, 1, part.area, 100);
    assert.equal(captured(call), ` 1="${"x".repeat(32)}"`);
    part.call.strings!(70);
    assert.equal(captured(linesOf(SystemCall.write, 1, part.area, 100)[0]).length, 70 + 5);
  });

  it("shows what a call has filled, as far as the result says, and only if it succeeded", () => {
    part.write(part.area, 'a"b\\c');
    willAnswer!(5);
    const [call, result] = linesOf(SystemCall.read, 3, part.area, 100);
    assert.equal(captured(call), "");
    assert.equal(captured(result), ' 1="a\\22b\\5cc"');
    willAnswer!(-4);
    assert.equal(captured(linesOf(SystemCall.read, 3, part.area, 100)[1]), "");
    willAnswer!(0);
    assert.equal(captured(linesOf(SystemCall.read, 3, part.area, 100)[1]), ' 1=""');
  });

  it("leaves out what cannot be read", () => {
    assert.equal(captured(linesOf(SystemCall.write, 1, UNMAPPED, 10)[0]), "");
    assert.equal(captured(linesOf(SystemCall.nanosleep, UNMAPPED)[0]), "");
    assert.equal(captured(linesOf(SystemCall.nanosleep, 0)[0]), "");
  });

  it("shows the strings of a vector and counts those of an environment", () => {
    const { area } = part;
    part.write(area, "ls\0-l\0");
    part.write(area + 16, words(area, area + 3, 0));
    assert.equal(
      captured(linesOf(SystemCall.execve, area, area + 16, area + 16)[0]),
      ' 0="ls" 1.0="ls" 1.1="-l" 1#2 2#2',
    );
  });

  it("shows what vectors lead to", () => {
    const { area } = part;
    part.write(area, "onetwo");
    part.write(area + 16, words(area, 3, area + 3, 3));
    assert.match(
      captured(linesOf(SystemCall.writev, 1, area + 16, 2)[0]),
      / 1\.0="one" 1\.1="two"/,
    );
    const [before, after] = linesOf(SystemCall.readv, 1, area + 16, 1);
    assert.equal(captured(before), "");
    assert.match(captured(after), / 1\.0="one"$/);
  });

  it("shows arrays as long as the call says, before and after", () => {
    const { area } = part;
    part.write(area, words(0x41414141, 0x42424242, 0x43434343, 0x44444444));
    const polled = linesOf(SystemCall.poll, area, 1, 0).map(captured);
    assert.deepEqual(polled, [' 0="AAAABBBB"', ' 0="AAAABBBB"']);
    const selected = linesOf(SystemCall._newselect, 33, area, 0).map(captured);
    assert.deepEqual(selected, [' 1="AAAABBBB"', ' 1="AAAABBBB"']);
    willAnswer!(3);
    assert.equal(captured(linesOf(SystemCall.getgroups32, 9, area)[1]), ' 1="AAAABBBBCCCC"');
    assert.equal(captured(linesOf(SystemCall.setpgid, 1, area)[0]), ' 1="AAAA"');
  });

  it("counts directory entries, and ends at one without a length", () => {
    const { area } = part;
    part.write(area, "\0".repeat(96));
    part.write(area + 16, words(24));
    part.write(area + 24 + 16, words(32));
    willAnswer!(56);
    assert.equal(captured(linesOf(SystemCall.getdents64, 3, area, 100)[1]), " 1#2");
    willAnswer!(90);
    assert.equal(captured(linesOf(SystemCall.getdents64, 3, area, 100)[1]), " 1#2");
  });

  it("shows structures that are longer than a buffer's beginning", () => {
    part.write(part.area, "z".repeat(400));
    assert.equal(captured(linesOf(SystemCall.uname, part.area)[1]), ` 0="${"z".repeat(390)}"`);
  });

  it("shows a call that the kernel lacks, by its number", () => {
    assert.deepEqual(linesOf(600, 1, 2, 3), [
      "[0 123456789] call 258 1 2 3 0 0 0",
      "[0 123456789] return 258 ffffffda",
    ]);
  });

  it("tells of signals and ends", () => {
    printed = "";
    part.call.signal!(11, -6, 7, 1000);
    part.call.end!(0x300);
    assert.deepEqual(printed.split("\n"), [
      "[0 123456789] signal b fffffffa 7 3e8 abc",
      "[0 123456789] end 300",
      "",
    ]);
  });

  it("goes to the debug console instead", () => {
    part.call.port!();
    printed = "";
    part.call.end!(1);
    assert.equal(printed, "");
    assert.equal(toPort, "[0 123456789] end 1\n");
  });
});
