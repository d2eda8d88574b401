// What every random expression and statement is made of: variables, constants, and what the writers
// keep in mind.
//
// A float that was computed may be any NaN: standard and processor leave sign and payload open.
// So a NaN is made a certain one where its bits are looked at (`certain`), and nowhere else:
// comparisons and conversions to integers take it as it is.

import { leb } from "../wasm/wasm-bytes";
import {
  CALL,
  constant,
  DROP,
  EQUAL,
  GLOBAL_GET,
  I32_ADD,
  i32,
  i64,
  isFloat,
  LOCAL_GET,
  LOCAL_SET,
  LOCAL_TEE,
  SELECT,
  XOR,
} from "./code";
import { FUEL, GLOBALS, plainOf, type Shape } from "./frame";
import { F32, F64, I32, I64, LOADS, OPERATIONS, type RandomOp, type Type } from "./ops";
import type { Random } from "./random";

/** What a body can refer to. */
export interface Surroundings {
  /** Functions that may be called directly: a body calls only earlier ones. */
  readonly callable: readonly Shape[];
  /** Those and this one: what may be called through a table. */
  readonly functions: readonly Shape[];
  readonly blockTypes: readonly Shape[];
  /** What exceptions of each tag carry. */
  readonly tags: readonly (readonly Type[])[];
  /** Otherwise the compiler knows what is in the tables. */
  readonly changesTables: boolean;
  /** Whether addresses may lie anywhere: traps, where memory is the module's own. */
  readonly strays: boolean;
}

/** How far from the ends of a page or of all addresses strays are. */
const EDGE = 40;

/** Sizes that random instructions keep to, or just miss. */
export const PAGE_MASK = 0xff8;

/** Iterations that a counted loop has at the most. */
export const MAX_COUNT = 12;

const CANONICAL = { [F32]: 0x7fc0_0000n, [F64]: 0x7ff8n << 48n } as Record<Type, bigint>;

export function randomType(random: Random): Type {
  return random.pick([I32, I32, I32, I64, I64, F64, F32] as const);
}

/** The local variables that a body has beyond those that it computes with. */
export interface Scratch {
  readonly f32: number;
  readonly f64: number;
  /** Counters of loops, the outermost first. */
  readonly counters: readonly number[];
  /** The counter of a loop that may be any number. */
  readonly wrapping: number;
}

export abstract class LeafWriter {
  /** What branches to the open labels take, the innermost last; a loop may be undefined. */
  protected readonly labels: (readonly Type[] | undefined)[] = [];
  /** How many counted loops are open. */
  protected counting = 0;
  /** Whether a loop is open whose counter may be any number. */
  protected isWrapping = false;
  protected budget: number;

  constructor(
    protected readonly random: Random,
    protected readonly locals: readonly Type[],
    protected readonly scratch: Scratch,
    protected readonly around: Surroundings,
    /** The local that is always an address, which nothing sets. */
    protected readonly pointer: number | undefined,
  ) {
    this.budget = 20 + random.below(140);
  }

  protected leaf(type: Type): number[] {
    const { random } = this;
    const local = this.local(type);
    if (local !== undefined && random.below(100) < 70) return [LOCAL_GET, local];
    if (type === I32 && this.counting > 0 && random.chance(30)) return this.counter();
    if (type === I32 && this.isWrapping && random.chance(40)) {
      return [LOCAL_GET, this.scratch.wrapping];
    }
    if (type === I32 && this.pointer !== undefined && random.chance(20)) {
      return random.chance(50) ? [LOCAL_GET, this.pointer] : this.pointedAt(this.pointer);
    }
    if (random.chance(25)) {
      const globals = [...GLOBALS.entries()].filter(([i, each]) => each === type && i !== FUEL);
      return [GLOBAL_GET, random.pick(globals)[0]];
    }
    return this.constant(type);
  }

  /** The word that a pointer points to. */
  protected pointedAt(pointer: number): number[] {
    return [LOCAL_GET, pointer, ...LOADS.get(I32)![0]!.bytes, ...this.memarg()];
  }

  /** The locals of a type that may be set. */
  protected localsOf(type: Type): number[] {
    return [...this.locals.keys()].filter((i) => this.locals[i] === type && i !== this.pointer);
  }

  protected local(type: Type): number | undefined {
    const candidates = this.localsOf(type);
    return candidates.length === 0 ? undefined : this.random.pick(candidates);
  }

  protected counter(): number[] {
    return [LOCAL_GET, this.scratch.counters[this.random.below(this.counting)]!];
  }

  protected constant(type: Type): number[] {
    const { random } = this;
    if (type === F32 || type === F64) {
      return constant(type, random.float(type === F32 ? "f32" : "f64"));
    }
    return constant(type, random.bits(type === I32 ? 32 : 64));
  }

  /** Makes any NaN a certain number or the canonical one. */
  protected certain(type: Type, code: readonly number[]): number[] {
    const { scratch, random } = this;
    if (random.chance(60)) return [...code, CALL, plainOf(type)];
    const place = type === F32 ? scratch.f32 : scratch.f64;
    const other = random.chance(70) ? this.constant(type) : constant(type, CANONICAL[type]!);
    const isNumber = [LOCAL_GET, place, LOCAL_GET, place, EQUAL[type]!];
    return [...code, LOCAL_TEE, place, ...other, ...isNumber, SELECT];
  }

  /** What a local is, or one more or less. */
  protected near(type: Type, local: number): number[] {
    const change = this.random.below(3) - 1;
    const changed = type === I32 ? [...i32(change), I32_ADD] : [...i64(BigInt(change)), 0x7c];
    return [LOCAL_GET, local, ...changed];
  }

  /** Operations with this many operands of the result's own type. */
  protected group(type: Type, operands: number): readonly RandomOp[] {
    const groups = OPERATIONS.get(type)!;
    const found = groups.find(
      ([first]) => first?.operands.length === operands && first.operands.every((t) => t === type),
    );
    return found ?? groups[0]!;
  }

  protected memarg(): number[] {
    const { random } = this;
    if (this.around.strays && random.chance(2)) return [0, ...leb(this.edge())];
    return [0, ...leb(random.chance(50) ? random.below(64) : 0)];
  }

  /** A number near where a memory or all addresses end, not signed. */
  protected edge(): number {
    const { random } = this;
    const end = random.pick([0x1_0000, 0x2_0000, 0x3_0000, 0x8000_0000, 0x1_0000_0000] as const);
    return Math.min(end - (EDGE >> 1) + random.below(EDGE), 0xffff_ffff);
  }

  /** Takes values of these types off the stack, into locals where there are some. */
  protected discard(types: readonly Type[]): number[] {
    return [...types].reverse().flatMap((type) => {
      const local = this.local(type);
      if (local === undefined || this.random.chance(10)) return [DROP];
      const isPlain = isFloat(type) || this.random.chance(30);
      return isPlain ? [LOCAL_SET, local] : [LOCAL_GET, local, XOR[type]!, LOCAL_SET, local];
    });
  }
}
