// A linker script from a layout, for people who keep their own linker: GNU ld (bfd), gold or lld.
//
// The script places as place.ts does: one cursor for each region, sections and load images upwards,
// end-anchored regions from their end down. The script avoids what these linkers do badly:
//
//   - a section that ends at 4 GiB leaves the location counter at 0 (GNU ld, gold: silently), so
//     every section gets its address from a symbol and none from what came before it;
//   - LMAs are inherited in surprising ways (GNU ld) or unaligned (gold with AT>), so every section
//     has an AT of its own;
//   - lld refuses a section that ends at 4 GiB, as all do at 2^64: the last one there is not
//     padded, and where its content fills its pages, one more page is taken; below 2^64 no section
//     is padded;
//   - GNU ld keeps a program header without content and places it at 0, where QEMU loads it, so it
//     gets no PHDRS: its own segments are right, because two permissions share a page only where
//     the layout says so, and then in one segment that has both;
//   - a symbol for the end of the address space is 0, so sizes are symbols of their own, and limits
//     are compared as distances, which are right modulo 2^64.
//
// Symbols are those that our own linker defines (ARCHITECTURE.md, "Names that layout, assembly and
// kernel share").

import { ADDRESS_SPACE_END, hex } from "../../base/align";
import { Diagnostic } from "../../base/diagnostic";
import type { Machine } from "../../object/object";
import {
  type LayoutSymbol,
  type ResolvedLayout,
  type ResolvedRegion,
  type ResolvedRule,
  type ResolvedSection,
  symbolStem,
} from "../layout/resolved";

export const DIALECTS = ["bfd", "gold", "lld"] as const;
export type Dialect = (typeof DIALECTS)[number];

const NAMES: Readonly<Record<Dialect, string>> = {
  bfd: "GNU ld (bfd)",
  gold: "gold",
  lld: "LLVM's lld",
};

/**
 * The script as text.
 *
 * @throws Diagnostic SCRIPT001 for what only our own linker can do
 */
export function writeLinkerScript(layout: ResolvedLayout, dialect: Dialect): string {
  for (const section of layout.sections) refuseOurOwn(section);
  const writer = new ScriptWriter(layout, dialect);
  return writer.write();
}

function refuseOurOwn({ name, content, module, rules }: ResolvedSection): void {
  const what =
    content === "symbols"
      ? "is a symbol table that `isthmus link` makes"
      : module !== undefined
        ? `goes to a file of its own, ${module}.elf`
        : rules.length > 0 && rules.every(({ fixed }) => fixed === true)
          ? "takes sections whose address the code assumes already"
          : undefined;
  if (what === undefined) return;
  throw new Diagnostic(
    "SCRIPT001",
    `section ${name} ${what}, which no linker script can express`,
    "Link with `npx isthmus link`, or leave the section out of the layout.",
  );
}

const PAGE = 4096;
const UNWIND_TABLE = ".eh_frame";
/** Sections that GNU ld makes itself, empty in a static kernel, and treats as orphans. */
const LINKERS_OWN: Readonly<Record<Machine, readonly string[]>> = {
  i386: [".rel.got", ".rel.plt", ".rel.dyn", ".plt", ".iplt", ".rel.iplt", ".igot.plt"],
  "x86-64": [
    ...[".rela.got", ".rela.plt", ".rela.dyn", ".plt", ".plt.got", ".plt.sec"],
    ...[".iplt", ".rela.iplt", ".igot.plt"],
  ],
};

const EMULATIONS: Readonly<Record<Machine, string>> = {
  i386: "elf_i386",
  "x86-64": "elf_x86_64",
};

class ScriptWriter {
  readonly #lines: string[] = [];
  readonly #sections: readonly ResolvedSection[];
  /** Where the next section of a region begins, as an expression. */
  readonly #cursors = new Map<ResolvedRegion, string>();

  readonly #layout: ResolvedLayout;
  readonly #dialect: Dialect;

  constructor(layout: ResolvedLayout, dialect: Dialect) {
    this.#layout = layout;
    this.#dialect = dialect;
    this.#sections = layout.sections.filter(({ allocate }) => allocate);
  }

  write(): string {
    this.#header();
    if (this.#dialect !== "bfd") this.#programHeaders();
    this.#line("SECTIONS", "{");
    for (const section of [...this.#sections].reverse()) {
      if (section.region.anchor === "end") this.#park(section);
    }
    for (const section of this.#sections) this.#section(section);
    this.#ending();
    this.#discards();
    this.#line("}", "");
    this.#symbols();
    this.#limits();
    return `${this.#lines.join("\n")}\n`;
  }

  get #is64(): boolean {
    return this.#layout.machine === "x86-64";
  }

  /** What clears the bits below an alignment. */
  #mask(align: number): string {
    return hex(this.#is64 ? -align : ADDRESS_SPACE_END - align);
  }

  /** An address that may be the end of the address space; linkers count in 64 bits. */
  readonly #wrapped = (address: string): string =>
    this.#is64 ? address : `${address} & 0xffffffff`;

  #line(...texts: string[]): void {
    this.#lines.push(...texts);
  }

  #header(): void {
    const dialect = this.#dialect;
    const layout = this.#layout;
    const orphans = dialect === "gold" ? "" : " --orphan-handling=error";
    const options = `-m ${EMULATIONS[layout.machine]} -z max-page-size=4096${orphans}`;
    this.#line(
      `/* ${layout.name}, for ${NAMES[dialect]}: written by \`isthmus script\` from a layout.`,
      "   Change the layout, not this file.",
      "",
      `     ${LINKERS[dialect]} ${options} -T THIS -o OUT OBJECTS…`,
      "*/",
      "",
      `ENTRY(${layout.entry})`,
      "",
    );
    for (const name of layout.keep.filter((each) => !/[*?]/.test(each))) {
      this.#line(`EXTERN(${name})`);
    }
  }

  /** One for each run of sections with equal permissions, region and distance to its LMA. */
  #programHeaders(): void {
    this.#line("/* FLAGS: 4 read, 2 write, 1 execute. No segment is writable and executable. */");
    this.#line("PHDRS", "{");
    const seen = new Set<string>();
    for (const section of this.#sections) {
      const name = this.#segmentOf(section);
      if (seen.has(name)) continue;
      seen.add(name);
      this.#line(`  ${name} PT_LOAD FLAGS(${flagsOf(section)});`);
    }
    for (const section of this.#sections.filter(isNote)) {
      this.#line(`  ${noteOf(section)} PT_NOTE FLAGS(4);`);
    }
    if (this.#layout.stackHeader) this.#line("  stack PT_GNU_STACK FLAGS(6);");
    this.#line("}", "");
  }

  /** The segment is named after the first section of its run. */
  #segmentOf(section: ResolvedSection): string {
    let first = section;
    for (const each of this.#sections.slice(0, this.#sections.indexOf(section)).reverse()) {
      const isSame =
        each.region === section.region &&
        each.load === section.load &&
        each.permissions === section.permissions;
      if (!isSame) break;
      first = each;
    }
    return symbolStem(first.name);
  }

  /** The address of an end-anchored section: its size below what lies above it. */
  #park(section: ResolvedSection): void {
    const { region, align, pad } = section;
    const stem = symbolStem(section.name);
    const above = this.#cursors.get(region) ?? hex(region.end);
    const isLast = above === hex(region.end);
    const size = this.#endsAtLimit(section)
      ? `SIZEOF(${section.name}) + 1`
      : `SIZEOF(${section.name})`;
    if (isLast) {
      this.#line(
        `  /* "${region.name}" ends at ${hex(region.end)}: its sections are parked there. */`,
      );
    }
    this.#line(
      `  ${stem}_size = ALIGN(${size}, ${Math.max(pad, 1)});`,
      `  ${stem}_start = (${above} - ${stem}_size) & ${this.#mask(align)};`,
    );
    this.#cursors.set(region, `${stem}_start`);
  }

  /**
   * Below 2^64 nothing is padded: before a linker knows the sizes it puts all sections at the very
   * end, where padding would wrap.
   */
  #isUnpadded(section: ResolvedSection): boolean {
    const { region } = section;
    return this.#is64 ? region.anchor === "end" && region.end === 0 : this.#endsAtLimit(section);
  }

  /** lld refuses a section that ends at 4 GiB, and all refuse one that ends at 2^64. */
  #endsAtLimit({ region, name }: ResolvedSection): boolean {
    const isRefused = this.#is64 ? region.end === 0 : region.end === ADDRESS_SPACE_END;
    if (!isRefused || (this.#dialect !== "lld" && !this.#is64)) return false;
    const last = this.#sections.filter((section) => section.region === region).at(-1);
    return last?.name === name;
  }

  #section(section: ResolvedSection): void {
    const { name, region, load, align, address } = section;
    const stem = symbolStem(name);
    const isParked = region.anchor === "end";
    this.#line("", `  /* ${titleOf(section)} */`);
    if (region.raised) {
      this.#raise(section, region.raised.offset);
    } else if (!isParked) {
      const start = address === undefined ? this.#next(section, region) : hex(address);
      this.#line(`  ${stem}_start = ${start};`);
    }
    if (load === region) {
      this.#line(`  ${stem}_load = ${stem}_start;`);
    } else if (!region.raised) {
      this.#line(
        `  ${stem}_load = ALIGN(${this.#cursors.get(load) ?? hex(load.start)}, ${align});`,
      );
    }
    this.#line(`  ${name} ${stem}_start : AT(${stem}_load)`, "  {");
    this.#content(section);
    if (section.pad > 1 && !this.#isUnpadded(section)) this.#line(`    . = ALIGN(${section.pad});`);
    // Without a fill GNU ld pads code with `nop`.
    const isPlain = section.fill === 0 && !section.permissions.includes("x");
    const fill = isPlain ? "" : ` =${hex(section.fill * 0x01010101)}`;
    const note = isNote(section) ? ` :${noteOf(section)}` : "";
    const segment = this.#dialect === "bfd" ? "" : ` :${this.#segmentOf(section)}${note}`;
    this.#line(`  }${segment}${fill}`);
    if (!isParked) {
      this.#line(`  ${stem}_size = SIZEOF(${name});`);
      this.#advance(region, `${stem}_next`, `${stem}_start`, `${stem}_size`);
    }
    if (load !== region) this.#advance(load, `${stem}_load_next`, `${stem}_load`, `${stem}_size`);
  }

  /** The next LMA of the region below, and the VMA above it. */
  #raise(section: ResolvedSection, offset: number): void {
    const { name, load, address } = section;
    const stem = symbolStem(name);
    const from = address === undefined ? this.#next(section, load) : hex(address - offset);
    this.#line(`  ${stem}_load = ${from};`, `  ${stem}_start = ${stem}_load + ${hex(offset)};`);
  }

  /** The next address of `region` that suits the section. */
  #next({ name, align }: ResolvedSection, region: ResolvedRegion): string {
    const free = this.#cursors.get(region) ?? hex(region.start);
    // Inputs may need more than a small alignment, but none needs more than a page.
    const wanted = align < PAGE ? `MAX(${align}, ALIGNOF(${name}))` : `${align}`;
    return `ALIGN(${free}, ${wanted})`;
  }

  /** The rules, and the symbols between them. */
  #content({ rules, inputSymbols }: ResolvedSection): void {
    for (let done = 0; done <= rules.length; done++) {
      for (const { name, align } of inputSymbols.filter(({ after }) => after === done)) {
        if (align > 1) this.#line(`    . = ALIGN(${align});`);
        this.#line(`    ${name} = .;`);
      }
      const rule = rules[done];
      if (rule) this.#inputs(rule);
    }
  }

  /** Not even the alignment of an empty section takes room. */
  #advance(region: ResolvedRegion, next: string, start: string, size: string): void {
    const free = this.#cursors.get(region) ?? hex(region.start);
    this.#line(`  ${next} = ${size} > 0 ? ${start} + ${size} : ${free};`);
    this.#cursors.set(region, next);
  }

  #inputs({ sections, objects, keep, sort, fixed }: ResolvedRule): void {
    if (fixed === true) return;
    const bracketed = sections.map(bracketOf).find((bracket) => bracket !== undefined);
    if (bracketed) this.#line(`    PROVIDE(${bracketed.start} = .);`);
    for (const names of inputNames(sections, sort)) {
      for (const object of objects) {
        const input = `${objectPattern(object)}(${names.join(" ")})`;
        // GNU ld and lld drop unwind tables whole, but keep the entries of what is needed.
        const isKept = keep || names.includes(UNWIND_TABLE);
        this.#line(`    ${isKept ? `KEEP(${input})` : input}`);
      }
    }
    if (bracketed) this.#line(`    PROVIDE(${bracketed.end} = .);`);
  }

  /** Orphans, if there are any, go after the kernel, not past the end of the address space. */
  #ending(): void {
    const [first] = this.#sections.filter(({ region }) => region.anchor === "start");
    const cursor = first && this.#cursors.get(first.load);
    if (cursor !== undefined) this.#line("", `  . = ${cursor};`);
  }

  #discards(): void {
    const own = this.#dialect === "bfd" ? LINKERS_OWN[this.#layout.machine] : [];
    const names = [...new Set([...this.#layout.discard, ...this.#layout.unwanted, ...own])];
    if (names.length === 0) return;
    this.#line("", "  /DISCARD/ :", "  {", `    *(${names.join(" ")})`, "  }");
  }

  #symbols(): void {
    const end = this.#is64 ? "2^64" : "4 GiB";
    this.#line(`/* An end at ${end} is the number 0: count by the _size. */`);
    const done = new Set(
      this.#sections.flatMap(({ name }) =>
        ["start", "size", "load"].map((edge) => `${symbolStem(name)}_${edge}`),
      ),
    );
    for (const symbol of this.#layout.symbols) {
      const value = done.has(symbol.name) ? undefined : this.#valueOf(symbol);
      if (value !== undefined) this.#line(`${symbol.name} = ${value};`);
    }
  }

  #valueOf({ of, kind, edge }: LayoutSymbol): string | undefined {
    if (kind === "inputs" || kind === "within") return undefined; // Written where they are.
    if (kind === "section") return edgeOf(symbolStem(of), edge, this.#wrapped);
    const region = this.#layout.regions.find(({ name }) => name === of);
    if (!region) return undefined;
    const cursor = this.#cursors.get(region);
    const isStart = region.anchor === "start";
    const start = isStart ? hex(region.start) : (cursor ?? hex(region.end));
    const end = isStart ? (cursor ?? hex(region.start)) : hex(region.end);
    if (edge === "start") return start;
    return edge === "size" ? `${end} - ${parenthesised(start)}` : this.#wrapped(`(${end})`);
  }

  /** What place.ts refuses, as assertions. */
  #limits(): void {
    this.#line("");
    for (const { name, end, maxSize } of this.#sections) {
      const stem = symbolStem(name);
      if (end !== undefined && !(this.#is64 && end === 0)) {
        const text = `${name} reaches beyond ${hex(end)}`;
        this.#line(`ASSERT(${stem}_start + ${stem}_size <= ${hex(end)}, "${text}")`);
      }
      if (maxSize !== undefined) {
        this.#line(`ASSERT(${stem}_size <= ${maxSize}, "${name} has more than ${maxSize} bytes")`);
      }
    }
    for (const [region, cursor] of this.#cursors) {
      const isStart = region.anchor === "start";
      if (this.#is64) {
        this.#line(`ASSERT(${distanceTest(region, cursor)}, "region ${region.name} is too small")`);
        continue;
      }
      const bound = isStart ? region.end : region.start;
      const test = `${parenthesised(cursor)} ${isStart ? "<=" : ">="} ${hex(bound)}`;
      this.#line(`ASSERT(${test}, "region ${region.name} is too small")`);
    }
  }
}

/** The patterns of each statement: what has no priority comes after all that has one. */
function inputNames(
  sections: readonly string[],
  sort: ResolvedRule["sort"],
): (readonly string[])[] {
  if (sort === undefined) return [sections];
  if (sort === "name") return [sections.map((name) => `SORT_BY_NAME(${name})`)];
  const numbered = sections.filter((name) => name.endsWith(".*"));
  const plain = sections.filter((name) => !name.endsWith(".*"));
  const sorted = numbered.map((name) => `SORT_BY_INIT_PRIORITY(${name})`);
  return [sorted, plain].filter((names) => names.length > 0);
}

/** The symbols that C expects around sections of this name (define-symbols.ts provides them). */
function bracketOf(section: string): { start: string; end: string } | undefined {
  const array = /^\.((preinit|init|fini)_array|[cd]tors)$/.exec(section);
  if (array) return { start: `__${array[1]}_start`, end: `__${array[1]}_end` };
  if (!/^[A-Za-z_]\w*$/.test(section) || section === "COMMON") return undefined;
  return { start: `__start_${section}`, end: `__stop_${section}` };
}

const LINKERS: Readonly<Record<Dialect, string>> = { bfd: "ld", gold: "ld.gold", lld: "ld.lld" };

function flagsOf({ permissions }: ResolvedSection): number {
  const has = (letter: string, bit: number) => (permissions.includes(letter) ? bit : 0);
  return has("r", 4) + has("w", 2) + has("x", 1);
}

function edgeOf(
  stem: string,
  edge: LayoutSymbol["edge"],
  wrapped: (address: string) => string,
): string {
  switch (edge) {
    case "end":
      return wrapped(`(${stem}_start + ${stem}_size)`);
    case "loadEnd":
      return `${stem}_load + ${stem}_size`;
    default:
      return `${stem}_${edge}`;
  }
}

/** What is taken of a region is not more than what it has. */
function distanceTest({ anchor, start, end }: ResolvedRegion, cursor: string): string {
  const taken =
    anchor === "start"
      ? `${parenthesised(cursor)} - ${hex(start)}`
      : `${hex(end)} - ${parenthesised(cursor)}`;
  return `${taken} <= ${hex(end - start)}`;
}

/** Notes for loaders have a program header besides that of their segment. */
function isNote({ name }: ResolvedSection): boolean {
  return name.startsWith(".note");
}

function noteOf({ name }: ResolvedSection): string {
  return `${symbolStem(name)}_header`;
}

function parenthesised(expression: string): string {
  return /\s/.test(expression) ? `(${expression})` : expression;
}

/** `libkernel.a(string.o)` is `*libkernel.a:string.o` in scripts; other names are globs already. */
function objectPattern(pattern: string): string {
  const member = /^(.*)\((.*)\)$/.exec(pattern);
  if (member) return `*${member[1]?.replace(/^\*/, "")}:${member[2]}`;
  return pattern;
}

function titleOf({ region, load, permissions, align }: ResolvedSection): string {
  const place =
    region.anchor === "end" ? `parked at the end of "${region.title}"` : `in "${region.title}"`;
  const offset = region.raised ? `, ${hex(region.raised.offset)} below` : "";
  const image = load === region ? "" : `, loaded with "${load.title}"${offset}`;
  return `${permissions}, ${place}${image}, aligned to ${align}`;
}
