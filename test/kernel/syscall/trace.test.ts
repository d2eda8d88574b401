// What `trace` prints of calls: those that the kernel has, and those that it lacks.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { SystemCall } from "../../../src/abi/linux/i386";
import { loadKernelPart } from "../kernel-part";

let printed = "";

const part = loadKernelPart(
  `
  import { FILE, FLAGS, INPUT, PATH, SIZE } from "./src/abi/linux/argument-kinds";
  import { SystemCall } from "./src/abi/linux/i386";
  import { addSink } from "./kernel/log/log";
  import { TrapFrame } from "./kernel/machine/i686/trap-frame";
  import { call } from "./kernel/syscall/call-rows";
  import { systemCall } from "./kernel/syscall/dispatch";
  import { startTracing } from "./kernel/syscall/trace";
  declare function heard(byte: u32): void;
  function show(byte: u32): void { heard(byte); }
  function finish(): void {}
  function answer(frame: TrapFrame): i32 { return 7 - <i32>frame.arg0; }
  const frame = changetype<TrapFrame>(memory.data(offsetof<TrapFrame>(), 4));
  export function start(): void {
    addSink(show.index, finish.index);
    call(SystemCall.write, answer.index, FILE, INPUT, SIZE);
    call(SystemCall.open, answer.index, PATH, FLAGS, FLAGS);
  }
  export function trace(): void { startTracing(); }
  export function perform(number: u32, a: u32, b: u32, c: u32): u32 {
    frame.eax = number;
    frame.ebx = a;
    frame.ecx = b;
    frame.edx = c;
    systemCall(frame);
    return frame.eax;
  }
`,
  {
    replace: {
      "kernel/memory/user-memory.ts": `
        @unmanaged export class UserPointer {}
        export function userPointer(value: u32): UserPointer {
          return changetype<UserPointer>(<usize>value);
        }
        export function copyIn(from: UserPointer, to: usize, size: u32): i32 {
          memory.copy(to, changetype<usize>(from), size);
          return 0;
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
    },
  },
);
part.call.start!();

describe("a call without tracing", () => {
  it("is served in silence", () => {
    assert.equal(part.call.perform!(SystemCall.write, 1, 0, 0), 6);
    assert.equal(printed, "");
  });

  it("is ENOSYS when it is missing, and the log says so", () => {
    assert.equal(part.call.perform!(599, 0, 0, 0) | 0, -38);
    assert.equal(printed, "kernel: [0]: no system call 599\n");
    printed = "";
    assert.equal(part.call.perform!(600, 0, 0, 0) | 0, -38);
    assert.equal(printed, "", "it was logged before");
  });
});

describe("tracing", () => {
  beforeEach(() => {
    part.call.trace!();
    printed = "";
  });

  it("prints arguments by their kinds, and the result", () => {
    part.write(part.area, "hello\n");
    assert.equal(part.call.perform!(SystemCall.write, 1, part.area, 6), 6);
    assert.equal(printed, '[0] write(1, "hello\\n", 6)\n[0] write = 6\n');
    printed = "";
    part.write(part.area, "/etc/motd\0");
    part.call.perform!(SystemCall.open, part.area, 0x8000, 0);
    assert.match(printed, /^\[0\] open\("\/etc\/motd", 0x8000, 0\)\n/);
  });

  it("cuts long strings off", () => {
    part.write(part.area, "x".repeat(100));
    part.call.perform!(SystemCall.write, 1, part.area, 100);
    assert.match(printed, /^\[0\] write\(1, "x{32}"\.\.\., 100\)\n/);
  });

  it("shows a call that the kernel lacks, by its number and with every register", () => {
    assert.equal(part.call.perform!(600, 1, 2, 3) | 0, -38);
    assert.equal(
      printed,
      "[0] syscall_0x258(0x1, 0x2, 0x3, 0x0, 0x0, 0x0)\n[0] syscall_0x258 = -38\n",
    );
  });
});
