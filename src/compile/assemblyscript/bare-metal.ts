// What a program must not do without a runtime under it, found in its code before optimisation.
//
// The code shows exactly what is reachable and what each expression does; the sources do not:
// a `+` may add numbers or allocate a string. A forbidden act inside asc's library is reported at
// the calls from the program's own sources that lead to it.
//
//   kernel           floats, allocation, growing the memory, code that runs before main
//   object           allocation, growing the memory
//   all              functions that only a JavaScript host could provide; for an object, C does
//                    provide functions, but none that has a dot in its name

import { Diagnostic, type Place } from "../../base/diagnostic";
import { isFloatOpcode, Op, opcodeName } from "../wasm/opcodes";
import type { WasmFunction, WasmModule } from "../wasm/wasm";
import type { Environment } from "./environment";
import type { SourceMap } from "./source-map";

interface Ban {
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
}

const FLOAT: Ban = {
  code: "BARE005",
  text: "the kernel has no floating-point numbers (the FPU's state belongs to user programs)",
  remedy: "Use integers; the type `number` is f64, and `/` on it yields fractions.",
};
const ALLOCATION: Ban = {
  code: "BARE006",
  text: "this allocates a managed object, which the kernel does not have",
  remedy: "Use an @unmanaged class in memory of the kernel's own heap, static data or cstr.",
};
const OBJECT_ALLOCATION: Ban = {
  code: "BARE010",
  text: "this allocates a managed object, but the memory of an object is managed by C",
  remedy: "Take memory from the caller or from malloc, or compile a whole program: --target linux.",
};
const OBJECT_GROWTH: Ban = {
  code: "BARE011",
  text: "an object's memory is that of the program that it is linked into, and does not grow",
  remedy: "Take memory from the caller or from malloc.",
};
const GROWTH: Ban = {
  code: "BARE007",
  text: "the kernel's memory is the whole address space and does not grow",
  remedy: "Take frames or heap from the kernel's memory management.",
};
const INITIALISER: Ban = {
  code: "BARE008",
  text: "this would run before the kernel's entry, where nothing calls it",
  remedy: "Initialise with a constant, and assign the rest in a function that the boot code calls.",
};
const HOST: Ban = {
  code: "BARE009",
  text: "this needs a function of a JavaScript host",
  remedy: "Use what the kernel or the user runtime offers instead.",
};

/** What asc's library declares for JavaScript to provide is imported from this module. */
const HOST_MODULE = "env";
/** Those of them that cannot be functions of C. */
const HOST_ONLY = /\.|^(trace|seed)$/;
const ALLOCATORS = /^~lib\/rt\/.*\/__(new|renew|alloc|realloc)$/;
const LIBRARY = "~lib/";
const IDLE = /^(drop|end|global\.get|i(32|64)\.(?!load|store)[a-z0-9_]+)$/;
/** asc's start function, and the part of it that belongs to one source file. */
const START = /^(~start$|start:(?!~lib\/))/;

/**
 * Finds the places in the program's sources that do what the target forbids.
 *
 * @param module the module as asc emits it without optimisation
 * @param map    its source map
 */
export function checkBareMetal(
  module: WasmModule,
  map: SourceMap,
  target: Environment,
): Diagnostic[] {
  const checker = new BareMetalChecker(module, map);
  if (target === "kernel") {
    checker.forbid(FLOAT, (_, op) => op !== undefined && isFloatOpcode(op));
    checker.forbid(ALLOCATION, (each, op) => op === undefined && ALLOCATORS.test(each.name));
    checker.forbid(GROWTH, growsMemory);
    checker.forbidStart();
  }
  if (target === "object") {
    checker.forbid(OBJECT_ALLOCATION, (each, op) => op === undefined && ALLOCATORS.test(each.name));
    checker.forbid(OBJECT_GROWTH, growsMemory);
  }
  checker.forbid(HOST, ({ imported }, op) => {
    if (op !== undefined || imported?.module !== HOST_MODULE) return false;
    return target !== "object" || HOST_ONLY.test(imported.name);
  });
  return checker.found;
}

/** Whether a function, or with `op` one of its instructions, does something forbidden. */
type Act = (each: WasmFunction, op?: number) => boolean;

function growsMemory({ name }: WasmFunction, op?: number): boolean {
  return isGrowth(op) && !name.startsWith(LIBRARY);
}

class BareMetalChecker {
  readonly #module: WasmModule;
  readonly #map: SourceMap;
  readonly found: Diagnostic[] = [];
  readonly #seen = new Set<string>();
  readonly #bodies: readonly Instruction[][];

  constructor(module: WasmModule, map: SourceMap) {
    this.#module = module;
    this.#map = map;
    this.#bodies = module.functions.map(instructions);
  }

  /** Reports each place that does this, or that calls what does it and has no place itself. */
  forbid(ban: Ban, act: Act): void {
    const guilty = this.#guilty(act);
    for (const each of this.#module.functions) {
      for (const { op, a, at } of this.#body(each)) {
        if (act(each, op) || (op === Op.call && guilty.has(a))) this.#report(ban, at);
      }
    }
  }

  /** Reports the lines that do something before the entry. */
  forbidStart(): void {
    for (const each of this.#module.functions) {
      if (!START.test(each.name)) continue;
      const code = this.#placed(each).filter(({ op, a }) => !this.#isNestedStart(op, a));
      const acting = new Set(code.filter(({ op }) => !isIdle(op)).map(({ at }) => this.#line(at)));
      for (const { at } of code) {
        if (acting.has(this.#line(at))) this.#report(INITIALISER, at);
      }
    }
  }

  /** A function's code, where what has no place is where the instruction before it is. */
  #placed(each: WasmFunction): Instruction[] {
    let last = 0;
    return this.#body(each).map((instruction) => {
      if (this.#place(instruction.at)) last = instruction.at;
      return { ...instruction, at: last };
    });
  }

  #isNestedStart(op: number, callee: number): boolean {
    return op === Op.call && START.test(this.#module.functions[callee]?.name ?? "");
  }

  #line(at: number): string {
    const place = this.#place(at);
    return `${place?.file}:${place?.line}`;
  }

  /** The functions that do this, themselves or by a call, at no place in the sources. */
  #guilty(act: Act): Set<number> {
    const guilty = new Set<number>();
    for (let size = -1; size < guilty.size; ) {
      size = guilty.size;
      for (const each of this.#module.functions) {
        if (!guilty.has(each.index) && this.#isGuilty(each, act, guilty)) guilty.add(each.index);
      }
    }
    return guilty;
  }

  #isGuilty(each: WasmFunction, act: Act, guilty: ReadonlySet<number>): boolean {
    if (act(each)) return true;
    for (const { op, a, at } of this.#body(each)) {
      const acts = act(each, op) || (op === Op.call && guilty.has(a));
      if (acts && this.#place(at) === undefined) return true;
    }
    return false;
  }

  #body({ index }: WasmFunction): readonly Instruction[] {
    return this.#bodies[index] ?? [];
  }

  /** The place in the program's own sources, if it is there. */
  #place(at: number): Place | undefined {
    const place = this.#map.lookup(at);
    return place?.file.startsWith(LIBRARY) ? undefined : place;
  }

  #report(ban: Ban, at: number): void {
    const place = this.#place(at);
    if (place === undefined) return;
    const key = `${ban.code} ${place.file}:${place.line}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.found.push(new Diagnostic(ban.code, ban.text, ban.remedy, place));
  }
}

interface Instruction {
  readonly op: number;
  readonly a: number;
  readonly at: number;
}

function instructions({ body }: WasmFunction): Instruction[] {
  if (body === undefined) return [];
  const { length, op, a, at } = body.code;
  return Array.from({ length }, (_, i) => ({ op: op[i]!, a: a[i]!, at: at[i]! }));
}

function isGrowth(op: number | undefined): boolean {
  return op === Op["memory.grow"] || op === Op["memory.size"];
}

/**
 * Whether an instruction only computes. What is left of `if (sizeof<T>() != N) ERROR("…")`, when it
 * holds, is a comparison of constants: asc does not fold it before it optimises.
 */
function isIdle(op: number): boolean {
  return IDLE.test(opcodeName(op));
}
