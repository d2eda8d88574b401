// I/O ports through which the kernel speaks to the emulator that it may run in.
//
// On a real PC nothing answers there, and the kernel falls back to ACPI and then to `hlt`.
//
// The kernel writes lines of ASCII to PORT_DEBUG_CONSOLE, each ended by "\n". Two of them mean
// something; the machine shows or drops any other.
//
//   exit N        the last program ended with status N, decimal, 0 to 255 (128 + signal if killed)
//   panic TEXT    the kernel gave up, and TEXT says why
//
// With `trace-port` on the kernel's command line the events of trace-event.ts are lines, too.
//
// The first line of the two above ends the run: the kernel sends its serial output first, then the
// line, then any byte to PORT_EXIT, then halts with interrupts off. A machine may stop at the line
// already, so that its memory can be read as the kernel left it.

/** Bochs' debug console: QEMU's `-debugcon`, v86 by a hook. It reads as its own number. */
export const PORT_DEBUG_CONSOLE: u32 = 0xe9;
/**
 * QEMU's `isa-debug-exit`, which is there for kernels of others, and v86 by a hook: any write of a
 * byte ends the machine.
 */
export const PORT_EXIT: u32 = 0xf4;
