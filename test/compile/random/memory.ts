// Writes statements that keep what they compute: in locals and globals, in memory and tables.

import {
  constant,
  DROP,
  GLOBAL_SET,
  I32_ADD,
  i32,
  isFloat,
  LOCAL_GET,
  LOCAL_SET,
  LOCAL_TEE,
  NOP,
  ROTL,
  storeOf,
  XOR,
} from "./code";
import { ExpressionWriter } from "./expression";
import { GLOBALS, MUTABLE_GLOBALS, TABLES } from "./frame";
import { randomType } from "./leaf";
import { I32, LOADS, STORES } from "./ops";

/** Of the passive segment of data. */
export const PASSIVE_BYTES = 48;
/** Where values are kept to be seen. */
const KEPT = 0x400;
const KEPT_PLACES = 128;

export abstract class MemoryWriter extends ExpressionWriter {
  /** Most of the time so that what the local was before still shows. */
  protected localSet(): number[] {
    const { random } = this;
    const type = random.pick(this.locals);
    const index = this.local(type);
    if (index === undefined) return [];
    if (isFloat(type)) {
      const value = this.exact(type, 4);
      if (!random.chance(75)) return [...value, LOCAL_SET, index];
      return [...this.#place(), ...value, LOCAL_TEE, index, ...storeOf(type)];
    }
    const value = this.expression(type, 4);
    if (!random.chance(75)) return [...value, LOCAL_SET, index];
    const turned = [LOCAL_GET, index, ...constant(type, 7n), ROTL[type]!];
    return [...turned, ...value, XOR[type]!, LOCAL_SET, index];
  }

  /** The address of a place that hardly anything else is stored to. */
  #place(): number[] {
    return i32(KEPT + 8 * this.random.below(KEPT_PLACES));
  }

  /** A value that nothing uses, or that is only stored. */
  protected unused(): number[] {
    const type = randomType(this.random);
    if (this.random.chance(15)) return [...this.expression(type, 3), DROP, NOP];
    return [...this.#place(), ...this.exact(type, 3), ...storeOf(type)];
  }

  protected globalSet(): number[] {
    const index = 1 + this.random.below(MUTABLE_GLOBALS - 1);
    return [...this.exact(GLOBALS[index]!, 3), GLOBAL_SET, index];
  }

  /** A store, half of the time of what was there, changed: `x[i] op= y`. */
  protected store(): number[] {
    const { random } = this;
    const type = randomType(random);
    const op = random.pick(STORES.get(type)!);
    if (random.chance(50) || isFloat(type)) {
      return [...this.address(), ...this.exact(type, 3), ...op.bytes, ...this.memarg()];
    }
    const index = this.local(I32);
    if (index === undefined) return [];
    const place = [LOCAL_GET, index];
    const memarg = this.memarg();
    const loaded = random.chance(80) ? memarg : this.memarg();
    const left = [...place, ...random.pick(LOADS.get(type)!).bytes, ...loaded];
    const right = this.expression(type, 1);
    // What sets a local on the right could change the address, if it came first.
    const setsLocal = right.includes(LOCAL_TEE) || right.includes(LOCAL_SET);
    const isFirst = random.chance(70) || setsLocal;
    const operands = isFirst ? [...left, ...right] : [...right, ...left];
    const binary = random.pick(this.group(type, 2).filter((each) => !each.isDivision));
    const moved = [...this.address(), LOCAL_SET, index];
    return [...moved, ...place, ...operands, ...binary.bytes, ...op.bytes, ...memarg];
  }

  protected bulk(): number[] {
    const { random } = this;
    const kind = random.below(10);
    const count = random.chance(80) ? this.small(64) : this.small(512);
    if (kind < 3) return [...this.#overlapping(), ...count, 0xfc, 10, 0, 0];
    if (kind < 5) return [...this.address(), ...this.address(), ...count, 0xfc, 10, 0, 0];
    if (kind < 7) return [...this.address(), ...this.expression(I32, 1), ...count, 0xfc, 11, 0];
    if (kind === 9 && random.chance(30)) return [0xfc, 9, 1];
    const part = [...this.small(PASSIVE_BYTES - 16), ...this.small(16)];
    // The active segment is empty when code runs.
    return [...this.address(), ...part, 0xfc, 8, random.chance(95) ? 1 : 0, 0];
  }

  /** Two addresses near each other. */
  #overlapping(): number[] {
    const { random } = this;
    const distance = [...i32(64 + random.below(80) - 40), I32_ADD];
    const index = this.local(I32);
    if (index === undefined) {
      const address = i32(random.below(0x1000));
      return [...address, ...distance, ...address, ...i32(64), I32_ADD];
    }
    const from = [LOCAL_GET, index, ...i32(64), I32_ADD];
    return [...this.address(), LOCAL_TEE, index, ...distance, ...from];
  }

  protected tableStatement(): number[] {
    const { random } = this;
    if (!this.around.changesTables) return this.localSet();
    const table = random.below(2);
    const size = TABLES[table]!.size;
    const index = this.small(size);
    const start = this.small(size - 3);
    const some = [...this.small(2), ...this.small(4)];
    switch (random.below(6)) {
      case 0:
        return [...index, ...this.reference(), 0x26, table];
      case 1:
        return [...start, ...some, 0xfc, 14, table, random.below(2)];
      case 2:
        return [...start, ...some, 0xfc, 12, 2, table];
      case 3:
        return [...start, ...this.reference(), ...this.small(4), 0xfc, 17, table];
      case 4:
        return random.chance(20) ? [0xfc, 13, 2] : this.localSet();
      default:
        return [...this.reference(), ...this.small(3), 0xfc, 15, 1, DROP];
    }
  }
}
