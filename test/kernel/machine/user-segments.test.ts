// What is loaded into FS and GS in ring 0 must not fault, so what a descriptor that changes leaves
// behind must be seen to.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { TLS_FIRST, USER_CS, USER_DS } from "../../../src/abi/descriptors";
import { USER_DESC_32BIT, USER_DESC_USEABLE } from "../../../src/abi/linux/user-desc";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const start = compileKernelPart(
  `
  import { UserSegments } from "./kernel/machine/i686/user-segments";
  const segments = changetype<UserSegments>(memory.data(offsetof<UserSegments>(), 8));
  export function save(fs: u32, gs: u32): void {
    segments.fs = fs;
    segments.gs = gs;
  }
  export function describe(index: u32, limit: u32, flags: u32): void {
    segments.describe(index, 0, limit, flags);
  }
  export function fs(): u32 { return segments.fs; }
  export function gs(): u32 { return segments.gs; }
`,
);

const FLAGS = USER_DESC_32BIT | USER_DESC_USEABLE;
const selector = (index: number) => (index << 3) | 3;
let part: KernelPart;
const saved = () => [part.call.fs!(), part.call.gs!()];

describe("the selectors of a thread", () => {
  beforeEach(() => {
    part = start();
    part.call.describe!(TLS_FIRST, 0xfffff, FLAGS);
    part.call.describe!(TLS_FIRST + 1, 0xfffff, FLAGS);
  });

  it("stay while what they refer to is described anew", () => {
    part.call.save!(selector(TLS_FIRST), selector(TLS_FIRST + 1));
    part.call.describe!(TLS_FIRST, 0x10, FLAGS);
    assert.deepEqual(saved(), [selector(TLS_FIRST), selector(TLS_FIRST + 1)]);
  });

  it("become null with the descriptor that they refer to", () => {
    part.call.save!(selector(TLS_FIRST), selector(TLS_FIRST + 1));
    part.call.describe!(TLS_FIRST, 0, 0);
    assert.deepEqual(saved(), [0, selector(TLS_FIRST + 1)]);
    part.call.describe!(TLS_FIRST + 1, 0, 0);
    assert.deepEqual(saved(), [0, 0]);
  });

  it("may be the flat segments of every program, but no entry outside the three", () => {
    part.call.save!(USER_DS, USER_CS);
    part.call.describe!(TLS_FIRST, 0, 0);
    assert.deepEqual(saved(), [USER_DS, USER_CS]);
    part.call.save!(selector(TLS_FIRST + 3), selector(1));
    part.call.describe!(TLS_FIRST, 0, 0);
    assert.deepEqual(saved(), [0, 0]);
  });
});
