// How code reaches linear memory, in each of the two modes.
//
//   shared   memory is the address space, from `base` on: an access is one, and nothing is checked
//   own      memory is an array of the module's: accesses are marked, and each has a check before
//            it unless the address is known to lie below the memory's first size

import { factsOf, type IrOp, isConst, OWN_MEMORY, type Value } from "../ir/ir";
import { boundSymbol, type OwnMemory, SIZE_LIMIT } from "../ir/own-memory";
import type { ValueBuilder } from "../ir/value-builder";

/** Builds accesses to linear memory. */
export class LinearMemory {
  /** @param base what is added to addresses, unless the memory is the module's own */
  constructor(
    readonly values: ValueBuilder,
    readonly base: number,
    readonly own: OwnMemory | undefined,
  ) {}

  /** A load or store of what is at `address` + `offset`, checked before. */
  access(op: IrOp, args: Value[], offset: number): Value {
    this.check(args[0]!, (offset >>> 0) + factsOf(op).bits! / 8);
    return this.part(op, args, offset);
  }

  /** The same, for what a check before covers. */
  part(op: IrOp, args: Value[], offset: number): Value {
    if (this.own) return this.values.effect(op, args, offset, OWN_MEMORY);
    return this.values.effect(op, args, (offset + this.base) | 0);
  }

  /** Traps unless `bytes` bytes begin at `address`, in a memory of the module's own. */
  check(address: Value, bytes: number): void {
    const { own, values } = this;
    if (!own) return;
    const isKnown = isConst(address);
    if (isKnown && (address.immediate >>> 0) + bytes <= own.bytes) return;
    // More than there may be; or more than any memory has: then no address will do.
    const isBeyond = bytes > own.bytes;
    if (bytes >= SIZE_LIMIT) this.#compare(values.constant(-1), 0, own);
    else {
      if (isBeyond) this.#compare(values.constant(bytes), 0, own);
      this.#compare(address, bytes, own);
    }
  }

  #compare(address: Value, bytes: number, { bytes: least }: OwnMemory): void {
    const check = this.values.effect("check", [address], bytes | 0);
    check.highImmediate = Math.max(least, bytes) | 0;
  }

  /** The size in bytes. */
  size(): Value {
    const { own, values } = this;
    if (!own || own.isFixed) return values.constant(own?.bytes ?? 0);
    return values.effect("load32", [values.fn.symbol(boundSymbol(0))]);
  }

  /** An address of linear memory as the processor knows it. */
  pointer(address: Value): Value {
    const { own, values } = this;
    if (!own) return values.emit("add", address, values.constant(this.base));
    if (own.symbol === undefined) return values.emit("add", address, values.constant(own.base));
    const symbol = values.fn.symbol(own.symbol, own.base);
    return values.emit("add", address, symbol);
  }
}
