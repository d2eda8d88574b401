// Addresses that the start code defines (start.asm.ts), as numbers.

/** The word with the address of argv. */
export declare function program_arguments(): usize;
