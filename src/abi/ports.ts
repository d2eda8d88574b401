// I/O ports through which the kernel speaks to the emulator that it may run in.
//
// On a real PC nothing answers there, and the kernel falls back to ACPI and then to `hlt`.

/** Bochs' debug console: QEMU's `-debugcon`, v86 by a hook. The exit status is written to it. */
export const PORT_DEBUG_CONSOLE: u32 = 0xe9;
/** QEMU's `isa-debug-exit` and v86 by a hook: any write of a byte ends the machine. */
export const PORT_EXIT: u32 = 0xf4;
