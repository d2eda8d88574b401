// Mistakes about code: where it begins, what it refers to too early, how it was compiled.

import { ET_DYN, PT_DYNAMIC, PT_INTERP } from "../../abi/elf";
import { compare, hex, PAGE } from "../../base/address";
import { decode } from "../../x86/decode";
import { readableName } from "../names/demangle";
import { type EarlyReference, earlyCodeOf } from "./early-code";
import type { FileSection, FileSymbol } from "./linked-file";
import type { Finding, Mistake } from "./mistake";
import type { Subject } from "./subject";

export const badEntry: Mistake = {
  code: "LAY011",
  severity: "error",
  loading: "image",
  title: "the entry point is not code that a loader can jump to",
  why:
    "Without ENTRY, or with a symbol that nothing defines, GNU ld takes the start of .text and " +
    'only warns: "cannot find entry symbol _start; defaulting to …". Then the first function of ' +
    "the first object runs, or the Multiboot header itself. GRUB says \"entry point isn't in a " +
    'segment" when it is nowhere.',
  wrong: "SECTIONS { . = 1M; .text : { *(.multiboot) *(.text*) } }   /* no ENTRY */",
  right: "ENTRY(_start)\n.globl _start    // in the assembly",
  find(subject) {
    const { file } = subject;
    const physical = loadedEntry(subject);
    if (physical) return isByMultiboot(subject) ? [physical] : [];
    const problem = entryProblem(subject);
    if (problem === undefined) return [];
    return [
      {
        what: `the entry point ${hex(file.entry)} ${problem}`,
        change: "Write `ENTRY(_start)` in the script, and `.globl _start` where it is defined.",
        subject: subject.nameOf(file.entry) ?? "entry point",
        place: subject.placeOf(file.entry),
      },
    ];
  },
};

/** Other loaders may jump to the entry point as it is, Linux's for one. */
function isByMultiboot({ protocols }: Subject): boolean {
  return protocols.multiboot !== undefined || protocols.multiboot2 !== undefined;
}

/** `_start = begin - 0xc0000000`: an entry point that was turned into a load address already. */
function loadedEntry(subject: Subject): Finding | undefined {
  const { entry } = subject.file;
  const linked = subject.linkedAddressOf(entry);
  if (linked === undefined || linked === entry) return undefined;
  const name = subject.nameOf(linked) ?? hex(linked);
  return {
    what:
      `the entry point ${hex(entry)} is where ${name} is loaded, not where it is linked ` +
      `(${hex(linked)}): it lies in no segment, and GRUB refuses it`,
    change: `Name the linked address: \`ENTRY(${name})\`; GRUB and QEMU turn VMA into LMA.`,
    subject: name,
    place: subject.placeOf(linked),
  };
}

function entryProblem(subject: Subject): string | undefined {
  const { file, symbols, protocols } = subject;
  const segment = subject.segmentAt(file.entry);
  if (!segment) return "lies in no segment";
  // Before paging permissions do not matter: many boot sections are declared without x.
  const home = subject.sectionAt(file.entry);
  if (!segment.execute && segment.write && !home?.execute) {
    return `is in ${home?.name ?? "data"}, not code`;
  }
  const header = protocols.multiboot ?? protocols.multiboot2;
  const at = segment.offset + Number(file.entry - segment.address);
  if (header && at >= header.offset && at < header.offset + 12) return "is the Multiboot header";
  const hasName = symbols.some(({ address }) => address === file.entry);
  if (symbols.length > 0 && !hasName && subject.file.sections.some(({ type }) => type === 2)) {
    return "has no symbol: the linker did not find the one that ENTRY names";
  }
  const start = subject.symbolsNamed(/^_?start$/).find((symbol) => symbol.address !== file.entry);
  const section = subject.sectionAt(file.entry);
  const isDefault = section?.address === file.entry && start !== undefined;
  return isDefault ? `is the start of ${section.name}, not ${start.name}` : undefined;
}

export const tooEarly: Mistake = {
  code: "LAY012",
  severity: "error",
  milder:
    "the code lies on a path that neither returns nor turns paging on, as one does that reports " +
    "an error and halts",
  title: "code that runs before paging refers to what only paging shows",
  why:
    "Before CR0.PG is set, the processor uses addresses as they are: a variable or function " +
    "that is linked high is not there, and the machine resets at the first fault. With code " +
    'linked far from what it names, the linker may say "relocation truncated to fit" instead.',
  wrong: "_start: mov stack_top, %esp    // linked at 0xc0102000\n        call kmain",
  right: "_start: mov $(stack_top - 0xc0000000), %esp\n        … turn paging on, then: call kmain",
  limits:
    "Addresses in registers are not followed. 64-bit code is left out: it runs with paging on.",
  find(subject) {
    const references = [...earlyCodeOf(subject).references];
    references.sort((a, b) => compare(a.from, b.from));
    return references.map((reference) => earlyFinding(reference, subject));
  },
};

function earlyFinding({ from, to, how, isDeadEnd }: EarlyReference, subject: Subject): Finding {
  const name = subject.nameOf(to) ?? hex(to);
  const segment = subject.segmentAt(to);
  const load = segment ? segment.loadAddress + (to - segment.address) : to;
  return {
    ...(isDeadEnd && { severity: "warning" }),
    within: subject.nameOf(from),
    what:
      `${subject.nameOf(from) ?? hex(from)} runs before paging and ${how} ${name} at ` +
      `${hex(to)}, which is at ${hex(load)} then`,
    change: `Use \`${name} - (VMA - LMA)\` (${hex(load)}), or do it after \`mov %eax, %cr0\`.`,
    subject: name,
    place: subject.placeOf(from),
  };
}

const DYNAMIC = /^\.(plt|rela?\.(dyn|plt)|dynsym|interp|dynamic)/;

export const positionIndependent: Mistake = {
  code: "LAY013",
  severity: "warning",
  title: "position-independent code in a kernel that is linked statically",
  why:
    "Compilers make position-independent code by default. It goes through a global offset " +
    "table: a section that scripts forget, that lies outside the shared part, and that is wrong " +
    "before paging. A kernel linked as PIE holds relocations that no boot loader applies.",
  wrong: "gcc -m32 -ffreestanding -c kernel.c\nld -pie …",
  right: "gcc -m32 -ffreestanding -fno-pic -fno-pie -c kernel.c\nld -no-pie …",
  find(subject) {
    const { file, protocols } = subject;
    const finding = (what: string, name: string, place = { file: file.name }): Finding => ({
      what,
      change: "Compile with `-fno-pic -fno-pie`, and link with `-no-pie`.",
      subject: name,
      place,
    });
    const isStatic = !protocols.limine || file.bits === 32;
    const headers = file.segments.some(({ type }) => type === PT_DYNAMIC || type === PT_INTERP);
    if (isStatic && (file.type === ET_DYN || headers)) {
      return [
        finding("the kernel is linked as PIE: no loader applies its relocations", "ELF type"),
      ];
    }
    return subject.sections.flatMap((section) => {
      const table = isOffsetTable(section, subject);
      if (!table && !(isStatic && DYNAMIC.test(section.name))) return [];
      const what = table
        ? `${section.name} at ${hex(section.address)}: objects were compiled with -fpic`
        : `${section.name} at ${hex(section.address)} is for a dynamic linker`;
      return [finding(what, section.name)];
    });
  },
};

function isOffsetTable({ name }: FileSection, { file }: Subject): boolean {
  return file.bits === 32 && /^\.got(\.plt)?$/.test(name);
}

const AP_NAME =
  /^\.?_*(ap|smp|sipi)_?(trampoline|boot|start|entry|init)?(_(start|begin|code|entry))?$/i;
const AP_WORDS = /trampoline|boot|sipi|start|entry|init/i;

export const apTrampoline: Mistake = {
  code: "LAY019",
  severity: "warning",
  title: "the start-up code of other processors cannot be started where it is",
  why:
    "A start-up IPI names a page below 1 MiB: code for it must begin a page there, in memory " +
    "that nothing else uses. At any other address the processor runs whatever lies at the page.",
  wrong: ".ap_trampoline 0x8010 : AT(ADDR(.text) + SIZEOF(.text)) { *(.ap_trampoline) }",
  right: ".ap_trampoline 0x8000 : AT(ALIGN(LOADADDR(.text) + SIZEOF(.text), 4)) { … }",
  limits: "Such code is found by name: sections like .ap_trampoline, .smp_boot, .sipi.",
  find(subject) {
    return subject.sections
      .filter(({ name, execute }) => execute && AP_NAME.test(name) && AP_WORDS.test(name))
      .flatMap((section) => {
        const problem = apProblem(section);
        if (problem === undefined) return [];
        return [
          {
            what: `${section.name} at ${hex(section.address)} ${problem}`,
            change: `Write \`${section.name} 0x8000 : AT(…)\`, and copy it there at start-up.`,
            subject: section.name,
            place: subject.placeOf(section.address),
          },
        ];
      });
  },
};

function apProblem({ address, size }: FileSection): string | undefined {
  if (address % PAGE !== 0n) return "does not begin a page";
  if (address + size > 0x10_0000n) return "is not below 1 MiB";
  if (address === 0n) return "is page 0, where the BIOS keeps its vectors";
  if (address + size > 0x8_0000n) return "is memory of the BIOS or of the screen";
  return undefined;
}

// Fields of an entry of Multiboot's memory map (src/abi/multiboot.ts).
const BASE_LOW = 4;
const BASE_HIGH = 8;
const LENGTH_HIGH = 16;
const TYPE = 20;

export const halfAddresses: Mistake = {
  code: "LAY025",
  severity: "warning",
  title: "the memory map is read as if it had addresses of 32 bits",
  why:
    "Entries of the memory map have bases and lengths of 64 bits on every machine. Code that " +
    "reads only the low words takes memory at 4 GiB for memory at 0, and gives the kernel's own " +
    "frames away; with more than 3 GiB of RAM every PC has such an entry.",
  wrong: "add_memory(entry->base_low, entry->length_low);",
  right: "if (entry->base >= 0x100000000ull) continue;      // 64-bit fields, packed",
  limits: "It is found by the shape of compiled 32-bit code: a loop that reads type and low words.",
  find(subject) {
    const { file, protocols, symbols } = subject;
    if (file.bits !== 32 || !protocols.multiboot) return [];
    return symbols
      .filter(({ type, size }) => type === 2 && size > 0n && size < 0x4000n)
      .filter((symbol) => readsHalfEntries(symbol, subject))
      .map((symbol) => ({
        what:
          `${readableName(symbol.name)} reads type and base of memory-map entries, but never ` +
          "the high words: an entry at 4 GiB looks like one at 0",
        change: "Read `base` and `length` as 64-bit fields, and skip what lies at 4 GiB or above.",
        subject: symbol.name,
        place: subject.placeOf(symbol.address),
      }));
  },
};

/** Whether the function walks a Multiboot memory map by its low words. */
function readsHalfEntries({ address, size }: FileSymbol, subject: Subject): boolean {
  const section = subject.sectionAt(address);
  if (!section) return false;
  /** What is read of the object that each register points to: all of an entry is of one. */
  const objects = new Map<string, Set<number>>();
  let addsSize = false;
  for (let at = address; at < address + size; ) {
    const instruction = decode(section.bytes, Number(at - section.address));
    if (!instruction) return false;
    const { operands, length } = instruction;
    const { mnemonic } = instruction.form;
    at += BigInt(length);
    for (const operand of operands) {
      if (typeof operand === "number") addsSize ||= mnemonic === "add" && operand === 4;
      if (typeof operand !== "object" || operand.kind !== "memory") continue;
      const { base, index, disp } = operand;
      const isObject = base !== undefined && base.name !== "esp" && base.name !== "ebp";
      if (mnemonic === "lea") addsSize ||= index !== undefined && disp === 4;
      else if (isObject && index === undefined) {
        objects.set(base.name, (objects.get(base.name) ?? new Set()).add(disp));
      }
    }
  }
  if (!addsSize) return false;
  const all = [...objects.values()];
  if (all.some((read) => read.has(BASE_HIGH) || read.has(LENGTH_HIGH))) return false;
  return all.some((read) => read.has(0) && read.has(BASE_LOW) && read.has(TYPE));
}
