// Pass: sections that would lie over each other, as GNU ld refuses them.
//
// Load addresses must never meet. Addresses may where two sections begin at the same one: these are
// overlays, of which the program has one at a time.

import { hex } from "../../base/align";
import type { Place } from "../../base/diagnostic";
import type { Reporter } from "../../base/reporter";
import type { ScriptOutput } from "./model";

/** Where a section is, by one of its two addresses; `last` is its last byte. */
interface Extent {
  readonly output: ScriptOutput;
  readonly first: bigint;
  readonly last: bigint;
}

type Kind = "address" | "load address";

/** Requires: addresses. @param file the script, for sections that it does not name */
export function refuseOverlaps(
  outputs: readonly ScriptOutput[],
  file: string,
  bits: number,
  report: Reporter,
): void {
  const taking = outputs.filter(
    (output) => output.isInFile && output.flags.alloc && !output.isThreadZeros && output.size > 0n,
  );
  const extents = (list: readonly ScriptOutput[], start: (output: ScriptOutput) => bigint) =>
    list.map((output) => {
      const first = BigInt.asUintN(bits, start(output));
      return { output, first, last: BigInt.asUintN(bits, first + output.size - 1n) };
    });
  const inMemory = extents(taking, ({ address }) => address);
  for (const { output, first, last } of inMemory) {
    if (last >= first) continue;
    const text =
      `section ${output.name} does not fit: it begins at ${show(first)} ` +
      `and is ${output.size} bytes long`;
    const remedy = "Begin it at a lower address.";
    report.error("SCRIPT012", text, remedy, placeOf(output, file));
  }
  const loaded = taking.filter((output) => output.flags.load && !output.isNoBits);
  const refused = refuse(
    extents(loaded, ({ loadAddress }) => loadAddress),
    "load address",
    file,
    report,
  );
  const starts = new Set(inMemory.map(({ first }) => first));
  if (starts.size < inMemory.length) return;
  refuse(
    inMemory.filter(({ output }) => !refused.has(output)),
    "address",
    file,
    report,
  );
}

/** Reports each that begins before the one below it ends, and returns them. */
function refuse(
  extents: readonly Extent[],
  kind: Kind,
  file: string,
  report: Reporter,
): ReadonlySet<ScriptOutput> {
  const refused = new Set<ScriptOutput>();
  const ascending = extents
    .filter(({ first, last }) => last >= first)
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  for (const [at, upper] of ascending.entries()) {
    const lower = ascending[at - 1];
    if (!lower || upper.first > lower.last) continue;
    refused.add(upper.output);
    const text =
      `section ${upper.output.name} lies over ${lower.output.name}: its ${kind} is ` +
      `${show(upper.first)}, and that one ends at ${show(lower.last)}`;
    const remedy =
      kind === "address"
        ? "Begin it after that one's end, or leave its address out."
        : "Begin it after that one's end: AT (LOADADDR (NAME) + SIZEOF (NAME)).";
    report.error("SCRIPT012", text, remedy, placeOf(upper.output, file));
  }
  return refused;
}

function placeOf({ statement }: ScriptOutput, file: string): Place {
  return statement.place.line === undefined ? { file } : statement.place;
}

function show(address: bigint): string {
  return address < 2n ** 53n ? hex(Number(address)) : `0x${address.toString(16)}`;
}
