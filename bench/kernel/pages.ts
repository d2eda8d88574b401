// Which pages the processor looks up while a row runs: what a crossing loses of the TLB.
//
// Each load of CR3 empties the TLB, but for global pages, and every other page that is used after
// it is looked up in the page tables again. The processor notes that there: it sets the accessed
// bit of what it looks up, and the dirty bit of what it writes to. So the row is stepped in v86,
// and both bits are taken out of all entries of a space each time it is loaded, and read when it is
// left:
//
//   body_start            CR3                        CR3              body_end
//   | program, way in      | kernel                   | way out, program |
//   '- clear               '- read, clear             '- read, clear     '- read
//
// A program that makes one call after another is in its space from the way out to the next way in:
// the first stay and the last count as one. What the TLB has stays there when the bits are taken
// out, so a global page is not looked up again. The windows on page tables are left out.

import { PAGE_SIZE } from "../../src/abi/memory-map";
import { ENTRY_A, ENTRY_D } from "../../src/abi/paging";
import { hex } from "../../src/base/align";
import { countText } from "../../src/base/count-text";
import { CodeFile } from "../../src/inspect/code-file";
import { describeAddress } from "../../src/inspect/elf-image";
import { pagingMode } from "../../src/inspect/paging-format";
import { walk } from "../../src/inspect/walk";
import { writeArchive } from "../../src/machine/initramfs";
import type { Registers } from "../../src/machine/machine";
import { V86Machine } from "../../src/machine/v86";
import { readV86Wasm } from "../../src/machine/v86-wasm";
import { type AddressRegister, isMemory, type Memory } from "../../src/x86/operand";
import { PROGRAM } from "./profile";
import { benchmarkFiles } from "./program";
import type { CallRow } from "./rows";
import { bodyOf, startAtSample } from "./sample";

/** A page that was looked up. */
export interface UsedPage {
  readonly va: number;
  readonly isWritten: boolean;
  /** The functions executed there, and the variables that instructions named. */
  readonly contents: readonly string[];
}

/** The time from one load of CR3 to the next. */
export interface Stay {
  readonly cr3: number;
  /** Ascending. */
  readonly pages: readonly UsedPage[];
}

const MEMORY_MIB = 32;
const MARKS = ENTRY_A | ENTRY_D;

type MarkedPage = Pick<UsedPage, "va" | "isWritten">;

/**
 * Steps through the median's sample of a row.
 *
 * @throws Error if the run ends before the row's body does
 */
export async function usedPages(
  kernel: Uint8Array,
  commandLine: string,
  row: CallRow,
): Promise<Stay[]> {
  const initramfs = writeArchive(benchmarkFiles([row]));
  const options = { kernel, initramfs, commandLine, memoryMiB: MEMORY_MIB };
  const machine = new V86Machine(options, readV86Wasm);
  const { start, end } = bodyOf(row);
  try {
    await startAtSample(machine, row, start);
    return joinEnds(await stepThrough(machine, end, new CodeFile(kernel, "kernel.elf")));
  } finally {
    await machine.close();
  }
}

async function stepThrough(machine: V86Machine, end: number, kernel: CodeFile): Promise<Stay[]> {
  const stays: Stay[] = [];
  let contents = new PageContents(kernel);
  const leave = async (registers: Registers) => {
    const pages = await takeMarks(machine, registers);
    stays.push({
      cr3: registers.cr3,
      pages: pages.map((page) => ({ ...page, contents: contents.of(page.va) })),
    });
    contents = new PageContents(kernel);
  };
  let registers = await machine.registers();
  await takeMarks(machine, registers);
  while (registers.eip !== end || registers.cpl !== 3) {
    contents.note(registers);
    if ((await machine.step()) === 0) throw new Error("the run ended before the row did");
    const next = await machine.registers();
    if (next.cr3 !== registers.cr3) {
      await leave(registers);
      await takeMarks(machine, next);
    }
    registers = next;
  }
  // The instruction after the row is what the processor comes back to.
  contents.note(registers);
  await machine.step();
  await leave(registers);
  return stays;
}

/**
 * The pages of a space whose entries are marked; the marks are taken away. Where the kernel sees
 * its page tables an entry of the directory stands for a page too: its mark says nothing of that.
 */
function takeMarks(machine: V86Machine, registers: Registers): Promise<MarkedPage[]> {
  return machine.inspect(({ memory }) => {
    const { mappings, tables } = walk(memory, registers.cr3, pagingMode(registers));
    const directories = new Set(
      tables.filter(({ level }) => level === "directory").map(({ pa }) => pa),
    );
    const marked = mappings.filter(({ entry, entryAddress, size }) => {
      const isOfDirectory = directories.has(entryAddress - (entryAddress % PAGE_SIZE));
      return (entry & ENTRY_A) !== 0 && (size !== PAGE_SIZE || !isOfDirectory);
    });
    for (const { entryAddress } of marked) memory.bytes[entryAddress]! &= ~MARKS;
    return marked.map(({ va, entry }) => ({ va, isWritten: (entry & ENTRY_D) !== 0 }));
  });
}

/** What instructions have used of each page, by name. */
class PageContents {
  readonly #names = new Map<number, Set<string>>();

  constructor(readonly kernel: CodeFile) {}

  of(page: number): string[] {
    return [...(this.#names.get(page) ?? [])];
  }

  /** Before the instruction at EIP is executed. */
  note(registers: Registers): void {
    const { eip, cpl } = registers;
    if (cpl === 3) {
      this.#add(eip, PROGRAM);
      return;
    }
    this.#add(eip, this.kernel.symbolAt(eip)?.name);
    const instruction = this.kernel.instructionAt(eip);
    for (const operand of instruction?.operands ?? []) {
      if (!isMemory(operand) || instruction?.form.mnemonic === "lea") continue;
      const address = effectiveAddress(operand, registers);
      this.#add(address, describeAddress(this.kernel.image, address));
    }
  }

  #add(address: number, name: string | undefined): void {
    if (name === undefined) return;
    const page = address - (address % PAGE_SIZE);
    this.#names.set(page, (this.#names.get(page) ?? new Set()).add(name));
  }
}

function effectiveAddress({ base, index, scale, disp }: Memory, registers: Registers): number {
  const value = (register: AddressRegister | undefined) =>
    register?.kind === "r32" ? registers[register.name] : 0;
  return (value(base) + value(index) * scale + disp) >>> 0;
}

/** The first stay and the last, if they are in one space, are one. */
function joinEnds(stays: readonly Stay[]): Stay[] {
  const [first, last] = [stays[0], stays.at(-1)];
  if (!first || !last || first === last || first.cr3 !== last.cr3) return [...stays];
  const byAddress = new Map(last.pages.map((page) => [page.va, page]));
  for (const page of first.pages) {
    const other = byAddress.get(page.va);
    byAddress.set(page.va, {
      va: page.va,
      isWritten: page.isWritten || (other?.isWritten ?? false),
      contents: [...new Set([...page.contents, ...(other?.contents ?? [])])],
    });
  }
  const pages = [...byAddress.values()].sort((a, b) => a.va - b.va);
  return [{ cr3: first.cr3, pages }, ...stays.slice(1, -1)];
}

/** How many entries of the TLB are filled anew. */
export function pageCount(stays: readonly Stay[]): number {
  return stays.reduce((sum, { pages }) => sum + pages.length, 0);
}

/** The stays as lines of text. */
export function formatPages(stays: readonly Stay[]): string {
  const lines = stays.flatMap(({ cr3, pages }) => [
    `CR3 ${hex(cr3)}: ${countText(pages.length, "page")}`,
    ...pages.map(({ va, isWritten, contents }) =>
      `  ${hex(va)} ${isWritten ? "written" : "read   "} ${contents.join(", ")}`.trimEnd(),
    ),
  ]);
  return [...lines, `${countText(pageCount(stays), "page")} in all`].join("\n");
}
