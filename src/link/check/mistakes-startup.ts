// Mistakes in what start-up code relies on: a stack that is loaded, the loader's magic number.

import { STT_FILE, STT_SECTION } from "../../abi/elf";
import { MULTIBOOT_BOOT_MAGIC } from "../../abi/multiboot";
import { hex } from "../../base/address";
import { earlyCodeOf } from "./early-code";
import { findWord } from "./find-word";
import type { FileSymbol } from "./linked-file";
import type { Finding, Mistake } from "./mistake";
import { stackPointers } from "./stack-pointer";
import type { Subject } from "./subject";

export const notLoadedStack: Mistake = {
  code: "LAY030",
  severity: "warning",
  title: "start-up code uses memory of a section that is not loaded",
  why:
    "A section whose name the assembler does not know has no flags unless they are written: it " +
    "is not part of the image, its address is 0, and a symbol in it is a small number. A stack " +
    "there lies in the BIOS's memory: it works until something else writes to it.",
  wrong: ".section .bootstrap_stack\n.skip 16384\nstack_top:",
  right: '.section .bootstrap_stack, "aw", @nobits\n.skip 16384\nstack_top:',
  limits: "What is looked at is code before paging, and constants that are put into ESP or RSP.",
  find(subject) {
    const { numbers } = earlyCodeOf(subject);
    const stacks = stackPointers(subject);
    return unloadedSymbols(subject).flatMap((symbol) => {
      const low = Number(BigInt.asUintN(32, symbol.address));
      const from = numbers.get(symbol.address) ?? stacks.find(({ value }) => value === low)?.from;
      return from === undefined ? [] : [notLoaded(symbol, from, subject)];
    });
  },
};

/** Named places in sections that are no part of the image; 0 is too common a number. */
function unloadedSymbols({ file }: Subject): FileSymbol[] {
  const isContent = ({ alloc, type, name }: (typeof file.sections)[number]) => {
    return !alloc && (type === 1 || type === 8) && !/^\.(debug|stab|comment|note|gnu)/.test(name);
  };
  return file.symbols.filter(({ section, address, name, type }) => {
    const home = file.sections[section];
    const isNamed = name !== "" && type !== STT_SECTION && type !== STT_FILE;
    return isNamed && address !== 0n && home !== undefined && isContent(home);
  });
}

function notLoaded(symbol: FileSymbol, from: bigint, subject: Subject): Finding {
  const home = subject.file.sections[symbol.section]?.name ?? "a section";
  return {
    within: subject.nameOf(from),
    what:
      `${subject.nameOf(from) ?? hex(from)} uses ${symbol.name} (${hex(symbol.address)}), which ` +
      `lies in ${home}: that section is not loaded, for it has no "a" flag`,
    change: `Write \`.section ${home}, "aw", @nobits\`, and name it in the script's .bss.`,
    subject: symbol.name,
    place: subject.placeOf(from),
  };
}

const MAGIC = { 1: MULTIBOOT_BOOT_MAGIC, 2: 0x36d76289 } as const;

export const otherVersion: Mistake = {
  code: "LAY031",
  severity: "warning",
  title: "the boot header is of one Multiboot version, the code expects the other",
  why:
    "A loader leaves 0x2badb002 in EAX for a Multiboot 1 header, and 0x36d76289 for a " +
    "Multiboot 2 header; the two records in EBX have nothing in common. A kernel whose header " +
    "was changed and whose code was not stops at its own test of the magic number.",
  wrong:
    ".long 0xe85250d6, …            // Multiboot 2\ncmp $0x2badb002, %eax        // Multiboot 1",
  right: ".long 0xe85250d6, …\ncmp $0x36d76289, %eax",
  limits: "Code that tests no magic number is not judged.",
  find(subject) {
    const { multiboot, multiboot2 } = subject.protocols;
    if (!multiboot?.found === !multiboot2?.found) return [];
    const [own, other] = multiboot2?.found ? ([2, 1] as const) : ([1, 2] as const);
    const at = inCode(MAGIC[other], subject);
    if (at === undefined || inCode(MAGIC[own], subject) !== undefined) return [];
    const home = subject.nameOf(at)?.replace(/\+0x.*$/, "") ?? hex(at);
    return [
      {
        what:
          `${home} expects ${hex(BigInt(MAGIC[other]))}, the magic ` +
          `number of Multiboot ${other}, but the header is of Multiboot ${own}`,
        change: `Expect ${hex(BigInt(MAGIC[own]))}, and read the record as Multiboot ${own} says.`,
        subject: "Multiboot header",
        place: subject.placeOf(at),
      },
    ];
  },
};

/** Where a number stands in an instruction. */
function inCode(word: number, { sections }: Subject): bigint | undefined {
  for (const { execute, bytes, address } of sections) {
    const [field] = execute ? findWord(bytes, word) : [];
    if (field !== undefined) return address + BigInt(field);
  }
  return undefined;
}
