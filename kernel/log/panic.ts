// The end of a kernel that found itself wrong: a name that every file may use.
//
// Only bugs of ours come here. What a user does wrong gets an errno or ends the user's process
// (law 7). Each panic's text is unique, so that a search finds the place. The function itself is
// assembly (panic.asm.ts), which saves all registers and calls post-mortem.ts: so that a file of
// the lowest floor that panics does not import the whole kernel for it.

/** Ends the machine because of a bug; `reason` reads "where: fact". Does not return. */
export declare function panic(reason: usize): void;
