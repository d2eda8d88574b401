// What is loaded into FS and GS in ring 0 must not fault, so what a descriptor that changes leaves
// behind must be seen to.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { TLS_ENTRIES, TLS_FIRST, USER_CS, USER_DS } from "../../../src/abi/descriptors";
import { INFO_SEGMENTS } from "../../../src/abi/kernel-info";
import { USER_DESC_32BIT, USER_DESC_USEABLE } from "../../../src/abi/linux/user-desc";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const start = compileKernelPart(
  `
  import { UserSegments } from "./kernel/machine/i686/user-segments";
  const segments = changetype<UserSegments>(memory.data(offsetof<UserSegments>(), 8));
  const others = changetype<UserSegments>(memory.data(offsetof<UserSegments>(), 8));
  export function save(fs: u32, gs: u32): void {
    segments.fs = fs;
    segments.gs = gs;
  }
  export function describe(index: u32, limit: u32, flags: u32): void {
    segments.describe(index, 0, limit, flags);
  }
  export function fs(): u32 { return segments.fs; }
  export function gs(): u32 { return segments.gs; }
  export function place(): usize { return changetype<usize>(segments); }
  export function describeOther(index: u32, limit: u32, flags: u32): void {
    others.describe(index, 0, limit, flags);
  }
  export function saveRegisters(): void { segments.save(); }
  export function load(): void { segments.load(); }
  export function loadOther(): void { others.load(); }
`,
  {
    imports: {
      symbols: { gdt: () => part.area + GDT, kernel_info: () => part.area },
      x86: {
        loadfs: (at = 0) => (registers[0] = selectorAt(at)),
        loadgs: (at = 0) => (registers[1] = selectorAt(at)),
        storefs: (at = 0) => storeSelector(at, registers[0]),
        storegs: (at = 0) => storeSelector(at, registers[1]),
      },
    },
  },
);

/** Where the descriptor tables lie in the part's area, which begins with the kernel's record. */
const GDT = 0x100;
const SIZE = TLS_ENTRIES * 8;
/** FS and GS of the machine. */
let registers: [number, number] = [0, 0];

function selectorAt(at: number): number {
  const [low = 0, high = 0] = part.read(at, 2);
  return low | (high << 8);
}

function storeSelector(at: number, selector: number): number {
  part.write(at, Uint8Array.of(selector & 0xff, selector >> 8));
  return 0;
}

/** The three descriptors of the GDT. */
const descriptors = () => part.read(part.area + GDT + TLS_FIRST * 8, SIZE);
/** Where the record says that these descriptors are a thread's. */
const owner = () => new DataView(part.read(part.area + INFO_SEGMENTS, 4).buffer).getUint32(0, true);

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

describe("the descriptors that a thread finds in the GDT", () => {
  const none = new Uint8Array(SIZE);
  beforeEach(() => {
    part = start();
    registers = [0, 0];
  });

  it("are its own, whatever the thread before had", () => {
    part.call.describe!(TLS_FIRST + 2, 0xfffff, FLAGS);
    part.call.load!();
    const own = part.read(part.call.place!(), SIZE);
    assert.notDeepEqual(own, none);
    assert.deepEqual(descriptors(), own);
    part.call.describeOther!(TLS_FIRST, 0x10, FLAGS);
    part.call.loadOther!();
    assert.deepEqual(descriptors().subarray(16), none.subarray(16));
    assert.notDeepEqual(descriptors().subarray(0, 8), none.subarray(0, 8));
    part.call.load!();
    assert.deepEqual(descriptors(), own);
    assert.equal(owner(), part.call.place!());
  });

  it("are none if it has none", () => {
    part.call.describe!(TLS_FIRST + 1, 0xfffff, FLAGS);
    part.call.load!();
    part.call.loadOther!();
    assert.deepEqual(descriptors(), none);
    assert.equal(owner(), 0);
  });

  it("go with the last that it gives back", () => {
    part.call.describe!(TLS_FIRST, 0xfffff, FLAGS);
    part.call.load!();
    part.call.describe!(TLS_FIRST, 0, 0);
    part.call.load!();
    assert.deepEqual(descriptors(), none);
    assert.equal(owner(), 0);
  });

  it("are not written where there are none before and after", () => {
    const other = new Uint8Array(SIZE).fill(0xaa);
    part.write(part.area + GDT + TLS_FIRST * 8, other);
    part.call.load!();
    assert.deepEqual(descriptors(), other);
  });

  it("come with the registers as they were when it stopped", () => {
    registers = [selector(TLS_FIRST), USER_DS];
    part.call.saveRegisters!();
    registers = [0, 0];
    part.call.load!();
    assert.deepEqual(registers, [selector(TLS_FIRST), USER_DS]);
  });
});
