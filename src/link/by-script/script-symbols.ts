// The values that names have while addresses are handed out: those that the script assigns, and
// those of objects, which move with their sections.

import type { LinkSymbol, SymbolScope } from "../passes/model";
import type { Value } from "./evaluate";
import { type ScriptOutput, wrap } from "./model";

export class ScriptSymbols {
  readonly #scope: SymbolScope;
  readonly #outputs: ReadonlyMap<unknown, ScriptOutput>;
  /** By name: what the script assigned last. */
  readonly #values = new Map<string, Value>();
  /** Assigned in this pass. */
  readonly #assigned = new Set<string>();

  readonly #outright: ReadonlySet<string>;

  /** @param outright the names that the script assigns without PROVIDE */
  constructor(scope: SymbolScope, outputs: readonly ScriptOutput[], outright: ReadonlySet<string>) {
    this.#scope = scope;
    this.#outright = outright;
    this.#outputs = new Map(outputs.map((output) => [output.placed, output]));
  }

  /** A new pass over the statements begins; values of the last one are a first guess. */
  begin(): void {
    this.#assigned.clear();
  }

  /** Whether PROVIDE defines the name: objects refer to it, and nothing else defines it. */
  isWanted(name: string): boolean {
    if (this.#outright.has(name)) return false;
    return this.#scope.globals.get(name)?.about?.kind === "assigned";
  }

  assign(name: string, value: Value): void {
    this.#values.set(name, value);
    this.#assigned.add(name);
  }

  isDefined(name: string): boolean {
    if (this.#assigned.has(name)) return true;
    const symbol = this.#scope.globals.get(name);
    return symbol !== undefined && symbol.kind !== "layout" && symbol.kind !== "undefined";
  }

  value(name: string): Value | undefined {
    const own = this.#values.get(name);
    if (own) return own;
    const symbol = this.#scope.globals.get(name);
    return symbol && symbol.kind !== "layout" ? this.#ofObject(symbol) : undefined;
  }

  /** The values of all names that the script assigns. */
  get values(): ReadonlyMap<string, Value> {
    return this.#values;
  }

  #ofObject(symbol: LinkSymbol): Value | undefined {
    if (symbol.kind === "undefined" || symbol.kind === "common") return undefined;
    const address = wrap(BigInt(symbol.address));
    const output = this.#outputs.get(symbol.input?.output);
    if (!output) return symbol.input ? undefined : { value: address, of: "absolute" };
    return { value: wrap(address - wrap(BigInt(output.placed.address))), of: output };
  }
}
