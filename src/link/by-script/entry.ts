// Where execution begins: -e, the script's ENTRY, or `start`, which is what GNU ld looks for when
// nobody says anything; its own script says `_start`. Where nothing has that name, it may be a
// number, or else the image begins at its .text, with a warning.

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { SymbolScope } from "../passes/model";
import { type ScriptOutput, toAddress } from "./model";

const DEFAULT_ENTRY = "start";

export interface Entry {
  readonly name: string;
  /** The command line or the script asks for it. */
  readonly isGiven: boolean;
}

export function entryOf(option: string | undefined, ofScript: string | undefined): Entry {
  const name = option ?? ofScript;
  return { name: name ?? DEFAULT_ENTRY, isGiven: name !== undefined };
}

export function entryAddress(
  { name }: Entry,
  symbols: SymbolScope,
  outputs: readonly ScriptOutput[],
  bits: number,
  report: Reporter,
): number {
  const symbol = symbols.globals.get(name);
  const isDefined = symbol && symbol.kind !== "undefined" && symbol.kind !== "common";
  if (isDefined && !symbol.isGone) return symbol.address;
  if (/^(0[xX][0-9A-Fa-f]+|\d+)$/.test(name)) return toAddress(numberOf(name), bits);
  const text = outputs.find((output) => output.name === ".text" && output.isInFile);
  const start = text ? toAddress(text.address, bits) : 0;
  const instead = text ? `the image begins at ${hex(start)}, its .text` : "there is no entry point";
  const remedy = "Define the symbol, or name another: -e NAME, ENTRY (NAME).";
  report.warning("SCRIPT009", `nothing defines the entry ${name}: ${instead}`, remedy);
  return start;
}

/** As C reads it: digits after a 0 are octal. */
function numberOf(text: string): bigint {
  return BigInt(/^0[0-7]+$/.test(text) ? `0o${text}` : text);
}
