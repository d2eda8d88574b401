// How i386 code fetches addresses from the global offset table, and what such a fetch becomes where
// the address is known. Code computes the table's address from its own (`got-address`) and fetches
// from there (`got`, `got-relaxable`):
//
//      mov foo@GOT(%ebx), %eax      ->  mov $foo, %eax (GOT32X), or lea foo@GOTOFF(%ebx), %eax
//      add foo@GOT(%ebx), %eax      ->  add $foo, %eax
//      call/jmp *foo@GOT(%ebx)      ->  call/jmp foo
//
// See the i386 psABI, 4.4 and B.2.

import type { Relocation } from "../../object/object";
import type { InputSection, LinkSymbol } from "./model";

const WORD = 4;

/** The symbol that a relocation of the section refers to. */
export type TargetOf = (relocation: Relocation) => LinkSymbol;

/** The table as far as fetches know it. */
export interface SlotTable {
  /** The symbol of the entry for `symbol`, which has this number in its object. */
  slot(symbol: LinkSymbol, number: number): LinkSymbol;
}

/** Rewrites the fetches of `input`; what cannot be changed gets an entry of `table`. */
export function relaxFetches(input: InputSection, targetOf: TargetOf, table: SlotTable): void {
  new FetchRewriter(input, targetOf, table).run();
}

/** Rewrites the fetches of one section. */
class FetchRewriter {
  readonly #bytes: Uint8Array;
  readonly #bindings: LinkSymbol[];
  #mayRelax = false;

  readonly #input: InputSection;
  readonly #targetOf: TargetOf;
  readonly #table: SlotTable;

  constructor(input: InputSection, targetOf: TargetOf, table: SlotTable) {
    this.#input = input;
    this.#targetOf = targetOf;
    this.#table = table;
    this.#bytes = input.bytes.slice();
    this.#bindings = [...input.bindings];
  }

  run(): void {
    const input = this.#input;
    const bytes = this.#bytes;
    // As GNU ld does: where no fetch is relaxable, none is changed.
    this.#mayRelax = input.relocations.some(({ kind }) => kind === "got-relaxable");
    const relocations = input.relocations.map((each) => this.#rewrite(each));
    input.content = { ...input.content, bytes, relocations };
    input.bindings = this.#bindings;
  }

  #rewrite(relocation: Relocation): Relocation {
    if (relocation.kind !== "got" && relocation.kind !== "got-relaxable") return relocation;
    const { offset } = relocation;
    const modRm = offset >= 1 ? (this.#bytes[offset - 1] ?? 0) : 0;
    const hasBase = (modRm & 0xc7) !== 0x05;
    const isRelaxed = this.#mayRelax && offset >= 2;
    const direct = isRelaxed ? this.#relax(relocation, modRm, hasBase) : undefined;
    if (direct) return direct;
    const slot = this.#table.slot(this.#targetOf(relocation), relocation.symbol);
    const symbol = this.#bindings.push(slot) - 1;
    return { ...relocation, symbol, kind: hasBase ? "got-offset" : "absolute" };
  }

  /** The same effect without the table, if the instruction has such a form. */
  #relax(relocation: Relocation, modRm: number, hasBase: boolean): Relocation | undefined {
    const { offset, kind, addend } = relocation;
    const opcode = this.#bytes[offset - 2] ?? 0;
    if (addend !== 0) return undefined;
    if (kind === "got") {
      if (opcode !== 0x8b || !hasBase) return undefined;
      this.#bytes[offset - 2] = 0x8d; // lea
      return { ...relocation, kind: "got-offset" };
    }
    const register = (modRm >> 3) & 7;
    if (opcode === 0xff) return this.#relaxBranch(relocation, register);
    if (opcode === 0x8b)
      this.#bytes.set([0xc7, 0xc0 | register], offset - 2); // mov $foo
    else if (opcode === 0x85)
      this.#bytes.set([0xf7, 0xc0 | register], offset - 2); // test $foo
    else if ((opcode & 0xc7) === 0x03) {
      // add, or, adc, sbb, and, sub, xor, cmp
      this.#bytes.set([0x81, 0xc0 | (opcode & 0x38) | register], offset - 2);
    } else return undefined;
    return { ...relocation, kind: "absolute" };
  }

  /** `call *` becomes `addr32 call`, `jmp *` becomes `jmp; nop`: both keep their six bytes. */
  #relaxBranch(relocation: Relocation, extension: number): Relocation | undefined {
    const { offset } = relocation;
    if (extension === 2) {
      this.#bytes.set([0x67, 0xe8], offset - 2);
      return { ...relocation, kind: "relative", addend: -WORD };
    }
    if (extension !== 4) return undefined;
    this.#bytes.set([0xe9, 0, 0, 0, 0, 0x90], offset - 2);
    return { ...relocation, kind: "relative", offset: offset - 1, addend: -WORD };
  }
}
