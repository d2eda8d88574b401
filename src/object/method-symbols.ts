// Lets debuggers know methods by the names that AssemblyScript has for them: `break Point#sum`. In
// debug information they have those that expressions of C can have, `Point.sum`.

import type { ObjectFile, ObjectSymbol } from "./object";

/** The object with one more local symbol for each method of an instance that has code. */
export function withMethodSymbols(object: ObjectFile): ObjectFile {
  const names = new Map<string, string>();
  for (const { symbol, name } of object.debug?.functions ?? []) {
    if (symbol.includes("#")) names.set(symbol, name.replace(/\.([^.]*)$/, "#$1"));
  }
  const taken = new Set(object.symbols.map(({ name }) => name));
  const added = object.symbols.flatMap((symbol): ObjectSymbol[] => {
    const name = names.get(symbol.name);
    if (name === undefined || taken.has(name)) return [];
    taken.add(name);
    return [{ ...symbol, name, binding: "local" }];
  });
  return { ...object, symbols: [...object.symbols, ...added] };
}
