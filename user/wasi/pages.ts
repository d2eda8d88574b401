// What manages the program's memory: runtime/wasm-memory.asm.ts.

/** How many pages of 64 KiB there are. */
export declare function memory_size(): u32;
