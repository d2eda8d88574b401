// Functions in assembly that TypeScript calls.

/** trampoline.asm.ts: leaves the kernel for the user program at `entry`. */
export declare function enter_user(entry: usize, stack: usize): void;
/** boot.asm.ts: all segment registers from the GDT that `lgdt` has named. */
export declare function reload_segments(): void;
