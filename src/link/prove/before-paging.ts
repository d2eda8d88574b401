// Proof: code that runs with paging off names only what lies where it is linked.
//
// Before paging is on, an address means physical memory: whatever has VMA != LMA is not there. The
// walk begins at the layout's roots and follows every relocation into code; it stops at the
// barriers, which are the symbols that run once paging is on. Code reaches from its symbol to the
// symbol's end, to the next barrier, or to the end of its section, whichever comes first.
//
// What data points to is not followed: a descriptor table may well hold addresses for later.
// Symbols that the layout defines are numbers (`trampoline_text_load`, and `_start` for the page
// tables), and so are those outside their section (`directory_load = directory - 0xc0000000`). An
// address whose addend makes it physical (`mov $directory - 0xc0000000, %eax`) holds before paging.

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { Relocation } from "../../object/object";
import { displayName, readableName } from "../names/demangle";
import type { LinkedImage } from "../passes/image";
import type { InputSection, LinkSymbol, PlacedSection, SymbolScope } from "../passes/model";

/** Code that is known to run before paging, and how it is reached. */
interface Reached {
  readonly name: string;
  readonly input: InputSection;
  readonly offset: number;
  readonly size: number;
  readonly from: Reached | undefined;
}

/** Reports each reference to what is not identity mapped. */
export function proveBeforePaging(
  { layout, sections }: LinkedImage,
  symbols: SymbolScope,
  report: Reporter,
): void {
  const barriers = layout.beforePaging.barriers.map((name) => symbols.globals.get(name));
  const work: Reached[] = [];
  for (const name of layout.beforePaging.roots) {
    const root = symbols.globals.get(name);
    const code = root && codeOf(root, sections);
    if (code) work.push(code);
  }
  const seen = new Set<string>();
  const numbers = new Map<InputSection, number>();
  for (let code = work.pop(); code; code = work.pop()) {
    const number = numbers.get(code.input) ?? numbers.size;
    numbers.set(code.input, number);
    const key = `${number}+${code.offset}`;
    if (seen.has(key)) continue;
    seen.add(key);
    checkIdentity(code, code.input, code.from?.name ?? "the layout", report);
    work.push(...follow(code, barriers, symbols, report));
  }
}

/** Of a root outside its section (`_start = entry - 0xc0000000`), what is loaded there. */
function codeOf(root: LinkSymbol, sections: readonly PlacedSection[]): Reached | undefined {
  if (!root.isOutside) return root.input && reach(root, root.offset, root.input, undefined);
  const inputs = sections
    .filter(({ plan }) => plan.allocate && plan.module === undefined)
    .flatMap((section) => section.inputs);
  const input = inputs.find(({ loadAddress, size }) => {
    return root.address >= loadAddress && root.address < loadAddress + size;
  });
  return input && reach(root, root.address - input.loadAddress, input, undefined);
}

function reach(
  symbol: LinkSymbol,
  offset: number,
  input: InputSection,
  from: Reached | undefined,
): Reached {
  const size = symbol.size > 0 ? symbol.size : input.size - offset;
  return { name: symbol.name, input, offset, size, from };
}

/** Checks what `code` refers to; returns the code among it. */
function follow(
  code: Reached,
  barriers: readonly (LinkSymbol | undefined)[],
  symbols: SymbolScope,
  report: Reporter,
): Reached[] {
  const found: Reached[] = [];
  const end = endOf(code, barriers);
  for (const relocation of code.input.relocations) {
    if (relocation.offset < code.offset || relocation.offset >= end) continue;
    const symbol = symbols.target(code.input, relocation);
    const { input } = symbol;
    if (!input || symbol.isOutside || barriers.includes(symbol)) continue;
    // A thread-local variable is named by its distance.
    if (relocation.kind === "thread" || isPhysical(relocation, symbol, input)) continue;
    if (input.output && !input.output.isIdentity) {
      reportHigh(code, relocation.offset, symbol, input, report);
    } else if (input.section.flags.execute) {
      found.push(reach(symbol, symbol.offset, input, code));
    }
  }
  return found;
}

/** Whether the field holds an address where the target's section is loaded, and not linked. */
function isPhysical(
  { kind, addend }: Relocation,
  symbol: LinkSymbol,
  input: InputSection,
): boolean {
  const { output } = input;
  if (kind !== "absolute" || !output || output.isIdentity) return false;
  if (output.plan.module !== undefined) return false;
  const address = symbol.plus(addend);
  return address >= output.loadAddress && address <= output.loadAddress + output.size;
}

function endOf(code: Reached, barriers: readonly (LinkSymbol | undefined)[]): number {
  const cuts = barriers
    .filter((barrier) => barrier?.input === code.input)
    .map((barrier) => barrier?.offset ?? 0)
    .filter((offset) => offset > code.offset);
  return Math.min(code.offset + code.size, ...cuts);
}

function checkIdentity(code: Reached, input: InputSection, by: string, report: Reporter): void {
  const output = input.output;
  if (!output || output.isIdentity) return;
  const text =
    `${displayName(code.name)} runs before paging (named by ${by}) but is linked at ` +
    `${hex(input.address)}`;
  report.error("LINK019", text, "Put it into a section whose VMA is its LMA.", input.placeOf(0));
}

function reportHigh(
  code: Reached,
  offset: number,
  symbol: LinkSymbol,
  target: InputSection,
  report: Reporter,
): void {
  const at = code.input.describe(offset);
  const text =
    `${displayName(code.name)} runs before paging${path(code)} and refers to ` +
    `${displayName(symbol.name)} at ${hex(symbol.address)} (${target.output?.name}, ` +
    `${whereLoaded(target)}), at ${at}`;
  const remedy =
    "Use the section's `_load` symbol, or, if this runs once paging is on, name it in `barriers`.";
  report.error("LINK019", text, remedy, code.input.placeOf(offset));
}

function whereLoaded({ output, loadAddress }: InputSection): string {
  const { module } = output?.plan ?? {};
  return module === undefined ? `loaded at ${hex(loadAddress)}` : `in module "${module}"`;
}

function path(code: Reached): string {
  const names: string[] = [];
  for (let step = code.from; step; step = step.from) names.push(readableName(step.name));
  return names.length === 0 ? "" : ` (reached from ${names.join(", from ")})`;
}
