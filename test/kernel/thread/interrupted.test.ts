import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { KERNEL_CS, USER_CS } from "../../../src/abi/descriptors";
import { compileKernelPart, type KernelPart } from "../kernel-part";

/** The program's memory, as far as there is one: each address holds these two bytes. */
let before: readonly [first: number, second: number] | undefined;

const start = compileKernelPart(
  `
  import * as interrupted from "./kernel/thread/interrupted";
  import { TrapFrame } from "./kernel/machine/i686/trap-frame";
  const frame = changetype<TrapFrame>(memory.data(offsetof<TrapFrame>(), 4));
  export function noteInterrupt(cs: u32, eip: u32): void {
    frame.cs = cs;
    frame.eip = eip;
    interrupted.noteInterrupt(frame);
  }
  export { noteReturn, wasInKernel } from "./kernel/thread/interrupted";
`,
  {
    replace: {
      "kernel/memory/user-memory.ts": `
        declare function firstByte(): i32;
        declare function secondByte(): i32;
        export class UserPointer {}
        export function userPointer(value: u32): usize { return value; }
        export function copyIn(from: usize, to: usize, size: u32): i32 {
          if (size !== 2) unreachable();
          if (firstByte() < 0) return -14;
          store<u8>(to, <u8>firstByte());
          store<u8>(to, <u8>secondByte(), 1);
          return 0;
        }
      `,
    },
    imports: {
      "user-memory": {
        firstByte: () => before?.[0] ?? -1,
        secondByte: () => before?.[1] ?? -1,
      },
    },
  },
);

const PLACE = 0x8049000;
let part: KernelPart;
const call = (name: string, ...values: number[]) => part.call[name]?.(...values) ?? 0;
const wasInKernel = (cs: number, eip: number) => {
  call("noteInterrupt", cs, eip);
  return call("wasInKernel");
};

describe("what an interrupt held up", () => {
  beforeEach(() => {
    part = start();
    before = [0x90, 0x90];
  });

  it("is the kernel's work in ring 0", () => {
    assert.equal(wasInKernel(KERNEL_CS, PLACE), 1);
  });

  it("is the program's work behind any other instruction than a system call", () => {
    assert.equal(wasInKernel(USER_CS, PLACE), 0);
    before = [0xcd, 0x81];
    assert.equal(wasInKernel(USER_CS, PLACE), 0);
    before = undefined;
    assert.equal(wasInKernel(USER_CS, PLACE), 0);
  });

  it("is the kernel's work right behind a system call", () => {
    before = [0xcd, 0x80];
    assert.equal(wasInKernel(USER_CS, PLACE), 1);
    before = undefined;
    assert.equal(wasInKernel(USER_CS, PLACE), 0, "what could not be read is not that of before");
  });

  it("is the kernel's work, once, where the kernel said that it returns to", () => {
    call("noteReturn", PLACE);
    assert.equal(wasInKernel(USER_CS, PLACE), 1);
    assert.equal(wasInKernel(USER_CS, PLACE), 0);
    call("noteReturn", PLACE);
    assert.equal(wasInKernel(USER_CS, PLACE + 1), 0);
    assert.equal(wasInKernel(USER_CS, PLACE), 0, "the program has come there by itself");
  });
});
