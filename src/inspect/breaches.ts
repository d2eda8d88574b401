// Ways to break each of the nine laws on purpose, in a stopped machine that obeys them.
//
// They show that the audit sees what it claims to see, and a reader what each law is for. All but
// one are a few words of physical memory: an entry of a page table, a word of the entry stack, an
// instruction of the kernel. Law 6 is about sources, so its breach is an edited source.
//
// A breach of tables uses an entry that is not in use, in a table that is there: the program that
// owns it goes on undisturbed, and the words can be put back.

import { GUARD_END, PAGE_SIZE, USER } from "../abi/memory-map";
import { ENTRY_G, ENTRY_P, ENTRY_RW, ENTRY_US } from "../abi/paging";
import { Diagnostic } from "../base/diagnostic";
import type { PhysicalMemory } from "../machine/physical-memory";
import type { BootedFiles } from "./booted-files";
import { symbolAddress } from "./elf-image";
import { entryCount, entrySpan, pagingFormat, readEntry } from "./paging-format";
import { type ProcessSpace, processTitle, type Spaces } from "./spaces";
import { type AddressSpace, findMapping, type Mapping } from "./walk";

/** A word of physical memory that a breach writes. */
export interface Poke {
  readonly pa: number;
  readonly value: number;
}

/** What a breach does to a machine, and where that can be seen. */
export interface BreachPlan {
  readonly pokes: readonly Poke[];
  /** The space, by its title, and the address in it that is to blame. */
  readonly space: string;
  readonly va: number;
}

export interface Breach {
  readonly law: number;
  readonly title: string;
  /** What is done. */
  readonly what: string;
  /** What follows from it. */
  readonly consequence: string;
  /** Absent: see `source`. */
  plan?(spaces: Spaces, files: BootedFiles): BreachPlan;
  /** Lines that are added to a source file of the kernel, whose path is below kernel/. */
  readonly source?: { readonly path: string; readonly lines: string };
  /** What a user must run for the breach to be felt. */
  readonly run?: string;
}

/** Three bytes of `ud2; nop; nop` would do; a whole word is written. */
const UNDEFINED_INSTRUCTION = 0x9090_0b0f;
const SECRET = 0x5ec2_e700;

export const BREACHES: readonly Breach[] = [
  {
    law: 1,
    title: "Share a page of the kernel's data",
    what: "A free entry of the program's page table is made to show the frame of kernel data.",
    consequence:
      "The program reads and writes the kernel's variables with plain loads and stores: no " +
      "system call, no check. Laws 2 and 3 turn red as well: the frame is not the user's, and " +
      "to the kernel it now looks like a user's.",
    plan(spaces, files) {
      const process = firstProcess(spaces);
      const data = dataPage(spaces, files);
      return mapAt(spaces, process, freePage(spaces, process.space), data.pa, ENTRY_RW | ENTRY_US);
    },
  },
  {
    law: 2,
    title: "Give a program its own page table",
    what: "A free entry of the program's page table is made to show that page table itself.",
    consequence:
      "The program can now write entries, so it can map any frame of the machine wherever it " +
      "likes. Everything else in this list follows from this one.",
    plan(spaces) {
      const process = firstProcess(spaces);
      const { pa } = lastTable(process.space);
      return mapAt(spaces, process, freePage(spaces, process.space), pa, ENTRY_RW | ENTRY_US);
    },
  },
  {
    law: 3,
    title: "Set U on a page of the kernel",
    what: "The U bit is set in the kernel's entry for a page of its data.",
    consequence:
      "Nothing, yet: no program runs on the kernel's CR3. But with two full spaces the kernel " +
      "needs no U bit, so one that is set is a mistake on its way to a leak, and SMAP would " +
      "not help.",
    plan(spaces, files) {
      return change(spaces, "kernel", dataPage(spaces, files), (entry) => entry | ENTRY_US);
    },
  },
  {
    law: 4,
    title: "Make the kernel's code writable",
    what: "The W bit is set in the kernel's entry for a page of .text.",
    consequence:
      "A stray store in the kernel can now change the kernel. Before, it would have been a page " +
      "fault with an address and a line.",
    plan(spaces, { image }) {
      const text = image.sections.find(({ name }) => name === ".text")?.va ?? 0;
      const page = kernelPage(spaces, ({ va }) => va === text - (text % PAGE_SIZE));
      return change(spaces, "kernel", page, (entry) => entry | ENTRY_RW);
    },
  },
  {
    law: 5,
    title: "Leave a secret on the entry stack",
    what: "A word is written to the bottom of the entry stack, in the trampoline's third page.",
    consequence:
      "These three pages are in every space. A processor that speculates past the U bit " +
      "(Meltdown) can read them from user mode, so nothing in them may be worth reading.",
    plan(spaces, { image }) {
      const va = symbolAddress(image, "entry_stack");
      const mapping = va === undefined ? undefined : findMapping(spaces.kernel, va);
      if (va === undefined || !mapping) throw cannot("the kernel names no entry stack");
      const pa = mapping.pa + (va - mapping.va);
      return { pokes: [{ pa, value: SECRET }], space: "kernel", va };
    },
  },
  {
    law: 6,
    title: "Follow a user's pointer in a second file",
    what:
      "Two lines are added to a source of the kernel, which then knows user pointers and " +
      "windows.",
    consequence:
      "Only memory/user-memory.ts may turn a user's pointer into bytes, because only it walks " +
      "the user's tables first. A second place is a second set of checks to forget.",
    source: {
      path: "syscall/process.ts",
      lines:
        'import { userPointer } from "../memory/user-memory";\n' +
        'import { openWindow } from "../memory/window";\n',
    },
  },
  {
    law: 7,
    title: "Put a fault into a system call",
    what: "The first instruction of getppid, in the kernel's code, becomes ud2.",
    consequence:
      "Any program that calls getppid stops the machine for everybody. The panic names the " +
      "function and the way to it. The machine has to be booted anew.",
    plan(spaces, { image }) {
      const va = symbolAddress(image, "kernel/syscall/process/getppid");
      const mapping = va === undefined ? undefined : findMapping(spaces.kernel, va);
      if (va === undefined || !mapping) throw cannot("the kernel names no getppid");
      const pa = mapping.pa + (va - mapping.va);
      return { pokes: [{ pa, value: UNDEFINED_INSTRUCTION }], space: "kernel", va };
    },
    run: "crossing",
  },
  {
    law: 8,
    title: "Make a kernel page global",
    what: "The G bit is set in the kernel's entry for a page of .text.",
    consequence:
      "The translation now survives a change of CR3. At the same address in a program's space, " +
      "the processor may go on using the kernel's page. The trampoline alone may be global: it " +
      "is the same page in every space.",
    plan(spaces, { image }) {
      const text = image.sections.find(({ name }) => name === ".text")?.va ?? 0;
      const page = kernelPage(spaces, ({ va }) => va === text - (text % PAGE_SIZE));
      return change(spaces, "kernel", page, (entry) => entry | ENTRY_G);
    },
  },
  {
    law: 9,
    title: "Map page 0",
    what: "Entry 0 of the program's first page table is made to show one of its own frames.",
    consequence:
      "A null pointer in the program now finds memory. Its bugs go unnoticed until they have " +
      "done their damage somewhere else.",
    plan(spaces) {
      const process = firstProcess(spaces);
      const own = process.space.mappings.find(({ va, user }) => user && va >= USER);
      if (!own) throw cannot("the program has no page");
      return mapAt(spaces, process, 0, own.pa, ENTRY_US);
    },
  },
];

/** Writes the words of a plan, and returns those that put back what was there. */
export function poke({ bytes }: PhysicalMemory, pokes: readonly Poke[]): Poke[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return pokes.map(({ pa, value }) => {
    const before = view.getUint32(pa, true);
    view.setUint32(pa, value, true);
    return { pa, value: before };
  });
}

function firstProcess({ processes }: Spaces): ProcessSpace {
  const [process] = processes;
  if (process) return process;
  throw cannot("no process has an address space at this moment");
}

function kernelPage({ kernel }: Spaces, accept: (mapping: Mapping) => boolean): Mapping {
  const page = kernel.mappings.find((each) => each.size === PAGE_SIZE && accept(each));
  if (page) return page;
  throw cannot("the kernel maps no such page");
}

/** A page of the kernel's variables. */
function dataPage(spaces: Spaces, { image }: BootedFiles): Mapping {
  const data = image.sections.find(({ name }) => name === ".data")?.va ?? 0;
  return kernelPage(spaces, ({ va, writable }) => writable && va >= data && va < GUARD_END);
}

function change(
  { snapshot }: Spaces,
  space: string,
  { va, entryAddress }: Mapping,
  how: (entry: number) => number,
): BreachPlan {
  const value = how(snapshot.memory.word(entryAddress) ?? 0) >>> 0;
  return { pokes: [{ pa: entryAddress, value }], space, va };
}

/** The table of the lowest addresses that a space has. */
function lastTable(space: AddressSpace) {
  const level = pagingFormat(space.mode).levels.at(-1);
  const table = space.tables.find((each) => each.level === level?.table);
  if (level && table) return table;
  throw cannot("the space has no page table");
}

/** The first page of a space's lowest page table that is not in use, above its first ones. */
function freePage({ snapshot }: Spaces, space: AddressSpace): number {
  const format = pagingFormat(space.mode);
  const level = format.levels.at(-1);
  const table = lastTable(space);
  for (let index = 1; level && index < entryCount(level); index++) {
    const entry = readEntry(snapshot.memory, format, level, table.pa, index);
    if ((entry.low | entry.high) === 0) return table.va + index * entrySpan(level);
  }
  throw cannot("the program's first page table is full");
}

function mapAt(
  { snapshot }: Spaces,
  process: ProcessSpace,
  va: number,
  frame: number,
  flags: number,
): BreachPlan {
  const { space } = process;
  const format = pagingFormat(space.mode);
  const table = lastTable(space);
  if (table.va > va) throw cannot(`no page table covers ${va}`);
  const pa = table.pa + ((va - table.va) / PAGE_SIZE) * format.entrySize;
  const high = format.entrySize > 4 ? [{ pa: pa + 4, value: 0 }] : [];
  if (snapshot.memory.word(pa) === undefined) throw cannot("the page table is outside RAM");
  const pokes = [{ pa, value: (frame | flags | ENTRY_P) >>> 0 }, ...high];
  return { pokes, space: processTitle(process), va };
}

function cannot(why: string): Diagnostic {
  return new Diagnostic(
    "INSP007",
    `this law cannot be broken now: ${why}`,
    "Let the machine run to its prompt, and try again",
  );
}
