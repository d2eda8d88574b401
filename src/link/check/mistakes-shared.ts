// Mistakes about what kernel and user programs share, and about page tables and their permissions.

import { hex, PAGE, pageDown, pageUp } from "../../base/address";
import { unsignedBounds } from "../layout/address-space";
import type { ResolvedRegion } from "../layout/resolved";
import { readableName } from "../names/demangle";
import { proveSharedClosed } from "./closed-proof";
import type { FileSymbol } from "./linked-file";
import { describeLoad, loadedTables } from "./loaded-tables";
import type { Finding, Mistake } from "./mistake";
import { type SharedPart, TOP } from "./shared-part";
import { staticTables } from "./static-tables";
import type { Subject } from "./subject";

/** What the processor itself reads at an interrupt from user mode, by the usual names. */
const PROCESSORS_TABLE = /^_*(the_|kernel_)?(idt|gdt|tss)(_table|_entries|_array|_base|0)?_*$/i;

export const incompleteShare: Mistake = {
  code: "LAY017",
  severity: "warning",
  title: "the shared part lacks what an interrupt from user mode needs, or shows too much",
  why:
    "At an interrupt the processor reads IDT, GDT and TSS and writes to the TSS's stack, all " +
    "with the user's page directory. If one of them lies only in the kernel, it reads the " +
    "user's bytes there, or triple-faults. Conversely, whatever else is in the shared frames, " +
    "user processes see too.",
  wrong: ".shared : { *(.trampoline) }        /* idt and tss stay in .data */",
  right: ".shared_data : { *(.shared.idt) *(.shared.tss) *(.shared.gdt) *(.shared.stack) }",
  limits:
    "Tables are found by their names (idt, gdt, tss, idt_table, …), and by LIDT and LGDT where " +
    "what they load is constant. A table that is copied or built elsewhere at run time is not " +
    "seen, nor is the stack that the TSS names.",
  find(subject) {
    const { shared } = subject;
    if (!shared) return emptyShare(subject);
    return [
      ...tablesOutside(shared, subject),
      ...strangersInFrames(shared, subject),
      ...tooLarge(shared, subject),
    ];
  },
};

/** Two symbols around nothing, at the end of the address space: no input matched the script. */
function emptyShare({ symbols, spaceEnd, file }: Subject): Finding[] {
  return symbols.flatMap(({ name, address }) => {
    if (address < spaceEnd - TOP || !/start/i.test(name)) return [];
    const endName = name.replace(/start/i, (word) => (word === "START" ? "END" : "end"));
    const end = symbols.find((symbol) => symbol.name === endName);
    if (end?.address !== address) return [];
    return [
      {
        what: `${name} and ${endName} are both ${hex(address)}: no section lies between them`,
        change:
          "Let the script's pattern match: `*trampoline.o(.text)`; for all members of an " +
          "archive `*trampoline.a:*(.text)`, because `trampoline.a(.text)` matches none.",
        subject: name,
        place: { file: file.name },
      },
    ];
  });
}

function tablesOutside(shared: SharedPart, subject: Subject): Finding[] {
  const home = shared.sections.find(({ write }) => write)?.name;
  const place = home === undefined ? ", and place that section there" : "";
  const named = subject
    .symbolsNamed(PROCESSORS_TABLE)
    .filter((symbol) => isTable(symbol) && !shared.contains(symbol.address))
    .map(({ name, address }) => ({ name, what: name, address, from: address }));
  const loaded = loadedOutside(shared, subject).filter(({ address }) => {
    return !named.some((each) => each.address === address);
  });
  return [...named, ...loaded].map(({ name, what, address, from }) => ({
    what:
      `${what} is at ${hex(address)}, outside the shared part (${hex(shared.start)} to ` +
      `${hex(shared.end)}): the processor reads it with the user's page directory`,
    change: `Declare it \`__attribute__((section("${home ?? ".shared_data"}")))\`${place}.`,
    subject: name,
    place: subject.placeOf(from),
  }));
}

/** Tables of which none of their kind is in the shared part: a kernel may begin with others. */
function loadedOutside(shared: SharedPart, subject: Subject) {
  return (["IDT", "GDT"] as const).flatMap((kind) => {
    const tables = loadedTables(kind, subject) ?? [];
    if (tables.some(({ base }) => shared.contains(base))) return [];
    return tables.slice(-1).map((table) => ({
      name: subject.nameOf(table.base) ?? kind,
      what: describeLoad(table, subject),
      address: table.base,
      from: table.from,
    }));
  });
}

/** Data, not a function or the six bytes for LGDT. */
function isTable({ type, size, section }: FileSymbol): boolean {
  return type !== 2 && section < 0xff00 && (size === 0n || size > 8n);
}

/** Other sections whose load images share a frame with the shared part's. */
function strangersInFrames(shared: SharedPart, subject: Subject): Finding[] {
  const frames = shared.sections.flatMap((section) => {
    const load = subject.loadAddressOf(section);
    return load === undefined
      ? []
      : [{ section, start: pageDown(load), end: pageUp(load + section.size) }];
  });
  return subject.sections.flatMap((other) => {
    const load = subject.loadAddressOf(other);
    if (load === undefined || shared.sections.includes(other)) return [];
    const hit = frames.find(({ start, end }) => load < end && load + other.size > start);
    if (!hit) return [];
    return [
      {
        what:
          `${other.name} is loaded at ${hex(load)}, in a frame of ${hit.section.name}: user ` +
          "processes would have it mapped",
        change: `Put \`. = ALIGN(4096);\` before and after ${hit.section.name}.`,
        subject: other.name,
        place: { file: subject.file.name },
      },
    ];
  });
}

function tooLarge({ sections }: SharedPart, { layout, file }: Subject): Finding[] {
  if (!layout) return [];
  return sections.flatMap(({ name, address, size }) => {
    const plan = layout.sections.find((each) => each.name === name);
    if (!plan) return [];
    const { start: limit } = unsignedBounds(plan.region);
    const max = plan.maxSize === undefined ? undefined : BigInt(plan.maxSize);
    const what =
      max !== undefined && size > max
        ? `${name} has ${size} bytes, the layout allows ${max}`
        : address < limit
          ? `${name} begins at ${hex(address)}, below its region (${hex(limit)})`
          : undefined;
    if (what === undefined) return [];
    return [
      {
        what,
        change: "Make the region larger, and map as many pages.",
        subject: name,
        place: { file: file.name },
      },
    ];
  });
}

export const openShare: Mistake = {
  code: "LAY018",
  severity: "error",
  milder: "no layout says what is shared",
  title: "the trampoline refers to the kernel while the user's page directory is loaded",
  why:
    "Until MOV CR3, every address outside the shared part is the user's. A constant in .rodata, " +
    "a jump table, a function of libgcc, an entry of the global offset table: the compiler " +
    "refers to them without being asked, and a static link even makes position-independent code " +
    "absolute.",
  wrong: "entry: pusha\n       call save_state        // in .text\n       mov kernel_cr3, %eax",
  right: "entry: pusha\n       mov kernel_cr3, %eax   // in the shared part\n       mov %eax, %cr3",
  limits:
    "Without relocations (`ld -q`, or the objects) the code is disassembled, of 32 or 64 bits. " +
    "Addresses that are computed are not followed; the report names each jump and call before " +
    "MOV CR3 whose target is in a register or in memory, and calls the proof incomplete.",
  find(subject) {
    const { shared } = subject;
    if (!shared) return [];
    return proveSharedClosed(subject, shared).leaving.map(({ from, to, symbol, object }) => {
      const name = symbol === undefined ? hex(to) : readableName(symbol);
      const of = object === undefined ? "" : ` of ${object}`;
      return {
        ...(shared.how === "inferred" && { severity: "warning" }),
        within: subject.nameOf(from),
        what:
          `${subject.nameOf(from) ?? hex(from)}${of} refers to ${name} (${hex(to)}, ` +
          `${subject.sectionAt(to)?.name ?? "nowhere"}) before CR3 is the kernel's`,
        change: `Move ${name} into the shared part, or refer to it after \`mov …, %cr3\`.`,
        subject: name,
        place: subject.placeOf(from),
      };
    });
  },
};

export const dialects: Mistake = {
  code: "LAY023",
  severity: "warning",
  title: "this linker reads the script differently than was meant",
  why:
    "Linkers differ where the manual is silent: gold does not align the LMA of a section with " +
    "AT>REGION as GNU ld and lld do; GNU ld wraps addresses that lld refuses. The same script " +
    "then makes a kernel that boots and one that does not.",
  wrong: ".shared : ALIGN(4K) { … } >SHARED AT>KERNEL     /* with gold: LMA 0x10000c */",
  right: ".shared : ALIGN(4K) AT(ALIGN(LOADADDR(.boot) + SIZEOF(.boot), 4096)) { … }",
  limits: "With --layout every section is compared; without, the alignment of LMAs.",
  find(subject) {
    return subject.layout ? differences(subject) : unalignedByGold(subject);
  },
};

/** Whether a region's sections are to have this distance from LMA to VMA. */
function isAtOffset(distance: bigint, { raised }: ResolvedRegion): boolean {
  if (raised === undefined) return true;
  return BigInt.asUintN(64, distance) === BigInt.asUintN(64, BigInt(raised.offset));
}

/** Sections that lie elsewhere than the layout demands: out of their regions. */
function differences(subject: Subject): Finding[] {
  const plans = subject.layout?.sections ?? [];
  return subject.sections.flatMap((section) => {
    const plan = plans.find(({ name }) => name === section.name);
    const load = subject.loadAddressOf(section);
    if (!plan || (load === undefined && plan.module === undefined)) return [];
    const end = section.address + section.size;
    const isIn = (at: bigint, region: ResolvedRegion) => {
      const bounds = unsignedBounds(region);
      return at >= bounds.start && at < bounds.end;
    };
    const isParked = plan.region.anchor === "end";
    const last = plans.filter(({ region }) => region === plan.region).at(-1);
    const what = !isIn(section.address, plan.region)
      ? `is linked at ${hex(section.address)}, outside region "${plan.region.name}"`
      : load !== undefined && !isIn(load, plan.load)
        ? `is loaded at ${hex(load)}, outside region "${plan.load.name}"`
        : load !== undefined && !isAtOffset(section.address - load, plan.region)
          ? `is linked at ${hex(section.address)} and loaded at ${hex(load)}, not at its offset`
          : isParked && last === plan && pageUp(end) < parkedEnd(plan.region, section.size)
            ? `ends at ${hex(end)}, not at the end of region "${plan.region.name}"`
            : undefined;
    if (what === undefined) return [];
    return [
      {
        what: `${section.name} ${what}, as the layout says`.replace(", as the layout says", ""),
        change: "Link with the script that `npx isthmus script` writes for your linker.",
        subject: section.name,
        place: { file: subject.file.name },
      },
    ];
  });
}

/** lld refuses a section that ends at 4 GiB or 2^64: with full pages it must stay a page below. */
function parkedEnd(region: ResolvedRegion, size: bigint): bigint {
  const { end } = unsignedBounds(region);
  const isRefused = end === 1n << 32n || end === 1n << 64n;
  return end - (isRefused && size % PAGE === 0n ? PAGE : 0n);
}

function unalignedByGold(subject: Subject): Finding[] {
  const gold = subject.file.sections.some(({ name }) => name === ".note.gnu.gold-version");
  if (!gold) return [];
  return subject.sections.flatMap((section) => {
    const load = subject.loadAddressOf(section);
    const isOdd = load !== undefined && section.address % 4096n === 0n && load % 4096n !== 0n;
    if (!isOdd) return [];
    return [
      {
        what: `gold has loaded ${section.name} (VMA ${hex(section.address)}) at ${hex(load)}`,
        change: `Write \`AT(ALIGN(…, 4096))\` at ${section.name}, or link with GNU ld or lld.`,
        subject: section.name,
        place: { file: subject.file.name },
      },
    ];
  });
}

export const tableBits: Mistake = {
  code: "LAY026",
  severity: "warning",
  title: "page tables with wrong bits",
  why:
    "Page directories and tables must begin a page: the processor ignores the low 12 bits of " +
    "what it is told. The U bit counts on every level: with it on a kernel page, user programs " +
    "read the kernel; without it on the directory's entry, they fault on their own pages.",
  wrong: "page_directory: .long page_table + 7     // user, over the kernel",
  right: ".balign 4096\npage_directory: .long page_table + 3     // present, writable, supervisor",
  limits: "Only `npx isthmus audit` sees tables that are built at run time.",
  find(subject) {
    return staticTables(subject);
  },
};
