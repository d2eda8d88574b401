// The page-table walk: rights, large pages, both formats, and resolving an address.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_PSE,
  EFER_NXE,
  ENTRY_P,
  ENTRY_PS,
  ENTRY_RW,
  ENTRY_US,
} from "../../src/abi/paging";
import { kernelRanges } from "../../src/inspect/named-range";
import { entryIndex, type PagingMode, pagingMode } from "../../src/inspect/paging-format";
import { describeSteps, resolve } from "../../src/inspect/resolve";
import { findMapping, mappedBytes, readLinear, rightsText, walk } from "../../src/inspect/walk";
import { PhysicalMemory } from "../../src/machine/physical-memory";
import { DATA, FakeMachine, FILES, TEXT, TRAMPOLINE, TRAMPOLINE_FRAME } from "./fake-machine";

function kernelSpace(machine: FakeMachine) {
  const snapshot = machine.snapshot();
  const space = walk(snapshot.memory, machine.kernelCr3, pagingMode(snapshot.registers));
  return { memory: snapshot.memory, space };
}

describe("the paging mode", () => {
  it("is what CR0, CR4 and EFER say", () => {
    const none = { enabled: false, pae: false, pse: false, nx: false, writeProtect: false };
    assert.deepEqual(pagingMode({ cr0: 0, cr4: 0, efer: 0 }), none);
    assert.deepEqual(pagingMode({ cr0: CR0_PG, cr4: 0, efer: undefined }), {
      ...none,
      enabled: true,
    });
    assert.deepEqual(pagingMode({ cr0: CR0_WP, cr4: CR4_PSE, efer: undefined }), {
      ...none,
      pse: true,
      writeProtect: true,
    });
    assert.deepEqual(pagingMode({ cr0: 0, cr4: CR4_PAE, efer: EFER_NXE }), {
      ...none,
      pae: true,
      nx: true,
    });
  });
});

describe("walk with PAE", () => {
  it("grants a right only if every level does", () => {
    const machine = new FakeMachine();
    const entry = machine.map(machine.kernelCr3, 0x4000_0000, 0x3f_0000, {
      user: true,
      write: true,
      execute: true,
    });
    const before = findMapping(kernelSpace(machine).space, 0x4000_0000);
    // The directory entry grants W and not U.
    assert.equal(before && rightsText(before), "-rwx-");
    const directory = (machine.word(machine.kernelCr3 + 8) & ~0xfff) >>> 0;
    machine.setWord(directory, machine.word(directory) & ~ENTRY_RW);
    machine.setWord(directory + 4, 0x8000_0000);
    const after = findMapping(kernelSpace(machine).space, 0x4000_0000);
    assert.equal(after && rightsText(after), "-r---");
    assert.equal(after?.entryAddress, entry);
  });

  it("lists a 2 MiB page as one mapping and translates inside it", () => {
    const machine = new FakeMachine();
    machine.map(machine.kernelCr3, 0x8000_0000, 0, {});
    const directory = (machine.word(machine.kernelCr3 + 16) & ~0xfff) >>> 0;
    machine.setWord(directory + 8, (0x20_0000 | ENTRY_PS | ENTRY_P) >>> 0);
    const { memory, space } = kernelSpace(machine);
    assert.deepEqual(
      space.mappings.filter(({ size }) => size !== 0x1000).map(({ va, pa }) => [va, pa]),
      [[0x8020_0000, 0x20_0000]],
    );
    machine.setWord(0x20_1234, 0xfeedface);
    assert.equal(readLinear(memory, space, 0x8020_1234), 0xfeedface);
    assert.equal(findMapping(space, 0x8040_0000), undefined);
  });

  it("finds frames above 4 GiB", () => {
    const machine = new FakeMachine(true);
    const entry = machine.map(machine.kernelCr3, 0x4000_0000, 0x3f_0000, {});
    machine.setWord(entry + 4, 0x8000_0002);
    const { space } = kernelSpace(machine);
    assert.deepEqual(space.defects, []);
    assert.equal(findMapping(space, 0x4000_0000)?.pa, 0x2_003f_0000);
  });

  it("reports NX without EFER.NXE, and reserved bits of any table", () => {
    const machine = new FakeMachine(false);
    const entry = machine.map(machine.kernelCr3, 0x4000_0000, 0x3f_0000, {});
    machine.setWord(entry + 4, 0x8000_0000);
    machine.setWord(machine.map(machine.kernelCr3, 0x4000_1000, 0x3f_0000, {}) + 4, 0x10_0000);
    machine.setWord(machine.kernelCr3, machine.word(machine.kernelCr3) | ENTRY_RW);
    const { defects } = kernelSpace(machine).space;
    assert.equal(defects.length, 3, defects.join("\n"));
    assert.match(defects.join(" "), /PDPT.*reserved bits.*NXE is off.*reserved bits/);
  });
});

describe("walk without PAE", () => {
  const mode: PagingMode = { enabled: true, pae: false, pse: true, nx: false, writeProtect: true };

  it("reads tables of 4-byte entries and 4 MiB pages", () => {
    const bytes = new Uint8Array(0x1_0000);
    const view = new DataView(bytes.buffer);
    view.setUint32(0x1000, 0x2000 | ENTRY_P | ENTRY_RW | ENTRY_US, true);
    view.setUint32(0x2000 + 5 * 4, 0x8000 | ENTRY_P | ENTRY_US, true);
    view.setUint32(0x2000 + 6 * 4, 0x9000 | ENTRY_P, true);
    view.setUint32(0x1000 + 1023 * 4, (0x40_0000 | ENTRY_P | ENTRY_PS | ENTRY_RW) >>> 0, true);
    const memory = new PhysicalMemory(bytes);
    const space = walk(memory, 0x1000, mode);
    assert.deepEqual(
      space.mappings.map(({ va, pa, size, ...rights }) => [va, pa, size, rightsText(rights)]),
      [
        [0x5000, 0x8000, 0x1000, "ur-x-"],
        [0x6000, 0x9000, 0x1000, "-r-x-"],
        [0xffc0_0000, 0x40_0000, 0x40_0000, "-rwx-"],
      ],
    );
    assert.deepEqual(space.defects, []);
    assert.deepEqual(
      resolve(memory, space, 0x5123, []).steps.map(({ level, address }) => [level.entry, address]),
      [
        ["PDE", 0x1000],
        ["PTE", 0x2014],
      ],
    );
  });
});

describe("the step of a walk", () => {
  it("takes PS for a large page only where the processor does", () => {
    const bytes = new Uint8Array(0x41_0000);
    const view = new DataView(bytes.buffer);
    view.setUint32(0x1000, (0x40_0000 | ENTRY_P | ENTRY_PS) >>> 0, true);
    view.setUint32(0x40_0000, 0x9000 | ENTRY_P, true);
    const memory = new PhysicalMemory(bytes);
    const mapped = (pse: boolean) => {
      const mode = { enabled: true, pae: false, pse, nx: false, writeProtect: true };
      const space = walk(memory, 0x1000, mode);
      const { steps } = resolve(memory, space, 0x123, []);
      return [space.mappings.map(({ pa, size }) => [pa, size]), steps.length];
    };
    assert.deepEqual(mapped(true), [[[0x40_0000, 0x40_0000]], 1]);
    assert.deepEqual(mapped(false), [[[0x9000, 0x1000]], 2]);
  });

  it("chooses entries by any bits of an address, those above 32 too", () => {
    const level = { table: "directory", entry: "PDE", largePages: false, rights: true } as const;
    const index = (shift: number, va: number) =>
      entryIndex({ ...level, reserved: 0, shift, bits: 9 }, va);
    assert.equal(index(39, 0x7fff_ffff_f000), 255);
    assert.equal(index(30, 0x7fff_ffff_f000), 511);
    assert.equal(index(21, 0xffff_f000), 511);
    assert.equal(index(12, 0x40_1000), 1);
  });
});

describe("resolve", () => {
  const machine = new FakeMachine();
  const { memory, space } = kernelSpace(machine);
  const names = kernelRanges(FILES);

  it("gives frame, region, symbol and the entries on the way", () => {
    const resolved = resolve(memory, space, TEXT + 0x14, names);
    assert.equal(resolved.pa, TEXT + 0x14);
    assert.equal(resolved.region, ".text");
    assert.equal(resolved.symbol, "kernelMain+0x4");
    assert.deepEqual(
      resolved.steps.map(({ level }) => level.entry),
      ["PDPTE", "PDE", "PTE"],
    );
    assert.match(describeSteps(resolved)[2] ?? "", /^PTE at 0x[0-9a-f]{8} = 0x00100001: P$/);
  });

  it("ends at the first entry that is not present", () => {
    const resolved = resolve(memory, space, 0x5000_0000, names);
    assert.equal(resolved.pa, undefined);
    assert.equal(resolved.steps.length, 1);
    assert.equal(resolve(memory, space, 0, names).region, "page 0");
  });

  it("knows the sections of the file, and no regions, without a layout", () => {
    const ranges = kernelRanges({ ...FILES, layout: undefined });
    const region = (va: number) => resolve(memory, space, va, ranges).region;
    assert.deepEqual([0, 0x1000, TEXT, DATA + 0x1000, 0xffff_c000, TRAMPOLINE].map(region), [
      "page 0",
      undefined,
      ".text",
      undefined,
      undefined,
      ".trampoline.text",
    ]);
  });

  it("names every boundary of the space", () => {
    const region = (va: number) => resolve(memory, space, va, names).region;
    assert.equal(region(0xfff), "page 0");
    assert.equal(region(0x1000), "low memory");
    assert.equal(region(0x10_0000), ".text");
    assert.equal(region(DATA), ".data");
    // Between the sections and the heap are the load images of the trampoline.
    assert.equal(region(DATA + 0x1000), "kernel image");
    assert.equal(region(TRAMPOLINE_FRAME + 0x2fff), "kernel image");
    assert.equal(region(TRAMPOLINE_FRAME + 0x3000), "heap");
    assert.equal(region(0xff00_0000), "page tables");
    assert.equal(region(0xfffebfff), "heap");
    assert.equal(region(0xfffec000), "windows");
    assert.equal(region(0xffffbfff), "windows");
    assert.equal(region(0xffffc000), "guard");
    assert.equal(region(TRAMPOLINE), ".trampoline.text");
    assert.equal(region(0xffffffff), ".trampoline.data");
  });
});

describe("a space", () => {
  it("counts mapped bytes", () => {
    assert.equal(mappedBytes(kernelSpace(new FakeMachine()).space), 7 * 0x1000);
    assert.equal(TRAMPOLINE_FRAME % 0x1000, 0);
  });
});
