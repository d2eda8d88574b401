// One case of the abuse suite.

/** The case runs on every machine. */
export const NOTHING: u32 = 0;
/** The trap flag works, which it does not in v86. As in machine-case.asm.ts. */
export const SINGLE_STEP: u32 = 1;
/** The processor refuses to execute data. */
export const NO_EXECUTE: u32 = 2;
/** `iret` checks the privilege level that it returns to; v86 stops the machine instead. */
export const IRET_CHECKS: u32 = 4;
/** FXSAVE and SSE2. */
export const FLOATING_POINT: u32 = 8;

export class AbuseCase {
  constructor(
    readonly name: string,
    /** How its process may end; see outcome.ts. */
    readonly outcomes: u32,
    /** Runs in its own process; 0 is success, anything else a failure that it has explained. */
    readonly run: () => i32,
    /** For machine code: its address, instead of `run`. */
    readonly code: usize = 0,
    readonly needs: u32 = NOTHING,
  ) {}
}
