// The code of traps, after a function's blocks: where checks that fail jump to.
//
//   ud1 eax, [kind]            nothing but the trap's number (ir/trap.ts); the place is EIP
//
//   mov eax, POSITION          what names the place: the byte of the module, then
//   jmp tail                   for each kind of trap in the function once:
//   tail: mov edx, NAME; mov ecx, TEXT; call isthmus.trap
//
// `isthmus.trap` does not return. The second form is for programs that report traps themselves,
// where no exception of the processor is (docs/object-abi.md).

import type { Assembler } from "../../x86/assembler";
import { type Label, mem32, symbol } from "../../x86/operand";
import { eax, ecx, edx } from "../../x86/registers";
import { trapKind, trapOf } from "../ir/trap";
import { TRAP_ROUTINE } from "../runtime/own-object";
import type { Frame } from "./frame";

/** The text of a trap, as C has it. */
export function trapText(kind: number): string {
  return `isthmus.trap.${kind}`;
}

interface Site {
  readonly label: Label;
  readonly kind: number;
  readonly position: number;
  /** What is on the stack there. */
  readonly frame: Frame;
}

/** The traps of one function. */
export class TrapCode {
  readonly #a: Assembler;
  readonly #fn: string;
  readonly #calls: boolean;
  readonly #sites: Site[] = [];

  /** @param calls whether traps are calls */
  constructor(a: Assembler, fn: string, calls: boolean) {
    this.#a = a;
    this.#fn = fn;
    this.#calls = calls;
  }

  get isEmpty(): boolean {
    return this.#sites.length === 0;
  }

  /** Where to jump for a trap at this byte of the module. */
  site(kind: number, position: number, frame: Frame): Label {
    const label = this.#a.newLabel();
    this.#sites.push({ label, kind, position, frame });
    return label;
  }

  /** Appends the code, within the function; `note` says where each comes from. */
  emit(note: (position: number, frame: Frame) => void): void {
    const a = this.#a;
    const tailsIn = new Map<Frame, Map<number, Label>>();
    for (const { label, kind, position, frame } of this.#sites) {
      const tails = tailsIn.get(frame) ?? new Map<number, Label>();
      tailsIn.set(frame, tails);
      a.label(label);
      note(position, frame);
      if (!this.#calls) {
        emitTrap(a, kind);
        continue;
      }
      a.mov(eax, position);
      const tail = tails.get(kind);
      if (tail) a.jmp(tail);
      else tails.set(kind, this.#tail(kind));
    }
  }

  #tail(kind: number): Label {
    const a = this.#a;
    const label = a.newLabel();
    a.label(label);
    a.mov(edx, symbol(nameSymbol(this.#fn)));
    a.mov(ecx, symbol(trapText(kind)));
    a.call(TRAP_ROUTINE);
    return label;
  }
}

/** Appends a function's name as C has it. */
export function emitName(a: Assembler, fn: string): void {
  a.section(`.rodata.${nameSymbol(fn)}`, {});
  a.local(nameSymbol(fn), "object");
  a.bytes(cString(fn));
}

/** What a function's name as C has it is called. */
export function nameSymbol(fn: string): string {
  return `isthmus.name.${fn}`;
}

/** Text as C has it. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** The instruction of a trap. */
function emitTrap(a: Assembler, kind: number): void {
  if (kind === trapKind("unreachable")) a.ud2();
  else a.ud1(eax, mem32({ disp: kind }));
}

/** Appends the texts of all traps. */
export function emitTrapTexts(a: Assembler): void {
  for (let kind = 0; ; kind++) {
    const text = trapOf(kind);
    if (text === undefined) return;
    a.section(`.rodata.${trapText(kind)}`, {});
    a.local(trapText(kind), "object");
    a.bytes(cString(text));
  }
}
