// The sizes of the static storage of the WASI runtime, which storage.asm.ts reserves: the runtime
// itself has no static data, so that it can be linked anywhere.
//
//   settings     0  base      address of linear memory
//                4  count     of preopened directories; then for each
//                   guest     address and length of its name for the program
//                   host      address of its path, which ends in NUL
//   descriptor   0  host      the host's descriptor, or -1 where there is none
//                4  type      a type of file
//                8  preopen   address and length of the name, or 0
//                16 rights    what may be done with it
//                24 inherited what may be done with what is opened through it

export const SETTINGS_BASE: u32 = 0;
export const SETTINGS_COUNT: u32 = 4;
export const SETTINGS_PREOPENS: u32 = 8;
export const PREOPEN_SIZE: u32 = 12;

export const DESCRIPTORS: u32 = 1024;
export const DESCRIPTOR_SIZE: u32 = 32;

/** Directories that a path goes through at most, one in the other. */
export const MAX_DEPTH: u32 = 250;
/** What is still to be resolved: a path and what symbolic links put before its rest. */
export const REST_SIZE: u32 = 0x2000;
/** Depth, flags, directories, and the last name with a NUL. */
export const PATH_REST: u32 = 0x600;
export const PATH_SIZE: u32 = PATH_REST + REST_SIZE;
export const PATHS: u32 = 2;

export const SCRATCH_SIZE: u32 = 0x4000;
