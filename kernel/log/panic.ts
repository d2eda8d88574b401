// panic(): how the kernel ends when it finds a bug of its own.
//
// Only our own bugs end here. A user's mistake gets an errno or ends the user's process (law 7).
// Each panic's text is unique, so that a search finds the place. The function itself is assembly
// (machine/i686/panic.asm.ts): it saves all registers and calls trap/post-mortem.ts, so that even
// the lowest floor can panic without importing the rest of the kernel.

/** Ends the machine because of a bug; `reason` reads "where: fact". Does not return. */
export declare function panic(reason: usize): void;
