// From an address of a linked image to what is there: symbol and source line.

import type { Place } from "../../base/diagnostic";
import { entryAt } from "../../base/entry-at";
import type { LinkedFunction } from "../passes/functions";
import type { LinkedImage } from "../passes/image";
import type { LinkSymbol } from "../passes/model";

export class AddressIndex {
  readonly #symbols: readonly LinkSymbol[];
  readonly #functions: readonly LinkedFunction[];

  constructor(image: LinkedImage) {
    const names = new Map(image.functions.map((func) => [func.address, func.name]));
    const placed = image.symbols.filter(({ input }) => input?.output?.plan.allocate);
    // Of the aliases at a function's start, the function's own name is the one to show.
    this.#symbols = placed.filter(({ address, name }) => (names.get(address) ?? name) === name);
    this.#functions = [...image.functions].sort((a, b) => a.address - b.address);
  }

  /** The symbol at or before `address` in the same output section. */
  symbolAt(address: number): { readonly name: string; readonly offset: number } | undefined {
    const symbol = lastAtOrBefore(this.#symbols, address);
    const section = symbol?.input?.output;
    if (!symbol || !section || address >= section.end) return undefined;
    return { name: symbol.name, offset: address - symbol.address };
  }

  /** The source line that the code at `address` comes from. */
  lineAt(address: number): Place | undefined {
    const func = lastAtOrBefore(this.#functions, address);
    if (!func || address >= func.address + func.size) return undefined;
    const line = entryAt(func.lines, address - func.address);
    return line && { file: line.file, line: line.line, column: line.column };
  }
}

function lastAtOrBefore<T extends { readonly address: number }>(
  sorted: readonly T[],
  address: number,
): T | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.address ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}
