// Which function of the source a place is in, and which functions call which others, as the module
// before optimisation says.
//
// Instances of a generic function have one declaration, and count as one here.

import type { Place } from "../../base/diagnostic";
import type { FunctionFact, SourceFacts } from "../assemblyscript/source-facts";
import { Op } from "../wasm/opcodes";
import type { WasmFunction } from "../wasm/wasm";

/** A function as it is declared. */
export interface SourceFunction {
  readonly fact: FunctionFact;
  /** By the function that is called: where. */
  readonly calls: ReadonlyMap<SourceFunction, readonly CallPlace[]>;
}

export interface CallPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

class Declaration implements SourceFunction {
  readonly bodies: WasmFunction[] = [];
  private found: Map<SourceFunction, CallPlace[]> | undefined;

  constructor(
    readonly fact: FunctionFact,
    private readonly functions: SourceFunctions,
  ) {}

  get start(): number {
    return positionOf(this.fact.place);
  }

  get end(): number {
    return positionOf(this.fact.end);
  }

  get calls(): ReadonlyMap<SourceFunction, readonly CallPlace[]> {
    this.found ??= this.functions.findCalls(this, this.bodies);
    return this.found;
  }
}

export class SourceFunctions {
  /** By file, ascending by start: of those that contain a place, the last is the innermost. */
  private readonly byFile = new Map<string, Declaration[]>();
  private readonly byName = new Map<string, Declaration>();

  constructor(private readonly facts: SourceFacts) {
    const known = new Map<string, Declaration>();
    for (const [name, fact] of facts.functions) {
      const { file, line, column } = fact.place;
      const key = `${file}:${line}:${column}`;
      const declaration = known.get(key) ?? new Declaration(fact, this);
      this.byName.set(name, declaration);
      if (known.has(key)) continue;
      known.set(key, declaration);
      const others = this.byFile.get(file);
      if (others) others.push(declaration);
      else this.byFile.set(file, [declaration]);
    }
    for (const list of this.byFile.values()) list.sort((a, b) => a.start - b.start);
    for (const fn of facts.original.module.functions) {
      if (fn.body) this.byName.get(fn.name)?.bodies.push(fn);
    }
  }

  /** The function with this name in the module. */
  named(name: string): SourceFunction | undefined {
    return this.byName.get(name);
  }

  /** The innermost function around a place; undefined: it is in none. */
  around({ file, line, column }: Place): SourceFunction | undefined {
    const list = this.byFile.get(file);
    if (!list || line === undefined) return undefined;
    const at = positionOf({ line, column: column ?? 0 });
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]!.start <= at) low = middle + 1;
      else high = middle;
    }
    for (let i = low - 1; i >= 0; i--) if (list[i]!.end >= at) return list[i];
    return undefined;
  }

  /** Calls, and code of functions that the front end itself inlined. */
  findCalls(from: SourceFunction, bodies: readonly WasmFunction[]) {
    const { module, sourceMap } = this.facts.original;
    const found = new Map<SourceFunction, CallPlace[]>();
    const add = (target: SourceFunction, place: Place): void => {
      const { file, line = 0, column = 0 } = place;
      const places = found.get(target);
      if (!places) found.set(target, [{ file, line, column }]);
      else if (!places.some((each) => each.line === line && each.column === column)) {
        places.push({ file, line, column });
      }
    };
    for (const { body } of bodies) {
      let own: Place | undefined;
      const { op, a, at, length } = body!.code;
      for (let i = 0; i < length; i++) {
        const place = sourceMap.lookup(at[i]!);
        if (!place) continue;
        const around = this.around(place);
        if (around === from) own = place;
        else if (around && own) add(around, own);
        if (op[i] !== Op.call || around !== from) continue;
        const callee = this.byName.get(module.functions[a[i]!]!.name);
        if (callee) add(callee, place);
      }
    }
    return found;
  }
}

/** Lines and columns as one number that orders them. */
function positionOf({ line, column }: { line: number; column: number }): number {
  return line * 0x1_0000 + column;
}
