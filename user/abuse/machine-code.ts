// The functions of abuse.asm.ts.

/** Calls the code at an address and returns the EAX that it leaves. */
export declare function call_code(address: usize): i32;
/** Goes to an address with `value` in every register but ESP. */
export declare function jump_hostile(address: usize, value: u32): void;
/** Pushes until that is impossible. */
export declare function overflow_stack(): void;
