// What storage.asm.ts defines, as addresses.

/** What the command line has decided: see storage.asm.ts. */
export declare function wasi_settings(): usize;
/** The table of descriptors. */
export declare function wasi_descriptors(): usize;
/** Two places for resolved paths. */
export declare function wasi_paths(): usize;
/** A buffer of SCRATCH_SIZE bytes for one call at a time. */
export declare function wasi_scratch(): usize;
