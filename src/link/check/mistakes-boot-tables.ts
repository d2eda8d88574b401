// Mistakes in the static page tables that start-up code turns paging on with.

import { hex, PAGE, pageDown } from "../../base/address";
import { countText } from "../../base/count-text";
import { type BootTables, bootTables, type ShownPage } from "./boot-tables";
import { earlyCodeOf } from "./early-code";
import type { FileSegment } from "./linked-file";
import type { Finding, Mistake } from "./mistake";
import { stackPointers } from "./stack-pointer";
import { describeSegment, endOf, type Subject } from "./subject";
import { groupsByDistance, isShown, type PageOfSegment, pagesOf } from "./table-pages";

const LIMITS =
  "Static tables of two levels, PAE or four levels, loaded by 32-bit code; what code builds is " +
  "not judged (LAY038).";

export const smallTables: Mistake = {
  code: "LAY033",
  severity: "error",
  milder: "no code sets the stack pointer to what is missing: it may be mapped before it is used",
  title: "the page tables that start-up code loads are smaller than the kernel",
  why:
    "One page of 4 MiB, or one page table, is enough for a small kernel. When .bss grows past " +
    "it, what comes last is not mapped: often the stack, so the first push faults, the handler " +
    "is not there either, and the machine resets without a word.",
  wrong: "boot_directory: .long 0x83           // 4 MiB for a kernel of 6 MiB",
  right: "boot_directory: .long 0x83, 0x400083   // and two entries at the linked address",
  limits: LIMITS,
  find(subject) {
    const tables = bootTables(subject);
    if (!tables) return [];
    const groups = groupsByDistance(subject);
    const isThere = (group: readonly FileSegment[]) => {
      const [first] = group;
      return first !== undefined && isShown(pageDown(first.address), first, tables);
    };
    const shown = groups.filter(isThere);
    const main = groups.find((group) => isMost(group, subject));
    if (shown.length === 0 && main) return nothingShown(main, tables, subject);
    return shown.flatMap((group) => notShown(group, tables, subject));
  },
};

/** Whether a group is the kernel proper: other parts, such as a trampoline, may be mapped later. */
function isMost(group: readonly FileSegment[], { loads }: Subject): boolean {
  const bytes = (segments: readonly FileSegment[]) =>
    segments.reduce((sum, { memorySize }) => sum + memorySize, 0n);
  return 2n * bytes(group) > bytes(loads);
}

function nothingShown(
  group: readonly FileSegment[],
  tables: BootTables,
  subject: Subject,
): Finding[] {
  const [first] = group;
  if (!first || tables.translate(pageDown(first.address)) !== "nothing") return [];
  const name = nameOf(tables, subject);
  return [
    {
      what:
        `the page tables that start-up code loads (${name}) show nothing at ` +
        `${hex(first.address)}, where ${describeSegment(first, subject)} is linked`,
      change: `Add entries to ${name} for ${hex(first.address)} and on.`,
      subject: name,
      place: subject.placeOf(tables.from),
    },
  ];
}

/** The first address of `group` that is not shown; none if all of it is. */
function notShown(group: readonly FileSegment[], tables: BootTables, subject: Subject): Finding[] {
  const [first] = group;
  const last = group.at(-1);
  if (!first || !last) return [];
  for (const segment of group) {
    for (let at = pageDown(segment.address); at < endOf(segment); at += PAGE) {
      const translation = tables.translate(at);
      if (translation === "unknown") return [];
      if (translation !== "nothing") continue;
      return [tooSmall(lowestShown(first, tables), at, endOf(last), tables, subject)];
    }
  }
  return [];
}

/** Where the pages begin that show `segment` and what is loaded before it. */
function lowestShown(segment: FileSegment, tables: BootTables): bigint {
  let start = pageDown(segment.address);
  while (start >= PAGE && isShown(start - PAGE, segment, tables)) start -= PAGE;
  return start;
}

function nameOf({ directory }: BootTables, subject: Subject): string {
  return subject.nameOf(directory) ?? hex(directory);
}

function tooSmall(
  start: bigint,
  end: bigint,
  needed: bigint,
  tables: BootTables,
  subject: Subject,
): Finding {
  const name = nameOf(tables, subject);
  const section = subject.sectionAt(end)?.name ?? "the rest";
  const isStack = stackPointers(subject).some(({ value }) => {
    const full = subject.file.bits === 64 ? BigInt.asUintN(64, BigInt(value | 0)) : BigInt(value);
    return full > end && full <= needed;
  });
  return {
    ...(!isStack && { severity: "warning" }),
    what:
      `the page tables that start-up code loads (${name}) show ${hex(start)} to ${hex(end)}, ` +
      `but the kernel reaches to ${hex(needed)}: ${section} is not all there`,
    change: `Add entries to ${name} for ${hex(end)} to ${hex(needed)}.`,
    subject: name,
    place: subject.placeOf(tables.from),
  };
}

export const wrongFrames: Mistake = {
  code: "LAY036",
  severity: "error",
  title: "the page tables that start-up code loads show other frames than the kernel's",
  why:
    "From MOV CR0 on the processor sees what the tables show: the next instruction is read from " +
    "the page that they have at its address, so start-up code must be shown where it is loaded; " +
    "and each page of the kernel must be shown in the frame that it was loaded to. Otherwise " +
    "the machine runs other bytes, or resets.",
  wrong: "boot_directory: .skip 768 * 4\n.long 0x400083          // the kernel is loaded at 1 MiB",
  right: "boot_directory: .long 0x83    // where start-up code runs\n.skip 767 * 4\n.long 0x83",
  limits: LIMITS,
  find(subject) {
    const tables = bootTables(subject);
    if (!tables) return [];
    return [...notIdentity(tables, subject), ...otherFrames(tables, subject)];
  },
};

/** Code that turns paging on and is not there any more when it is on. */
function notIdentity(tables: BootTables, subject: Subject): Finding[] {
  const { turnsOn } = earlyCodeOf(subject);
  const [first] = turnsOn.filter(({ bases }) => bases.every((base) => base === 0n));
  const segment = first && subject.segmentAt(first.at);
  if (!first || !segment) return [];
  const physical = first.at - segment.address + segment.loadAddress;
  const shown = tables.translate(physical);
  if (shown === "unknown") return [];
  if (shown !== "nothing" && shown.frame === pageDown(physical)) return [];
  const name = nameOf(tables, subject);
  const what = shown === "nothing" ? "nothing" : `the frame ${hex(shown.frame)}`;
  return [
    {
      within: subject.nameOf(first.at),
      what:
        `${subject.nameOf(first.at) ?? hex(first.at)} turns paging on at ${hex(physical)}, ` +
        `where the page tables that it loads (${name}) show ${what}: the next instruction is ` +
        "not there",
      change: `Show ${hex(pageDown(physical))} at its own address in ${name}, too.`,
      subject: name,
      place: subject.placeOf(first.at),
    },
  ];
}

function otherFrames(tables: BootTables, subject: Subject): Finding[] {
  // What is shown at its own address is memory that something is copied to.
  const wrong = pagesOf(tables, subject).find(({ shown, frame, address }) => {
    return shown.frame !== frame && shown.frame !== address;
  });
  if (!wrong) return [];
  const { address, frame, shown, segment } = wrong;
  const name = nameOf(tables, subject);
  return [
    {
      what:
        `the page tables that start-up code loads (${name}) show the frame ${hex(shown.frame)} ` +
        `at ${hex(address)}, but ${describeSegment(segment, subject)} is loaded to ${hex(frame)}`,
      change: `Let the entry of ${name} for ${hex(address)} name the frame ${hex(frame)}.`,
      subject: name,
      place: subject.placeOf(tables.from),
    },
  ];
}

export const wrongRights: Mistake = {
  code: "LAY037",
  severity: "error",
  milder: "they give more than is needed, which a kernel may take back later",
  title: "the page tables that start-up code loads give other rights than the kernel needs",
  why:
    "A page without R/W cannot be written once CR0.WP is set, and code on a page with NX cannot " +
    "be run. The NX bit is a reserved one until EFER.NXE is set: any access through such an " +
    "entry faults. A page that allows more than its segment is only as bad as long as these " +
    "tables are in use.",
  wrong: "boot_table: .quad 0x8000000000100003     // NX, over .text",
  right:
    "boot_table: .quad 0x100001               // code: present, read-only\n" +
    "npx isthmus script --tables asm --kernel kernel.elf",
  limits: LIMITS,
  find(subject) {
    const tables = bootTables(subject);
    if (!tables) return [];
    const pages = pagesOf(tables, subject).filter(({ shown, frame }) => shown.frame === frame);
    return RIGHTS.flatMap((rule) => {
      if (rule.isMoot?.(subject)) return [];
      const wrong = pages.filter(({ shown, segment }) => rule.isWrong(shown, segment));
      return rightsFinding(wrong, rule, tables, subject);
    });
  },
};

interface RightsRule {
  readonly does: string;
  readonly change: string;
  readonly isNote?: boolean;
  isWrong(shown: ShownPage, segment: FileSegment): boolean;
  isMoot?(subject: Subject): boolean;
}

const EFER = 0xc000_0080n;
const WRITE_PROTECT = 1n << 16n;
/** The bits that CR0 has. */
const CR0_BITS = 0xe005_003fn;

const RIGHTS: readonly RightsRule[] = [
  {
    does: "have NX, which is a reserved bit until EFER.NXE is set, and no early code sets it",
    change: "Set bit 11 of EFER before MOV CR0, or leave NX out: `script --tables … --no-nx`.",
    isWrong: ({ noExecute }) => noExecute,
    isMoot: (subject) => earlyCodeOf(subject).numbers.has(EFER),
  },
  {
    does: "cannot be run, but hold code",
    change: "Clear bit 63 of their entries, and of those above them.",
    isWrong: ({ noExecute }, { execute }) => noExecute && execute,
    isMoot: (subject) => !earlyCodeOf(subject).numbers.has(EFER),
  },
  {
    does: "cannot be written once CR0.WP is set, but hold data that is",
    change: "Set bit 1 (R/W) of their entries, and of those above them.",
    isWrong: ({ write }, segment) => segment.write && !write,
    isMoot: (subject) => !setsWriteProtect(subject),
  },
  {
    does: "can be written, but hold code or constants",
    change: "Clear bit 1 (R/W) of their entries: `npx isthmus script --tables` writes such tables.",
    isNote: true,
    isWrong: ({ write }, segment) => write && !segment.write,
  },
];

function setsWriteProtect(subject: Subject): boolean {
  return [...earlyCodeOf(subject).numbers.keys()].some((number) => {
    return (number & WRITE_PROTECT) !== 0n && (number & ~CR0_BITS) === 0n;
  });
}

function rightsFinding(
  pages: readonly PageOfSegment[],
  { does, change, isNote }: RightsRule,
  tables: BootTables,
  subject: Subject,
): Finding[] {
  const [first] = pages;
  if (!first) return [];
  const name = nameOf(tables, subject);
  const count = countText(pages.length, "page");
  return [
    {
      ...(isNote && { severity: "note" }),
      what:
        `${count} of what the page tables that start-up code loads (${name}) show ${does}: ` +
        `first ${hex(first.address)}, ${describeSegment(first.segment, subject)}`,
      change,
      subject: name,
      place: subject.placeOf(tables.from),
    },
  ];
}

export const unknownTables: Mistake = {
  code: "LAY038",
  severity: "note",
  title: "the page tables that start-up code loads are unchecked",
  why:
    "Tables that are part of the file are compared with the kernel: each page in the frame that " +
    "it is loaded to, with the rights that it needs. What code builds is known only when it has " +
    "run, and `npx isthmus audit` reads it then, in our kernel.",
  wrong: "mov $table + 3, directory        // at run time",
  right: "directory: .long table + 3       // in the file\nnpx isthmus script --tables asm",
  find(subject) {
    const { loadsTables } = earlyCodeOf(subject);
    if (loadsTables === undefined || bootTables(subject)) return [];
    const home = subject.nameOf(loadsTables) ?? hex(loadsTables);
    return [
      {
        within: home,
        what:
          `the page tables that ${home} loads are built by code, or not found in the file: they ` +
          "are not compared with the kernel",
        change: "Nothing, or let `npx isthmus script --tables` write static ones.",
        subject: home.replace(/\+0x.*$/, ""),
        place: subject.placeOf(loadsTables),
      },
    ];
  },
};
