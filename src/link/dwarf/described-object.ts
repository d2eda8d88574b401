// An object as debug information sees it: what it knows of its source, and which of its code is in
// the file that the information is written for.

import type { ObjectFile } from "../../object/object";
import type { LinkedFunction } from "../passes/functions";
import type { InputSection } from "../passes/model";

/** Where a symbol of an object lies. */
export interface SymbolPlace {
  readonly input: InputSection;
  readonly offset: number;
}

/** An object and what of it is in the file. */
export interface DescribedObject {
  readonly object: ObjectFile;
  /** Ascending by address; none is empty. */
  readonly functions: readonly LinkedFunction[];
  /** Undefined: the symbol is not in the file, or not known here. */
  locate(symbol: string): SymbolPlace | undefined;
}
