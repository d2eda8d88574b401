// Finds which numbers of a module are addresses of its static data, so that a linker may place it.
//
// AssemblyScript bakes the addresses of static data into code and data as plain numbers. To tell
// them from other numbers, the same sources are compiled twice, with the data at two places that
// are `distance` bytes apart; a number that moved by that distance is an address:
//
//      at 0x02000000                     at 0x02000000 + distance
//      i32.const 0x02000010      <->     i32.const 0x02000010 + distance     an address
//      i32.const -0x02000010     <->     that - distance                     an address, negated
//      i32.const 42              <->     i32.const 42                        a number
//      i32.const 0x2000          <->     anything else                       refused
//
// The last line is code that computes with the digits of an address (shifts it, say): no relocation
// can express that. `distance` is an odd multiple of DATA_ALIGN, so all bits above the alignment
// take part; what the two modules agree on holds for every aligned address.

import { Diagnostic, type Place } from "../../base/diagnostic";
import { Op } from "../wasm/opcodes";
import type { ConstantExpression, WasmModule } from "../wasm/wasm";
import { type AddressRange, dataImage } from "./module-data";

/** Where a linker puts the data is a multiple of this. */
export const DATA_ALIGN = 16;
/** Both places take numbers of equal length in wasm, so that sizes decide nothing differently. */
export const FIRST_BASE = 0x02000000;
export const SECOND_BASE = FIRST_BASE + 0x01234570;

/** +1: an address; -1: a negated address. */
export type AddressSign = 1 | -1;

export interface StaticAddresses {
  /** Constants in code that are addresses, by their byte offset in the first module. */
  readonly constants: ReadonlyMap<number, AddressSign>;
  /** Globals whose initial value is an address, by index. */
  readonly globals: ReadonlySet<number>;
  /** Addresses of words in static data that hold addresses themselves. */
  readonly words: ReadonlySet<number>;
}

/** A module and where its static data lies. */
export interface PlacedModule {
  readonly module: WasmModule;
  readonly data: AddressRange;
  /** Where a byte of the module came from, for messages. */
  readonly placeAt: (position: number) => Place | undefined;
}

/**
 * Compares two compilations of the same sources, with static data from `FIRST_BASE` and from
 * `SECOND_BASE` on.
 *
 * @throws Diagnostic COMP002 if a number depends on the place in any other way
 */
export function findStaticAddresses(first: PlacedModule, second: PlacedModule): StaticAddresses {
  return new AddressFinder(first, second).run();
}

const DISTANCE = SECOND_BASE - FIRST_BASE;

class AddressFinder {
  readonly #placed: PlacedModule;
  readonly #moved: PlacedModule;
  readonly #constants = new Map<number, AddressSign>();
  readonly #globals = new Set<number>();
  readonly #words = new Set<number>();

  readonly #first: WasmModule;
  readonly #second: WasmModule;

  constructor(placed: PlacedModule, moved: PlacedModule) {
    this.#placed = placed;
    this.#moved = moved;
    this.#first = placed.module;
    this.#second = moved.module;
  }

  run(): StaticAddresses {
    const first = this.#first;
    const second = this.#second;
    if (first.functions.length !== second.functions.length) this.#refuse(0);
    for (const index of first.functions.keys()) this.#code(index);
    if (first.globals.length !== second.globals.length) this.#refuse(0);
    for (const [index, { init }] of first.globals.entries()) {
      const other = second.globals[index]!.init;
      if (init && other && this.#initialValue(init, other)) this.#globals.add(index);
    }
    this.#data();
    return { constants: this.#constants, globals: this.#globals, words: this.#words };
  }

  #code(index: number): void {
    const left = this.#first.functions[index]!.body;
    const right = this.#second.functions[index]!.body;
    if (!left && !right) return;
    if (left?.code.length !== right?.code.length) this.#refuse(left?.offset ?? 0);
    const [a, b] = [left!.code, right!.code];
    for (let i = 0; i < a.length; i++) {
      const isEqual = a.op[i] === b.op[i] && a.b[i] === b.b[i];
      if (isEqual && a.a[i] === b.a[i]) continue;
      const at = a.at[i]!;
      if (isEqual && a.op[i] === Op["i32.const"]) {
        this.#constants.set(at, this.#sign(a.a[i]!, b.a[i]!, at));
      } else if (!isEqual || a.op[i] !== Op.br_table) this.#refuse(at);
    }
  }

  #initialValue(left: ConstantExpression, right: ConstantExpression): boolean {
    if (left.op === right.op && left.a === right.a && left.b === right.b) return false;
    const isAddress = left.op === Op["i32.const"] && right.op === left.op;
    if (!isAddress || this.#sign(left.a, right.a, left.at) < 0) this.#refuse(left.at);
    return true;
  }

  /** Segments may be cut differently, so whole images are compared. */
  #data(): void {
    const a = viewOf(this.#placed);
    const b = viewOf(this.#moved);
    if (a.byteLength !== b.byteLength) this.#refuse(0);
    for (let at = 0; at + 4 <= a.byteLength; at += 4) {
      const [left, right] = [a.getInt32(at, true), b.getInt32(at, true)];
      if (left === right) continue;
      if (this.#sign(left, right, 0) < 0) this.#refuse(0);
      this.#words.add(this.#placed.data.start + at);
    }
  }

  #sign(left: number, right: number, at: number): AddressSign {
    if (((right - left) | 0) === DISTANCE) return 1;
    if (((left - right) | 0) === DISTANCE) return -1;
    return this.#refuse(at);
  }

  #refuse(at: number): never {
    throw new Diagnostic(
      "COMP002",
      "this depends on the digits of an address of static data, which only the linker will know",
      "Add to and subtract from addresses only, or ask the caller for the memory.",
      this.#placed.placeAt(at) ?? { file: this.#first.file },
    );
  }
}

function viewOf({ module, data }: PlacedModule): DataView {
  return new DataView(dataImage(module, data).buffer);
}
