// What to do about a name that nothing defines.

import { nearestName } from "../../base/nearest-name";
import { displayName } from "../names/demangle";
import type { SymbolScope } from "./model";

/** Names what a person may have meant by an undefined name, or says what to do. */
export function remedyForUndefined(name: string, symbols: SymbolScope): string {
  if (/^_binary_.*_(start|end|size)$/.test(name)) {
    return "Add the file to the link: binary:FILE, with the path that the symbol is made of.";
  }
  const near = nearestName(name, symbols.globals.keys());
  return near
    ? `Did you mean ${displayName(near)}?`
    : "Define it, or add the object that does to the link.";
}
