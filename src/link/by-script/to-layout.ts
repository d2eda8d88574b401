// A script as a layout: what it says of regions, sections, inputs and edges, in a layout's words.
//
//      . = 1M;                                  regions: { low: { start: 0x100000 } }
//      . += BASE;                               regions: { high: { load: "low", offset: BASE } }
//      .text : AT (ADDR (.text) - BASE) {…}     { name: ".text", region: "high", inputs: […] }
//      end = .;                                 symbols: { end: { of: ".bss", edge: "end" } }
//
// A layout is no program: what a script computes has no place in one. What cannot be said is an
// error with its line, and `isthmus link -T` obeys the script as it is. Rights are not in a script
// either; they are guessed from names, and the person who imports must look at them.

import type { Place } from "../../base/diagnostic";
import type { Reporter } from "../../base/reporter";
import type {
  Assignment,
  ContentStatement,
  Expression,
  InputStatement,
  OutputStatement,
  Script,
} from "../gnu-script/syntax";
import type {
  EdgeSymbol,
  InputRule,
  InputSymbol,
  Layout,
  OutputSection,
  Permissions,
  Region,
} from "../layout/layout";
import { type Context, evaluateAddress, type Names } from "./evaluate";
import { DISCARD } from "./match-inputs";

const PAGE = 4096;
/** What is added to the location counter at least, if it is to be the base of a higher half. */
const LEAST_BASE = 2 ** 20;
const REMEDY = "Link with the script as it is: isthmus link -T.";
const DEFAULT_REGION = "low";

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
type Section = Mutable<OutputSection> & { readonly name: string };

/** Reports what the layout cannot say (SCRIPT010); returns the rest. */
export function layoutOf(script: Script, report: Reporter): Layout {
  return new Importer(script, report).run();
}

class Importer {
  readonly #script: Script;
  readonly #report: Reporter;
  readonly #regions: Record<string, Region> = {};
  readonly #sections: Section[] = [];
  readonly #symbols: Record<string, EdgeSymbol> = {};
  readonly #discard: string[] = [];
  /** Names that stand for numbers. */
  readonly #constants = new Map<string, bigint>();
  /** The region that sections go to, unless they say otherwise. */
  #region: string | undefined;
  /** What the location counter is aligned to before the next section. */
  #align = 1;
  /** Names for where the next section begins. */
  readonly #pending: Assignment[] = [];

  constructor(script: Script, report: Reporter) {
    this.#script = script;
    this.#report = report;
  }

  run(): Layout {
    const { regions, statements, entry, undefinedNames } = this.#script;
    for (const { name, origin, length } of regions) {
      const start = this.#number(origin);
      const size = this.#number(length);
      if (start !== undefined && size !== undefined) {
        this.#regions[name] = { start, end: start + size };
      }
    }
    for (const statement of statements) {
      switch (statement.kind) {
        case "assignment":
          this.#assign(statement);
          break;
        case "assertion":
          this.#refuse("ASSERT", statement.place);
          break;
        case "output":
          if (statement.name === DISCARD) this.#addDiscarded(statement);
          else this.#addSection(statement);
      }
    }
    for (const { name, place } of this.#pending) this.#refuse(`the value of ${name}`, place);
    return {
      ...(entry === undefined ? {} : { entry }),
      regions: this.#regions,
      sections: this.#sections,
      ...(Object.keys(this.#symbols).length > 0 ? { symbols: this.#symbols } : {}),
      ...(this.#discard.length > 0 ? { discard: this.#discard } : {}),
      ...(undefinedNames.length > 0 ? { keep: [...undefinedNames] } : {}),
      orphans: "place",
    };
  }

  #refuse(what: string, place: Place): void {
    this.#report.error("SCRIPT010", `a layout cannot say ${what}`, REMEDY, place);
  }

  /** The value of a constant expression. */
  #value(expression: Expression): bigint | undefined {
    const names: Names = {
      symbol: (name) => {
        const value = this.#constants.get(name);
        return value === undefined ? undefined : { value, of: "absolute" };
      },
      isDefined: (name) => this.#constants.has(name),
      output: () => undefined,
      region: () => undefined,
      constant: (name) => (/^(MAX|COMMON)PAGESIZE$/.test(name) ? BigInt(PAGE) : undefined),
      segmentStart: () => undefined,
      headersSize: () => 0n,
    };
    if (mentions(expression, ["headers-size", "of"])) return undefined;
    const nowhere = { inside: undefined, dot: undefined, dataSegment: undefined };
    const context: Context = { names, ...nowhere, isFinal: false };
    return evaluateAddress(expression, context);
  }

  #number(expression: Expression): number | undefined {
    const value = this.#value(expression);
    if (value !== undefined) return Number(BigInt.asIntN(64, value));
    this.#refuse("this expression", expression.place);
    return undefined;
  }

  #assign(assignment: Assignment): void {
    const { name, value, place } = assignment;
    if (name === ".") {
      this.#moveCounter(value, place);
      return;
    }
    const constant = this.#value(value);
    if (constant !== undefined) {
      this.#constants.set(name, constant);
      const text = `${name} is a number, which a layout does not define`;
      const remedy = `If code uses it, define it there: .globl ${name}; ${name} = …`;
      this.#report.warning("SCRIPT011", text, remedy, place);
      return;
    }
    if (isDot(value)) {
      const last = this.#sections.at(-1);
      if (last && this.#align === 1) this.#symbols[name] = { of: last.name, edge: "end" };
      else this.#pending.push(assignment);
      return;
    }
    const edge = edgeOf(value);
    if (edge) this.#symbols[name] = edge;
    else if (!this.#assignPhysical(name, value)) this.#refuse(`the value of ${name}`, place);
  }

  /** `end = . - BASE`: the physical end of the section before. */
  #assignPhysical(name: string, value: Expression): boolean {
    const last = this.#sections.at(-1);
    if (value.kind !== "binary" || value.operator !== "-" || !isDot(value.left)) return false;
    const offset = this.#regions[last?.region ?? ""]?.offset;
    const base = this.#value(value.right);
    if (!last || offset === undefined || base === undefined || this.#align !== 1) return false;
    if (Number(BigInt.asIntN(64, base)) !== offset) return false;
    this.#symbols[name] = { of: last.name, edge: "loadEnd" };
    return true;
  }

  #moveCounter(value: Expression, place: Place): void {
    const aligned = alignArgument(value);
    if (aligned) {
      this.#align = this.#number(aligned) ?? 1;
      return;
    }
    if (isDot(value)) return;
    const step = stepOf(value);
    const base = step && this.#value(step);
    if (base !== undefined) {
      if (base === 0n) return;
      const offset = Number(BigInt.asIntN(64, base));
      if (offset >= 0 && offset < LEAST_BASE) this.#refuse("a gap between sections", place);
      else this.#raise(offset);
      return;
    }
    const start = this.#value(value);
    if (start === undefined) this.#refuse("this address", place);
    else this.#begin(Number(BigInt.asIntN(64, start)));
  }

  /** A region that begins at `start`. */
  #begin(start: number): void {
    const name = this.#freeName(DEFAULT_REGION);
    this.#regions[name] = { start };
    this.#region = name;
  }

  /** The region that shows the present one that much higher; returns its name. */
  #raise(offset: number): string {
    const [known] = Object.entries(this.#regions).find(([, each]) => each.offset === offset) ?? [];
    if (known !== undefined) {
      this.#region = known;
      return known;
    }
    const load = this.#lowRegion();
    const name = this.#freeName("high");
    this.#regions[name] = { load, offset };
    this.#region = name;
    return name;
  }

  /** Where sections of a raised region load. */
  #lowRegion(): string {
    const known = this.#region;
    const region = known === undefined ? undefined : this.#regions[known];
    if (known !== undefined && region?.load === undefined) return known;
    return region?.load ?? DEFAULT_REGION;
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let count = 2; name in this.#regions; count++) name = `${wanted}${count}`;
    return name;
  }

  #addDiscarded({ content, place }: OutputStatement): void {
    for (const each of content) {
      if (each.kind !== "input" || each.file !== "*" || !each.sections) {
        this.#refuse("what /DISCARD/ takes here", place);
      } else this.#discard.push(...each.sections.map(({ glob }) => glob));
    }
  }

  #addSection(statement: OutputStatement): void {
    const { name, place, type, constraint, subAlign, fill, segments } = statement;
    if (type !== undefined) this.#refuse(`(${type})`, place);
    if (constraint !== undefined) this.#refuse(constraint, place);
    if (subAlign !== undefined) this.#refuse("SUBALIGN", subAlign.place);
    const section: Section = { name };
    this.#placeSection(statement, section);
    const { inputs, pad } = this.#contentOf(statement);
    section.inputs = inputs;
    if (pad !== undefined) section.pad = pad;
    section.permissions = this.#permissionsOf(statement, segments);
    if (fill) section.fill = this.#fillByte(fill);
    const align = section.align ?? 1;
    if (align < PAGE) section.sharesPage = true;
    this.#sections.push(section);
    for (const { name: symbol } of this.#pending.splice(0)) {
      this.#symbols[symbol] = { of: name, edge: "start" };
    }
  }

  /** Region, alignment and addresses. */
  #placeSection(statement: OutputStatement, section: Section): void {
    const { address, align, loadAddress, region, loadRegion, place } = statement;
    const aligned = address && alignArgument(address);
    const own = align ? (this.#number(align) ?? 1) : 1;
    const before = aligned ? (this.#number(aligned) ?? 1) : this.#align;
    section.align = Math.max(own, before);
    this.#align = 1;
    if (address && !aligned) {
      const start = this.#number(address);
      if (start !== undefined) this.#begin(start);
    }
    if (region !== undefined) {
      this.#region = region;
      if (loadRegion !== undefined && loadRegion !== region) section.load = loadRegion;
    } else if (loadRegion !== undefined) this.#refuse("AT> without a region", place);
    if (loadAddress) this.#loadElsewhere(loadAddress, section.name);
    if (this.#region === undefined) this.#begin(0);
    section.region = this.#region ?? DEFAULT_REGION;
  }

  /** `AT (ADDR (.text) - BASE)` */
  #loadElsewhere(load: Expression, name: string): void {
    if (load.kind === "of" && load.function === "ADDR" && load.name === name) return;
    const isDistance =
      load.kind === "binary" &&
      load.operator === "-" &&
      load.left.kind === "of" &&
      load.left.function === "ADDR" &&
      load.left.name === name;
    const base = isDistance ? this.#value(load.right) : undefined;
    if (base === undefined) {
      this.#refuse("this load address", load.place);
      return;
    }
    const offset = Number(BigInt.asIntN(64, base));
    const current = this.#region === undefined ? undefined : this.#regions[this.#region];
    if (current?.offset === offset) return;
    // The counter was set to the virtual address: the region begins that much lower.
    if (current?.start !== undefined && current.start >= offset && this.#isUnused()) {
      this.#regions[this.#region ?? DEFAULT_REGION] = { start: current.start - offset };
    }
    this.#raise(offset);
  }

  #isUnused(): boolean {
    return this.#sections.every(({ region }) => region !== this.#region);
  }

  #contentOf({ content }: OutputStatement) {
    const inputs: (InputRule | InputSymbol)[] = [];
    let align: number | undefined;
    for (const each of content) {
      if (align !== undefined && !isSymbolHere(each)) {
        this.#refuse("a gap between inputs", each.place);
      }
      const aligned = each.kind === "assignment" && each.name === "." && alignArgument(each.value);
      if (aligned) {
        align = this.#number(aligned);
        continue;
      }
      if (each.kind === "assignment" && isSymbolHere(each)) {
        inputs.push({ symbol: each.name, ...(align === undefined ? {} : { align }) });
      } else if (each.kind === "input") inputs.push(...this.#rulesOf(each));
      else this.#refuse(describe(each), each.place);
      align = undefined;
    }
    return { inputs, pad: align };
  }

  #rulesOf({ file, excluded, sortsFiles, sections, keep, place }: InputStatement): InputRule[] {
    const patterns = sections ?? [{ glob: "*", excluded: [], sort: [] }];
    const excludes = excluded.length > 0 || patterns.some((each) => each.excluded.length > 0);
    if (excludes) this.#refuse("EXCLUDE_FILE", place);
    if (sortsFiles) this.#refuse("a sorting by files", place);
    const sorts = new Set(patterns.map(({ sort }) => sort.join()));
    const [sort = ""] = sorts;
    const known = { "": undefined, name: "name", "init-priority": "priority" } as const;
    if (sorts.size > 1 || !(sort in known)) this.#refuse("this sorting", place);
    const order = known[sort as keyof typeof known];
    return [
      {
        sections: patterns.map(({ glob }) => glob),
        ...(file === "*" ? {} : { objects: file }),
        ...(keep ? { keep } : {}),
        ...(order === undefined ? {} : { sort: order }),
      },
    ];
  }

  /** By the flags of its segment, or else by the names of what is in it. */
  #permissionsOf({ name, content }: OutputStatement, segments: readonly string[]): Permissions {
    const segment = this.#script.segments?.find((each) => each.name === segments[0]);
    const flags = segment?.flags && this.#value(segment.flags);
    if (flags !== undefined) {
      const letters = `r${flags & 2n ? "w" : ""}${flags & 1n ? "x" : ""}`;
      return letters as Permissions;
    }
    const globs = content.flatMap((each) =>
      each.kind === "input" ? (each.sections ?? []).map(({ glob }) => glob) : [],
    );
    const all = [name, ...globs];
    const isCode = all.some((each) => /^\.?(\w+\.)?(text|init|boot|entry|stub|code)\b/.test(each));
    const isData = all.some((each) => /^(\.?(data|bss|got)\b|COMMON)/.test(each));
    if (isCode) return isData ? "rwx" : "rx";
    return isData || !/rodata|multiboot|note|eh_frame/.test(all.join()) ? "rw" : "r";
  }

  #fillByte(fill: Expression): number {
    const value = this.#value(fill) ?? 0n;
    const byte = value & 0xffn;
    let rest = value >> 8n;
    while (rest !== 0n && (rest & 0xffn) === byte) rest >>= 8n;
    if (rest !== 0n) this.#refuse("a fill of several bytes", fill.place);
    return Number(byte);
  }
}

function isDot(expression: Expression): boolean {
  return expression.kind === "name" && expression.name === ".";
}

function isSymbolHere(each: ContentStatement): boolean {
  return each.kind === "assignment" && each.name !== "." && isDot(each.value);
}

/** The argument of `ALIGN (n)`. */
function alignArgument(value: Expression): Expression | undefined {
  if (value.kind !== "call" || value.function !== "ALIGN") return undefined;
  const [first, second] = value.arguments;
  if (second) return first && isDot(first) ? second : undefined;
  return first;
}

/** What is added in `. + n`. */
function stepOf(value: Expression): Expression | undefined {
  const adds = value.kind === "binary" && value.operator === "+" && isDot(value.left);
  return adds ? value.right : undefined;
}

/** `ADDR (.text)`, `SIZEOF (.text)`, `LOADADDR (.text)`, `ADDR (.text) + SIZEOF (.text)`. */
function edgeOf(value: Expression): EdgeSymbol | undefined {
  if (value.kind === "of") {
    const edges = { ADDR: "start", SIZEOF: "size", LOADADDR: "load" } as const;
    const edge = edges[value.function as keyof typeof edges];
    return edge && { of: value.name, edge };
  }
  if (value.kind !== "binary" || value.operator !== "+") return undefined;
  const [left, right] = [edgeOf(value.left), edgeOf(value.right)];
  if (!left || right?.edge !== "size" || left.of !== right.of) return undefined;
  if (left.edge === "start") return { of: left.of, edge: "end" };
  return left.edge === "load" ? { of: left.of, edge: "loadEnd" } : undefined;
}

function describe(each: ContentStatement): string {
  switch (each.kind) {
    case "data":
      return "numbers between inputs";
    case "fill":
      return "FILL";
    case "assertion":
      return "ASSERT";
    case "assignment":
      return each.name === "." ? "this address within a section" : `the value of ${each.name}`;
    case "input":
      return "these inputs";
  }
}

/** Whether any part of the expression is of one of these kinds. */
function mentions(expression: Expression, kinds: readonly Expression["kind"][]): boolean {
  const inner = (): readonly Expression[] => {
    switch (expression.kind) {
      case "unary":
        return [expression.operand];
      case "binary":
        return [expression.left, expression.right];
      case "conditional":
        return [expression.condition, expression.yes, expression.no];
      case "call":
        return expression.arguments;
      case "segment-start":
        return [expression.otherwise];
      default:
        return [];
    }
  };
  return kinds.includes(expression.kind) || inner().some((each) => mentions(each, kinds));
}
