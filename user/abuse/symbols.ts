// Addresses of the symbols that abuse.asm.ts defines.

export declare function machine_cases(): usize;
export declare function interrupts(): usize;
