// Addresses of a program's own code, as numbers: imports of module `symbols` (see ARCHITECTURE.md).

/** Where the program begins: user/start.asm.ts. */
export declare function _start(): usize;
/** Where the program's own code begins. */
export declare function main(): usize;
/** The handler of SIGALRM, where a program exports one: it gets the signal in a register. */
export declare function onAlarm(): usize;
