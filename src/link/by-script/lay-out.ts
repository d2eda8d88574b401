// Pass: addresses. Walks the statements as GNU ld does, moving the location counter, until nothing
// changes any more: expressions may speak of what comes later.
//
// Requires: the inputs of each output section.  Provides: `address`, `loadAddress`, `size` and
// `align` of output sections, offsets of inputs, values of the script's symbols, and what is
// between the inputs.

import { hex } from "../../base/align";
import { Diagnostic, type Place } from "../../base/diagnostic";
import type { Reporter } from "../../base/reporter";
import type { Assignment, Expression, OutputStatement } from "../gnu-script/syntax";
import type { DataSegment } from "./data-segment";
import { type Context, evaluate, evaluateAddress, failedAssertion, type Names } from "./evaluate";
import { alignTo, type Item, type Region, type ScriptOutput, toAddress, wrap } from "./model";
import type { PlacedStatement } from "./place-orphans";
import type { ScriptSymbols } from "./script-symbols";

/** What fills room between inputs: bytes again and again; absent: nothing was said. */
export type FillPattern = Uint8Array | undefined;

/** Bytes of an output section that no input gives. */
export interface Gap {
  readonly offset: bigint;
  readonly size: bigint;
  readonly fill: FillPattern;
}

/** A number that the script itself puts into an output section. */
export interface Datum {
  readonly offset: bigint;
  readonly width: number;
  readonly value: bigint;
}

/** What is in an output section besides inputs. */
export interface Between {
  readonly gaps: readonly Gap[];
  readonly data: readonly Datum[];
}

export interface LayOutInput {
  /** The script, for messages about all of it. */
  readonly file: string;
  readonly statements: readonly PlacedStatement[];
  readonly regions: readonly Region[];
  readonly defaultRegion: Region;
  readonly symbols: ScriptSymbols;
  readonly dataSegment: DataSegment;
  readonly names: Names;
  /** Of an address. */
  readonly bits: number;
  readonly report: Reporter;
}

const MOST_PASSES = 32;
const FILL_WIDTH = 4;

export class LayOut {
  readonly #link: LayOutInput;
  readonly #outputs: readonly ScriptOutput[];
  readonly #between = new Map<ScriptOutput, Between>();
  /** The inputs that are left of each output section. */
  readonly #live: ReadonlyMap<ScriptOutput, ReadonlySet<unknown>>;
  #isFinal = false;
  #dot = 0n;

  constructor(link: LayOutInput) {
    this.#link = link;
    this.#outputs = link.statements.flatMap((each) =>
      each.kind === "output" ? [each.output] : [],
    );
    this.#live = new Map(this.#outputs.map((each) => [each, new Set(each.placed.inputs)]));
  }

  /** @throws Diagnostics SCRIPT004 to SCRIPT006 */
  run(): ReadonlyMap<ScriptOutput, Between> {
    this.#pass();
    for (const output of this.#outputs) this.#stripIfEmpty(output);
    this.#settle();
    if (this.#link.dataSegment.moveStart(this.#outputs)) this.#settle();
    this.#isFinal = true;
    this.#pass();
    return this.#between;
  }

  /** Passes until nothing moves. */
  #settle(): void {
    let before = "";
    for (let count = 0; count < MOST_PASSES; count++) {
      this.#pass();
      const now = this.#state();
      if (now === before) return;
      before = now;
    }
    const text = "the addresses of the script never settle: they depend on each other";
    const remedy = "Look for an address that depends on the size of what comes after it.";
    throw new Diagnostic("SCRIPT005", text, remedy, { file: this.#link.file });
  }

  #state(): string {
    const places = this.#outputs.map(({ address, loadAddress, size }) =>
      [address, loadAddress, size].join(),
    );
    const values = [...this.#link.symbols.values].map(([name, { value, of }]) =>
      typeof of === "string" ? `${name} ${value}` : `${name} ${of.name} ${value}`,
    );
    return [...places, ...values].join("\n");
  }

  /** Once over all statements. */
  #pass(): void {
    const { statements, regions, defaultRegion, symbols } = this.#link;
    this.#dot = 0n;
    symbols.begin();
    for (const region of [...regions, defaultRegion]) region.reset();
    for (const statement of statements) {
      switch (statement.kind) {
        case "output":
          this.#placeOutput(statement.output);
          break;
        case "assignment":
          if (statement.name === ".") this.#moveOutside(statement);
          else this.#assign(statement, undefined);
          break;
        case "assertion":
          this.#check(statement.condition, statement.message, statement.place, undefined);
      }
    }
  }

  #context(inside: ScriptOutput | undefined): Context {
    const { names, dataSegment } = this.#link;
    const dot = this.#dot;
    return { names, inside, dot, dataSegment, isFinal: this.#isFinal };
  }

  #check(
    condition: Expression,
    message: string,
    place: Place,
    inside: ScriptOutput | undefined,
  ): void {
    if (!this.#isFinal) return;
    const value = evaluate(condition, this.#context(inside));
    if (value?.value !== 0n) return;
    const { code, message: text, remedy } = failedAssertion(message, place);
    this.#link.report.error(code, text, remedy, place);
  }

  #assign({ name, value, provided }: Assignment, inside: ScriptOutput | undefined): void {
    const { symbols } = this.#link;
    if (provided && !symbols.isWanted(name)) return;
    const result = evaluate(value, this.#context(inside));
    if (!result) return;
    const of = result.of === "number" ? (inside ?? "absolute") : result.of;
    symbols.assign(name, { ...result, of });
  }

  #moveOutside({ value }: Assignment): void {
    const address = evaluateAddress(value, this.#context(undefined));
    if (address === undefined) return;
    this.#dot = address;
    this.#link.defaultRegion.current = address;
  }

  #placeOutput(output: ScriptOutput): void {
    if (!output.exists) return;
    const { statement } = output;
    const asked = output.givenAddress ?? statement.address;
    if (asked !== undefined && !output.isIgnored) {
      const address = evaluateAddress(asked, this.#context(undefined));
      if (address !== undefined) this.#dot = address;
      else if (this.#isFinal) throw unknownAddress(output.name, asked.place);
    }
    const { aligned, moved } = this.#begin(output, asked !== undefined);
    this.#fillIn(output);
    if (!output.isIgnored) this.#dot = output.address;
    this.#load(output, aligned, moved);
    if (output.isIgnored) return;
    this.#end(output);
  }

  /** Sets the address; returns how it was aligned and how far that moved it. */
  #begin(output: ScriptOutput, isAddressGiven: boolean) {
    const { statement } = output;
    const own = this.#alignment(statement.align, output);
    output.align = maximum(own, alignmentOf(output));
    let start = this.#dot;
    let aligned = own;
    if (!isAddressGiven) {
      output.region = this.#regionOf(output);
      start = output.region.current;
      aligned = output.align;
    }
    output.address = alignTo(start, aligned);
    const moved = wrap(output.address - start);
    output.placed.address = toAddress(output.address, this.#link.bits);
    return { aligned, moved };
  }

  #alignment(expression: Expression | undefined, output: ScriptOutput): bigint {
    if (!expression) return 1n;
    const align = evaluateAddress(expression, this.#context(undefined)) ?? 1n;
    if (align > 0n && (align & (align - 1n)) === 0n) return align;
    if (align === 0n) return 1n;
    const text = `section ${output.name} would be aligned to ${align}`;
    throw new Diagnostic("SCRIPT005", text, "Use a power of two.", expression.place);
  }

  /** Without `>REGION`: the first region that wants sections of this kind. */
  #regionOf(output: ScriptOutput): Region {
    const { regions, defaultRegion } = this.#link;
    if (!output.region.isDefault) return output.region;
    const fitting = regions.find((region) => wants(region, output));
    const isLoaded = output.flags.alloc && !output.isIgnored && !output.isThreadZeros;
    if (!fitting && this.#isFinal && regions.length > 0 && isLoaded) {
      const text = `no memory region is given for section ${output.name}`;
      const remedy = `Write one after its brace: } >${regions[0]?.name}.`;
      this.#link.report.error("SCRIPT004", text, remedy, output.statement.place);
    }
    return fitting ?? defaultRegion;
  }

  /** The content: offsets of inputs, symbols between them, gaps. */
  #fillIn(output: ScriptOutput): void {
    const gaps: Gap[] = [];
    const data: Datum[] = [];
    const live = this.#live.get(output);
    let fill = this.#fillOf(output.statement.fill);
    const subAlign = output.statement.subAlign
      ? this.#alignment(output.statement.subAlign, output)
      : undefined;
    let dot = output.address;
    const offset = () => wrap(dot - output.address);
    const gap = (to: bigint) => {
      if (to !== dot) gaps.push({ offset: offset(), size: wrap(to - dot), fill });
      dot = to;
    };
    for (const item of output.items) {
      this.#dot = dot;
      switch (item.kind) {
        case "input": {
          const { input } = item;
          if (!live?.has(input)) break;
          gap(alignTo(dot, subAlign ?? BigInt(input.section.align)));
          input.offset = Number(offset());
          dot = wrap(dot + BigInt(input.size));
          break;
        }
        case "data": {
          const value = evaluateAddress(item.value, this.#context(undefined)) ?? 0n;
          data.push({ offset: offset(), width: item.width, value });
          dot = wrap(dot + BigInt(item.width));
          break;
        }
        case "fill":
          fill = this.#fillOf(item.value);
          break;
        case "assertion":
          this.#check(item.condition, item.message, item.place, output);
          break;
        case "assignment":
          if (item.name !== ".") this.#assign(item, output);
          else if (!output.isIgnored) {
            const to = this.#moveInside(item, output, dot);
            // Room that the location counter makes is the loader's to provide.
            if (to !== dot && !isUnloadedType(output.statement)) output.flags.alloc = true;
            gap(to);
          }
      }
    }
    output.size = offset();
    output.placed.size = Number(output.size);
    output.placed.contentSize = output.placed.size;
    output.placed.align = Number(output.align);
    this.#between.set(output, { gaps, data });
  }

  #moveInside({ value, place }: Assignment, output: ScriptOutput, dot: bigint): bigint {
    const result = evaluate(value, this.#context(output));
    if (!result) return dot;
    // Inside an output section a number counts from its start.
    const home = result.of === "number" ? output : result.of;
    const address = typeof home === "string" ? result.value : wrap(home.address + result.value);
    if (address >= dot || !this.#isFinal) return address >= dot ? address : dot;
    const text =
      `the location counter would move back from ${hex(Number(dot))} to ` +
      `${hex(Number(address))} in section ${output.name}`;
    const remedy = "What is before it is larger than expected: raise the address.";
    throw new Diagnostic("SCRIPT005", text, remedy, place);
  }

  #fillOf(expression: Expression | undefined): FillPattern {
    if (!expression) return undefined;
    if (expression.kind === "number" && expression.hex !== undefined) {
      const digits = expression.hex.padStart(
        expression.hex.length + (expression.hex.length % 2),
        "0",
      );
      return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    }
    const value = evaluateAddress(expression, this.#context(undefined)) ?? 0n;
    const bytes = new Uint8Array(FILL_WIDTH);
    new DataView(bytes.buffer).setUint32(0, Number(BigInt.asUintN(32, value)));
    return bytes;
  }

  /** Sets the LMA. */
  #load(output: ScriptOutput, aligned: bigint, moved: bigint): void {
    const { statement, region, loadRegion } = output;
    output.loadAddress = output.address;
    const last = region.last;
    if (statement.loadAddress) {
      const address = evaluateAddress(statement.loadAddress, this.#context(undefined));
      if (address !== undefined) output.loadAddress = address;
    } else if (loadRegion) {
      const own = this.#alignment(statement.align, output);
      const align = loadRegion === region ? aligned : own;
      output.loadAddress = statement.alignWithInput
        ? wrap(loadRegion.current + moved)
        : alignTo(loadRegion.current, align);
    } else if (last && output.flags.alloc) {
      const isBackwards =
        output.address < last.address && output.size !== 0n && output.end <= last.address;
      if (!isBackwards) {
        const kept = wrap(output.address + last.loadAddress - last.address);
        output.loadAddress = alignTo(kept, aligned);
      }
    }
    output.placed.loadAddress = toAddress(output.loadAddress, this.#link.bits);
    const isSomething =
      output.size !== 0n ||
      (last ? output.address >= last.address : output.address !== output.loadAddress);
    const counts = output.flags.alloc && !output.isThreadZeros && isSomething;
    if (counts && !loadRegion) region.last = output;
  }

  /** Moves the location counter and the regions past the section. */
  #end(output: ScriptOutput): void {
    const { region, loadRegion, flags } = output;
    const size = output.isThreadZeros ? 0n : output.size;
    this.#dot = wrap(output.address + size);
    if (!flags.alloc && !flags.load) return;
    region.current = this.#dot;
    this.#checkRegion(output, region, output.address, size);
    if (!loadRegion || loadRegion === region) return;
    if (!flags.load && !output.statement.alignWithInput) return;
    loadRegion.current = wrap(output.loadAddress + size);
    this.#checkRegion(output, loadRegion, output.loadAddress, size);
  }

  #checkRegion(output: ScriptOutput, region: Region, start: bigint, size: bigint): void {
    if (!this.#isFinal || region.length === undefined) return;
    const limit = region.origin + region.length;
    const over = start + size - limit;
    const isBelow = start < region.origin && size > 0n;
    if (over <= 0n && !isBelow) return;
    const where = isBelow
      ? `begins below it, at ${hex(Number(start))}`
      : `reaches ${over} bytes past its end, ${hex(Number(limit))}`;
    const text = `section ${output.name} does not fit into region ${region.name}: it ${where}`;
    const remedy = "Make the region longer, or what is in it smaller.";
    this.#link.report.error("SCRIPT007", text, remedy, output.statement.place);
  }

  /** Nothing is in it: it takes no part, but symbols in it keep its address alive. */
  #stripIfEmpty(output: ScriptOutput): void {
    if (!output.exists || output.size !== 0n || output.items.some(isKept)) return;
    output.isStripped = true;
    output.isIgnored = !output.items.some(
      (item) => item.kind === "assignment" && item.name !== ".",
    );
  }
}

/** Whether `. = …` in an empty section keeps it: not if that is only for what might be there. */
function isKept(item: Item): boolean {
  return item.kind === "assignment" && item.name === "." && !isHarmless(item.value);
}

/** `. + 0`, 0, and `ALIGN(. != 0 ? 4 : 1)`. */
function isHarmless(value: Expression): boolean {
  if (value.kind === "number") return value.value === 0n;
  if (value.kind === "binary") {
    const { operator, left, right } = value;
    if (left.kind === "number" && right.kind === "number") {
      return operator === "-" && left.value === right.value;
    }
    return operator === "+" && isDot(left) && right.kind === "number" && right.value === 0n;
  }
  if (value.kind !== "call" || value.function !== "ALIGN") return false;
  const [argument] = value.arguments;
  if (argument?.kind !== "conditional") return false;
  const { condition, no } = argument;
  const asksForDot =
    condition.kind === "binary" && condition.operator === "!=" && isDot(condition.left);
  return asksForDot && no.kind === "number" && no.value === 1n;
}

function isDot(expression: Expression): boolean {
  return expression.kind === "name" && expression.name === ".";
}

function isUnloadedType({ type }: OutputStatement): boolean {
  return type === "COPY" || type === "INFO" || type === "DSECT" || type === "OVERLAY";
}

/** That of the best aligned input. */
function alignmentOf({ placed }: ScriptOutput): bigint {
  return BigInt(placed.inputs.reduce((most, { section }) => Math.max(most, section.align), 1));
}

function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** Whether a region's attributes ask for sections like this. */
function wants({ attributes }: Region, { flags }: ScriptOutput): boolean {
  const [wanted = "", ...unwanted] = attributes.toLowerCase().split("!");
  const has = (letter: string): boolean => {
    switch (letter) {
      case "r":
        return flags.readonly;
      case "w":
        return flags.alloc && !flags.readonly && !flags.code;
      case "x":
        return flags.code;
      case "a":
        return flags.alloc;
      default:
        return flags.load;
    }
  };
  return [...wanted].some(has) && ![...unwanted.join("")].some(has);
}

function unknownAddress(name: string, place: Place): Diagnostic {
  const text = `the address of section ${name} depends on something that is not known`;
  const remedy = "Use what is defined before the section.";
  return new Diagnostic("SCRIPT005", text, remedy, place);
}
