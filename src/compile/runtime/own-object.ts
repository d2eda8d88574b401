// What C calls of an object with a memory of its own, and what the object calls when it traps.
//
//   NAME_init            cdecl; completes the module and runs its start function, the first time
//   NAME_memory_size     cdecl; the size of the memory in bytes
//   NAME_memory_grow     cdecl; takes pages of 64 KiB, returns the pages before, or -1
//   NAME_trap            cdecl; what traps call. The object's own is weak, so that C can define it;
//                        it stops the program by an undefined instruction, as does its return

import type { Assembler } from "../../x86/assembler";
import { mem32 } from "../../x86/operand";
import { eax, ebp, ecx, edx, esp } from "../../x86/registers";
import { boundSymbol, OWN_GROW, type OwnMemory } from "../ir/own-memory";

const WORD = 4;
const C_STACK_ALIGN = 16;

/** What a trap calls: EAX the byte of the module, EDX the function's name, ECX which trap. */
export const TRAP_ROUTINE = "isthmus.trap";

/** The symbols of such an object beside its exports. */
export interface ObjectNames {
  readonly init: string;
  readonly memorySize: string;
  readonly memoryGrow: string;
  readonly trap: string;
}

/** Appends the functions; `start` is what runs first, if there is something. */
export function emitObjectFunctions(
  a: Assembler,
  names: ObjectNames,
  memory: OwnMemory | undefined,
  start: string | undefined,
): void {
  emitInit(a, names.init, start);
  if (memory) emitSize(a, names.memorySize, memory);
  if (memory) emitGrow(a, names.memoryGrow);
  emitTrap(a, names.trap);
}

function cFunction(a: Assembler, name: string, body: () => void, binding?: "weak" | "local"): void {
  a.section(`.text.${name}`, { execute: true });
  a.align(WORD);
  a.function(name, body, binding);
}

function emitInit(a: Assembler, name: string, start: string | undefined): void {
  if (start === undefined) {
    cFunction(a, name, () => a.ret());
    return;
  }
  const done = "isthmus.initialised";
  a.section(`.bss.${done}`, { write: true, nobits: true });
  a.align(WORD);
  a.local(done, "object");
  a.space(WORD);
  cFunction(a, name, () => {
    a.cmp(mem32({ symbol: done }), 0);
    a.jne("done");
    a.mov(mem32({ symbol: done }), 1);
    a.jmp(start);
    a.label("done");
    a.ret();
  });
}

function emitSize(a: Assembler, name: string, memory: OwnMemory): void {
  cFunction(a, name, () => {
    if (memory.isFixed) a.mov(eax, memory.bytes);
    else a.mov(eax, mem32({ symbol: boundSymbol(0) }));
    a.ret();
  });
}

function emitGrow(a: Assembler, name: string): void {
  cFunction(a, name, () => {
    a.mov(eax, mem32({ base: esp, disp: WORD }));
    a.jmp(OWN_GROW);
  });
}

/** Between what our code calls and the function of C. */
function emitTrap(a: Assembler, name: string): void {
  cFunction(
    a,
    TRAP_ROUTINE,
    () => {
      a.push(ebp);
      a.frame(2 * WORD, { ebp: 2 * WORD });
      a.mov(ebp, esp);
      a.frame(2 * WORD, { ebp: 2 * WORD }, { base: "ebp" });
      a.and(esp, -C_STACK_ALIGN);
      a.sub(esp, WORD);
      a.push(eax);
      a.push(edx);
      a.push(ecx);
      a.call(name);
      a.ud2();
    },
    "local",
  );
  cFunction(a, name, () => a.ud2(), "weak");
}
