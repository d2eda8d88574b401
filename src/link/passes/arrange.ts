// Pass: the inside of each output section. Offsets count from its start, whose address is still
// unknown but for its alignment.
//
//      fixed inputs, at the addresses that they demand
//      the other inputs, in rule order, with the plan's symbols between them
//      padding
//
// With `pack` the inputs with bytes are packed into pages (pack-functions.ts), and zeros follow.
//
// Requires: inputs in rule order.  Provides: offset, align, contentSize, size, fixedAddress.

import { alignUp, hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { InputSection, PlacedSection } from "./model";
import { packFunctions } from "./pack-functions";

/** Lays out the inside of `output`. */
export function arrange(output: PlacedSection, report: Reporter): void {
  const fixed = output.inputs.filter(({ section }) => section.address !== undefined);
  const loose = output.inputs.filter(({ section }) => section.address === undefined);
  const end = arrangeFixed(output, fixed, report);
  const cursor = output.plan.pack ? pack(loose, end) : stackByRule(output, loose, end);
  output.align = alignmentOf(output, loose, report);
  output.inputs = [...fixed, ...loose];
  if (fixed.length > 0 || output.plan.pack) {
    output.inputs.sort((a, b) => a.offset - b.offset || a.size - b.size);
  }
  output.contentSize = cursor;
  output.size = alignUp(cursor, output.plan.pad);
}

/** Stacks inputs, and puts the plan's symbols between those of different rules. */
function stackByRule(
  output: PlacedSection,
  inputs: readonly InputSection[],
  cursor: number,
): number {
  const { rules, inputSymbols, address } = output.plan;
  const base = output.fixedAddress ?? address ?? 0;
  if (inputSymbols.length === 0) return stack(inputs, cursor);
  const ranks = new Map(rules.map((rule, index) => [rule, index]));
  const rank = ({ rule }: InputSection) => (rule && ranks.get(rule)) ?? rules.length;
  const offsets = new Map<string, number>();
  let done = 0;
  let end = cursor;
  for (const { name, after, align } of inputSymbols) {
    const before = inputs.slice(done).filter((input) => rank(input) < after);
    done += before.length;
    end = alignUp(base + stack(before, end), align) - base;
    offsets.set(name, end);
  }
  output.symbolOffsets = offsets;
  return stack(inputs.slice(done), end);
}

function pack(inputs: readonly InputSection[], cursor: number): number {
  const stored = inputs.filter(({ section }) => section.type === "progbits");
  const zeroed = inputs.filter(({ section }) => section.type === "nobits");
  return stack(zeroed, packFunctions(stored, cursor));
}

/** Puts inputs one after the other from offset `cursor`; returns the end. */
export function stack(inputs: readonly InputSection[], cursor: number): number {
  let end = cursor;
  for (const input of inputs) {
    input.offset = alignUp(end, input.section.align);
    end = input.offset + input.size;
  }
  return end;
}

function arrangeFixed(
  output: PlacedSection,
  fixed: readonly InputSection[],
  report: Reporter,
): number {
  const sorted = [...fixed].sort((a, b) => addressOf(a) - addressOf(b));
  const first = sorted[0];
  if (!first) return 0;
  const base = output.plan.address ?? addressOf(first);
  output.fixedAddress = base;
  let end = base;
  let below = output.name;
  for (const input of sorted) {
    const address = addressOf(input);
    if (address < end) {
      const name = `${input.section.name} of ${input.object.name}`;
      const text = `${name} must lie at ${hex(address)}, but ${below} reaches to ${hex(end)}`;
      const remedy =
        "Change the layout's `address`, or the address that the object was compiled for.";
      report.error("LINK007", text, remedy, { file: input.object.name });
    }
    input.offset = Math.max(0, address - base);
    end = address + input.size;
    below = `${input.section.name} of ${input.object.name}`;
  }
  return Math.max(0, end - base);
}

function addressOf(input: InputSection): number {
  return input.section.address ?? 0;
}

/** A section is aligned as well as its best aligned input, which a declared address must allow. */
function alignmentOf(
  output: PlacedSection,
  inputs: readonly InputSection[],
  report: Reporter,
): number {
  let { align, address: base } = output.plan;
  for (const input of inputs) {
    align = Math.max(align, input.section.align);
    if (base === undefined || base % input.section.align === 0) continue;
    reportAlignment(input, output, base, report);
    base = undefined;
  }
  return align;
}

function reportAlignment(
  { section, object }: InputSection,
  output: PlacedSection,
  base: number,
  report: Reporter,
): void {
  const text =
    `${section.name} of ${object.name} wants an alignment of ${section.align}, which the ` +
    `address of output section ${output.name}, ${hex(base)}, does not have`;
  report.error("LINK008", text, "Change the output section's `address`.", { file: object.name });
}
