// How x86-64 code fetches addresses from the global offset table, and what such a fetch becomes
// where the address is known:
//
//      mov foo@GOTPCREL(%rip), %rax    ->  mov $foo, %rax, or lea foo(%rip), %rax
//      add foo@GOTPCREL(%rip), %rax    ->  add $foo, %rax
//      call *foo@GOTPCREL(%rip)        ->  addr32 call foo
//      jmp *foo@GOTPCREL(%rip)         ->  jmp foo; nop
//
// An immediate reaches 2 GiB at either end of the address space, so it is used for what lies there:
// layouts say where regions are before addresses are known. Elsewhere `mov` becomes `lea`, and the
// others fetch. Choices and bytes are those of GNU ld, which refuses such kernels.
// See the x86-64 psABI, 4.4 and B.2.

import type { Relocation } from "../../object/object";
import type { InputSection, LinkSymbol } from "./model";
import type { SlotTable, TargetOf } from "./relax-fetches-i386";

const WORD = 4;
const REX_W = 8;
const REX_R = 4;
const CALL = 0x15;
const JUMP = 0x25;

/** Rewrites the fetches of `input`; what cannot be changed gets an entry of `table`. */
export function relaxFetches64(input: InputSection, targetOf: TargetOf, table: SlotTable): void {
  new FetchRewriter(input, targetOf, table).run();
}

/** Rewrites the fetches of one section. */
class FetchRewriter {
  readonly #bytes: Uint8Array;
  readonly #bindings: LinkSymbol[];

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
    const relocations = input.relocations.map((each) => this.#rewrite(each));
    input.content = { ...input.content, bytes: this.#bytes, relocations };
    input.bindings = this.#bindings;
  }

  #rewrite(relocation: Relocation): Relocation {
    switch (relocation.kind) {
      case "got":
        return this.#fetch(relocation, "got-offset");
      case "got-relative":
      case "got-relative-relaxable":
      case "got-relative-rex":
        return this.#relax(relocation) ?? this.#fetch(relocation, "relative");
      default:
        return relocation;
    }
  }

  /** From an entry of the table. */
  #fetch(relocation: Relocation, kind: "got-offset" | "relative"): Relocation {
    const slot = this.#table.slot(this.#targetOf(relocation), relocation.symbol);
    const symbol = this.#bindings.push(slot) - 1;
    return { ...relocation, symbol, kind };
  }

  /** The same effect without the table, if the instruction has such a form. */
  #relax(relocation: Relocation): Relocation | undefined {
    const { offset, kind, addend, width } = relocation;
    const hasRex = kind === "got-relative-rex";
    if (offset < (hasRex ? 3 : 2) || addend !== -WORD || width !== WORD) return undefined;
    const opcode = this.#bytes[offset - 2] ?? 0;
    if (kind === "got-relative") return opcode === 0x8b ? this.#lea(relocation) : undefined;
    if (opcode === 0xff) return this.#branch(relocation);
    const rex = hasRex ? (this.#bytes[offset - 3] ?? 0) : 0;
    const isWide = (rex & REX_W) !== 0;
    if (reaches(this.#targetOf(relocation), isWide)) {
      return this.#immediate(relocation, opcode, rex, isWide);
    }
    return opcode === 0x8b ? this.#lea(relocation) : undefined;
  }

  #lea(relocation: Relocation): Relocation {
    this.#bytes[relocation.offset - 2] = 0x8d;
    return { ...relocation, kind: "relative" };
  }

  #immediate(
    { offset, symbol }: Relocation,
    opcode: number,
    rex: number,
    isWide: boolean,
  ): Relocation {
    const register = ((this.#bytes[offset - 1] ?? 0) >> 3) & 7;
    const isMove = opcode === 0x8b;
    const form = isMove
      ? [0xc7, 0xc0 | register]
      : opcode === 0x85
        ? [0xf7, 0xc0 | register] // test
        : [0x81, 0xc0 | (opcode & 0x38) | register]; // add, or, adc, sbb, and, sub, xor, cmp
    this.#bytes.set(form, offset - 2);
    // The register is the other operand now, whose bit in the prefix is another one.
    if (rex !== 0) this.#bytes[offset - 3] = (rex & ~REX_R) | ((rex & REX_R) >> 2);
    const kind = isWide ? "signed" : "absolute";
    return { offset, kind, width: WORD, symbol, addend: 0 };
  }

  /** `call *` becomes `addr32 call`, `jmp *` becomes `jmp; nop`: both keep their six bytes. */
  #branch(relocation: Relocation): Relocation | undefined {
    const { offset } = relocation;
    const modRm = this.#bytes[offset - 1];
    if (modRm === CALL) {
      this.#bytes.set([0x67, 0xe8], offset - 2);
      return { ...relocation, kind: "relative" };
    }
    if (modRm !== JUMP) return undefined;
    this.#bytes.set([0xe9, 0, 0, 0, 0, 0x90], offset - 2);
    return { ...relocation, kind: "relative", offset: offset - 1 };
  }
}

/** Whether the symbol is in reach of an immediate that is sign-extended, or else zero-extended. */
function reaches({ input, kind, value = 0 }: LinkSymbol, isSigned: boolean): boolean {
  const [least, most] = isSigned ? [-(2 ** 31), 2 ** 31] : [0, 2 ** 32];
  if (kind === "number") return value >= least && value < most;
  const region = input?.output?.plan.region;
  if (!region) return true; // It is 0, or an edge of something, which is near.
  return region.start >= least && region.start < most;
}
