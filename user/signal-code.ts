// The functions of signals.asm.ts.

/** Addresses of the handlers that signals.ts exports. */
export declare function onSignalAddress(): i32;
export declare function onFaultAddress(): i32;
/** Addresses of code that ends a handler: without SA_SIGINFO, and with it. */
export declare function restorerAddress(): i32;
export declare function longRestorerAddress(): i32;
/** Stores to an address with one instruction of six bytes. */
export declare function storeAt(address: u32): void;
export declare function stackPointer(): u32;
