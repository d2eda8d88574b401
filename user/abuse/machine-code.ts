// The functions of abuse.asm.ts.

/** Calls the code at an address and returns its EAX. */
export declare function call_code(address: usize): i32;
/** Jumps to an address with `value` in every register but ESP. */
export declare function jump_hostile(address: usize, value: u32): void;
/** Fills the x87 and XMM registers and their control registers from a pattern. */
export declare function fill_float_registers(pattern: u32): void;
/** Whether the floating-point registers are as fill_float_registers(pattern) leaves them. */
export declare function float_registers_hold(pattern: u32): bool;
/** Whether the floating-point registers are those that a new program has. */
export declare function float_registers_are_clear(): bool;
/** Makes the system call of that number with that stack pointer. Does not return. */
export declare function return_from_signal(stack: usize, number: u32): void;
/** Pushes until a push faults. */
export declare function overflow_stack(): void;
/** Loads GS with a selector. */
export declare function load_gs(selector: u32): void;
