// What a program is compiled for: who owns its memory, and which instructions it may use.

/**
 * `kernel`: no floating point, no allocator, no start function; nothing can grow the memory.
 * `user`: everything; calls of `memory_size` and `memory_grow` reach the program's runtime.
 * `object`: exports and imports are functions of C, and so the memory and its allocator are C's.
 */
export type Environment = "kernel" | "user" | "object";
