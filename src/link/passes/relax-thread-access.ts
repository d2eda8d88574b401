// Pass: how x86-64 code finds its thread-local variables in a static image.
//
// Compilers write what works in shared libraries, too, where a call or a word of the offset table
// says how far a variable is from the thread pointer. In a static image the linker knows (x@tpoff
// is the distance), and puts instructions of the same length in their place:
//
//      mov x@gottpoff(%rip), %reg               ->  mov $x@tpoff, %reg         (and add -> lea)
//      data16 lea x@tlsgd(%rip), %rdi; call     ->  mov %fs:0, %rax; lea x@tpoff(%rax), %rax
//      lea x@tlsld(%rip), %rdi; call            ->  mov %fs:0, %rax
//      lea x@tlsdesc(%rip), %rax; call *(%rax)  ->  mov $x@tpoff, %rax; nop
//
// The forms are those that the psABI prescribes, and the new bytes those of GNU ld. See "ELF
// Handling For Thread-Local Storage", 5.5, and the x86-64 psABI, 4.6.
//
// Provides: content in which only "thread" is left, and "thread-block" in debug information.

import type { Reporter } from "../../base/reporter";
import type { Relocation, RelocationKind } from "../../object/object";
import type { InputSection } from "./model";

const REX = 0x48;
const REX_R = 0x4c;
const MOV = 0x8b;
const ADD = 0x03;
const LEA = 0x8d;

/** mov %fs:0, %rax, and what follows it. */
const LOAD_POINTER = [0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0];
const LEA_OF_POINTER = [0x48, 0x8d, 0x80, 0, 0, 0, 0];
const LONG_NOP = [0x66, 0x0f, 0x1f, 0x44, 0, 0];
const LONGER_NOP = [0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0];

const MODULE_BASE = "_TLS_MODULE_BASE_";

const OF_THREADS: ReadonlySet<RelocationKind> = new Set([
  "thread-block",
  "thread-got-relative",
  "thread-general",
  "thread-module",
  "thread-descriptor",
  "thread-descriptor-call",
] as const);

/** Rewrites the code of the live `inputs`; reports what has not one of the forms. */
export function relaxThreadAccess(inputs: readonly InputSection[], report: Reporter): void {
  for (const input of inputs) {
    if (!input.live || !input.section.flags.alloc) continue;
    if (input.isPlain || !input.relocations.some(({ kind }) => OF_THREADS.has(kind))) continue;
    new AccessRewriter(input, report).run();
  }
}

class AccessRewriter {
  readonly #bytes: Uint8Array;
  readonly #input: InputSection;
  readonly #report: Reporter;
  /** The call of __tls_get_addr that was overwritten: its relocation goes, too. */
  #gone = -1;

  constructor(input: InputSection, report: Reporter) {
    this.#input = input;
    this.#report = report;
    this.#bytes = input.bytes.slice();
  }

  run(): void {
    const input = this.#input;
    const relocations = input.relocations.flatMap((each) => this.#rewrite(each) ?? []);
    input.content = { ...input.content, bytes: this.#bytes, relocations };
  }

  #rewrite(relocation: Relocation): Relocation | undefined {
    const { kind, offset } = relocation;
    if (offset === this.#gone) return undefined;
    switch (kind) {
      case "thread-block":
        return { ...relocation, kind: "thread" };
      case "thread-got-relative":
        return this.#initialExec(relocation);
      case "thread-general":
        return this.#general(relocation);
      case "thread-module":
        return this.#module(relocation);
      case "thread-descriptor":
        return this.#descriptor(relocation);
      case "thread-descriptor-call":
        this.#bytes.set([0x66, 0x90], offset);
        return undefined;
      default:
        return relocation;
    }
  }

  /** The distance from the thread pointer, as an immediate or a displacement at `offset`. */
  #local({ symbol }: Relocation, offset: number): Relocation {
    return { offset, kind: "thread", width: 4, symbol, addend: 0 };
  }

  #byte(offset: number): number {
    return this.#bytes[offset] ?? 0;
  }

  #initialExec(relocation: Relocation): Relocation | undefined {
    const { offset } = relocation;
    const opcode = this.#byte(offset - 2);
    const register = this.#byte(offset - 1) >> 3;
    const rex = this.#byte(offset - 3);
    if (offset < 3 || (opcode !== MOV && opcode !== ADD)) return this.#refuse(relocation);
    if (rex !== REX && rex !== REX_R) return this.#refuse(relocation);
    const isHigh = rex === REX_R;
    if (opcode === MOV || register === 4) {
      // An address that counts from %rsp or %r12 is special, so `add` stays.
      if (isHigh) this.#bytes[offset - 3] = 0x49;
      this.#bytes.set([opcode === MOV ? 0xc7 : 0x81, 0xc0 | register], offset - 2);
    } else {
      if (isHigh) this.#bytes[offset - 3] = 0x4d;
      this.#bytes.set([LEA, 0x80 | register | (register << 3)], offset - 2);
    }
    return this.#local(relocation, offset);
  }

  #general(relocation: Relocation): Relocation | undefined {
    const { offset } = relocation;
    if (this.#byte(offset - 1) !== 0x3d || this.#byte(offset - 2) !== LEA) {
      return this.#refuse(relocation);
    }
    if (this.#isLargeCall(offset + 4)) {
      this.#bytes.set([...LOAD_POINTER, ...LEA_OF_POINTER, ...LONG_NOP], offset - 3);
      this.#gone = offset + 6;
      return this.#local(relocation, offset + 9);
    }
    if (offset < 4 || this.#byte(offset - 4) !== 0x66) return this.#refuse(relocation);
    this.#bytes.set([...LOAD_POINTER, ...LEA_OF_POINTER], offset - 4);
    this.#gone = offset + 8;
    return this.#local(relocation, offset + 8);
  }

  #module(relocation: Relocation): Relocation | undefined {
    const { offset } = relocation;
    if (offset < 3 || this.#byte(offset - 1) !== 0x3d || this.#byte(offset - 2) !== LEA) {
      return this.#refuse(relocation);
    }
    const call = this.#byte(offset + 4);
    const isLong = call === 0xff || call === 0x67;
    if (this.#isLargeCall(offset + 4)) {
      this.#bytes.set([...LONGER_NOP, ...LOAD_POINTER], offset - 3);
      this.#gone = offset + 6;
    } else if (isLong || call === 0xe8) {
      const prefixes = isLong ? [0x66, 0x66, 0x66, 0x66] : [0x66, 0x66, 0x66];
      this.#bytes.set([...prefixes, ...LOAD_POINTER], offset - 3);
      this.#gone = offset + (isLong ? 6 : 5);
    } else return this.#refuse(relocation);
    return undefined;
  }

  /** movabs $__tls_get_addr@pltoff, %rax; add %rbx, %rax; call *%rax */
  #isLargeCall(offset: number): boolean {
    return this.#byte(offset) === 0x48 && this.#byte(offset + 1) === 0xb8;
  }

  #descriptor(relocation: Relocation): Relocation | undefined {
    const { offset } = relocation;
    if (offset < 3 || this.#byte(offset - 2) !== LEA) return this.#refuse(relocation);
    const rex = this.#byte(offset - 3);
    const register = (this.#byte(offset - 1) >> 3) & 7;
    this.#bytes.set([0x48 | ((rex >> 2) & 1), 0xc7, 0xc0 | register], offset - 3);
    // Of the block itself: in a static image variables count from the thread pointer.
    if (this.#input.object.symbols[relocation.symbol]?.name === MODULE_BASE) return undefined;
    return this.#local(relocation, offset);
  }

  #refuse({ offset }: Relocation): undefined {
    const input = this.#input;
    const text = `${input.describe(offset)} uses a thread-local variable in a form of its own`;
    const remedy = "Compile with -fno-pic -ftls-model=local-exec, or write mov %fs:x@tpoff, %reg.";
    this.#report.error("LINK032", text, remedy, input.placeOf(offset));
    return undefined;
  }
}
