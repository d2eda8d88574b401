// Why a program stops: WebAssembly's traps, and how the machine code of each can be told apart.
//
//   unreachable            ud2
//   a check that failed    ud1 eax, [kind]      the kind is the operand's displacement
//   division               the processor's own #DE; the operands say which of the two it is
//   in own memory          a call of what the target names (emit/trap-code.ts): the place, the trap
//
// `ud1` is undefined like `ud2` and has operands that are never read: as in Clang's sanitizers,
// the handler of #UD finds there what happened. Both are SIGILL in a process.

/** Traps in the words of the standard's interpreter; the index is the kind. */
const TRAPS = [
  "unreachable",
  "undefined element",
  "uninitialized element",
  "indirect call type mismatch",
  "out of bounds table access",
  "out of bounds memory access",
  "integer overflow",
  "invalid conversion to integer",
  "uncaught exception",
  "integer divide by zero",
] as const;

export type Trap = (typeof TRAPS)[number];

/** The number of a trap, as it stands in a value or an instruction. */
export function trapKind(trap: Trap): number {
  return TRAPS.indexOf(trap);
}

/** The trap of a number; undefined: there is none. */
export function trapOf(kind: number): Trap | undefined {
  return TRAPS[kind];
}
