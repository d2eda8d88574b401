// Which function of the source a place is in, and which functions call which others, as the module
// before optimisation says.
//
// Instances of a generic function have one declaration, and count as one here.

import type { FunctionFact, SourceFacts } from "../assemblyscript/source-facts";
import type { SourceMap } from "../assemblyscript/source-map";
import { Op } from "../wasm/opcodes";
import type { FunctionBody } from "../wasm/wasm";

/** A function as it is declared. */
export interface SourceFunction {
  readonly fact: FunctionFact;
  /** Its code before optimisation; undefined: there is none, or that of several instances. */
  readonly body: FunctionBody | undefined;
  /** By the function that is called: where. */
  readonly calls: ReadonlyMap<SourceFunction, readonly CallPlace[]>;
  /** How many instructions call each; Infinity: also code of others that the front end inlined. */
  readonly counts: ReadonlyMap<SourceFunction, number>;
  /** Whether a call of it may lead to a call of `target`, through any calls between. */
  reaches(target: SourceFunction): boolean;
}

export interface CallPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The instruction before optimisation; of an instance of a generic function, any one's. */
  readonly index: number;
}

interface FoundCalls {
  readonly places: ReadonlyMap<SourceFunction, readonly CallPlace[]>;
  readonly counts: ReadonlyMap<SourceFunction, number>;
}

class Declaration implements SourceFunction {
  readonly #functions: SourceFunctions;
  readonly bodies: FunctionBody[] = [];
  readonly start: number;
  readonly end: number;
  #found: FoundCalls | undefined;
  #reached: Set<SourceFunction> | undefined;

  constructor(
    readonly fact: FunctionFact,
    functions: SourceFunctions,
  ) {
    this.#functions = functions;
    this.start = positionOf(fact.place.line, fact.place.column);
    this.end = positionOf(fact.end.line, fact.end.column);
  }

  get body(): FunctionBody | undefined {
    return this.bodies.length === 1 ? this.bodies[0] : undefined;
  }

  reaches(target: SourceFunction): boolean {
    if (!this.#reached) {
      this.#reached = new Set(this.counts.keys());
      for (const each of this.#reached)
        for (const next of each.counts.keys()) this.#reached.add(next);
    }
    return this.#reached.has(target);
  }

  get calls(): ReadonlyMap<SourceFunction, readonly CallPlace[]> {
    return this.#findCalls().places;
  }

  get counts(): ReadonlyMap<SourceFunction, number> {
    return this.#findCalls().counts;
  }

  #findCalls(): FoundCalls {
    this.#found ??= this.#functions.findCalls(this, this.bodies);
    return this.#found;
  }
}

/** The function around each segment of a source map; undefined: it is in none. */
export type Owners = readonly (SourceFunction | undefined)[];

export class SourceFunctions {
  readonly #facts: SourceFacts;

  /** By file, ascending by start: of those that contain a place, the last is the innermost. */
  readonly #byFile = new Map<string, Declaration[]>();
  readonly #byName = new Map<string, Declaration>();
  readonly #originalOwners: Owners;

  constructor(facts: SourceFacts) {
    this.#facts = facts;
    const known = new Map<string, Declaration>();
    for (const [name, fact] of facts.functions) {
      const { file, line, column } = fact.place;
      const key = `${file}:${line}:${column}`;
      const declaration = known.get(key) ?? new Declaration(fact, this);
      this.#byName.set(name, declaration);
      if (known.has(key)) continue;
      known.set(key, declaration);
      const others = this.#byFile.get(file);
      if (others) others.push(declaration);
      else this.#byFile.set(file, [declaration]);
    }
    for (const list of this.#byFile.values()) list.sort((a, b) => a.start - b.start);
    for (const { name, body } of facts.original.module.functions) {
      if (body) this.#byName.get(name)?.bodies.push(body);
    }
    this.#originalOwners = this.ownersIn(facts.original.sourceMap);
  }

  /** The function with this name in the module. */
  named(name: string): SourceFunction | undefined {
    return this.#byName.get(name);
  }

  /** The innermost function around the place of each segment. */
  ownersIn(map: SourceMap): Owners {
    const byFile = map.files.map((file) => this.#byFile.get(file));
    const owners: (SourceFunction | undefined)[] = [];
    for (let segment = 0; segment < map.size; segment++) {
      const declarations = byFile[map.fileOf(segment)];
      const at = positionOf(map.lineOf(segment), map.columnOf(segment));
      owners.push(declarations && innermost(declarations, at));
    }
    return owners;
  }

  /** Calls, and code of functions that the front end itself inlined. */
  findCalls(from: SourceFunction, bodies: readonly FunctionBody[]): FoundCalls {
    const { module, sourceMap } = this.#facts.original;
    const places = new Map<SourceFunction, CallPlace[]>();
    const counts = new Map<SourceFunction, number>();
    const owners = this.#originalOwners;
    for (const { code } of bodies) {
      const { op, a, length } = code;
      const segments = sourceMap.segmentsAt(code.at);
      let own = -1;
      let added = -1;
      for (let i = 0; i < length; i++) {
        const segment = segments[i]!;
        const around = owners[segment];
        if (around === from) own = segment;
        else if (around && own >= 0 && segment !== added) {
          addPlace(places, around, this.#placeOf(own, i));
          counts.set(around, Number.POSITIVE_INFINITY);
          added = segment;
        }
        const callee =
          op[i] === Op.call ? this.#byName.get(module.functions[a[i]!]!.name) : undefined;
        if (!callee) continue;
        const count = around === from ? 1 : Number.POSITIVE_INFINITY;
        counts.set(callee, (counts.get(callee) ?? 0) + count);
        if (around === from) addPlace(places, callee, this.#placeOf(segment, i));
      }
    }
    return { places, counts };
  }

  /** The place of a segment of the module before optimisation, as that of the call at `index`. */
  #placeOf(segment: number, index: number): CallPlace {
    const { sourceMap } = this.#facts.original;
    const file = sourceMap.files[sourceMap.fileOf(segment)]!;
    const [line, column] = [sourceMap.lineOf(segment), sourceMap.columnOf(segment)];
    return { file, line, column, index };
  }
}

function addPlace(
  calls: Map<SourceFunction, CallPlace[]>,
  target: SourceFunction,
  place: CallPlace,
): void {
  const places = calls.get(target);
  if (!places) calls.set(target, [place]);
  else if (!places.some(({ line, column }) => line === place.line && column === place.column)) {
    places.push(place);
  }
}

function innermost(declarations: readonly Declaration[], at: number): Declaration | undefined {
  let low = 0;
  let high = declarations.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (declarations[middle]!.start <= at) low = middle + 1;
    else high = middle;
  }
  for (let i = low - 1; i >= 0; i--) if (declarations[i]!.end >= at) return declarations[i];
  return undefined;
}

/** Lines and columns as one number that orders them. */
function positionOf(line: number, column: number): number {
  return line * 0x1_0000 + column;
}
