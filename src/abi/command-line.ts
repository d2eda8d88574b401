// How the kernel's command line is written: by the tools (src/machine/command-line.ts), and read by
// the kernel.
//
//   [LOADER'S WORD] [KEY=VALUE …] [-- PROGRAM [ARGUMENT …]]
//
// - Words are separated by one or more spaces. QEMU puts the path of the kernel's file before them,
//   so the kernel ignores a word that it does not know.
// - After the first word `--` come the program to run instead of the shell and its arguments.
// - A byte other than [A-Za-z0-9_./=,:@+-] is written as `%` and two hexadecimal digits, in every
//   word; characters are UTF-8. No loader's own syntax (GRUB's `$`, `;`, quotes) is ever touched.
// - The empty word is a `%` alone.
// - At most COMMAND_LINE_MAX bytes in all, the NUL at the end included.

export const COMMAND_LINE_MAX: u32 = 2048;

/** `%`: two hexadecimal digits follow, or nothing in the empty word. */
export const COMMAND_LINE_ESCAPE: u32 = 0x25;

/** Whether `byte` stands for itself in a word. */
export function isPlainByte(byte: u32): boolean {
  if (byte >= 0x61 && byte <= 0x7a) return true; // a-z
  if (byte >= 0x2b && byte <= 0x3a) return true; // + , - . / 0-9 :
  if (byte >= 0x40 && byte <= 0x5a) return true; // @ A-Z
  return byte === 0x3d || byte === 0x5f; // = _
}

/** The value of the hexadecimal digit `byte`, either case, or -1. */
export function hexDigitValue(byte: u32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return (byte - 0x30) as i32;
  if (byte >= 0x61 && byte <= 0x66) return (byte - 0x57) as i32;
  if (byte >= 0x41 && byte <= 0x46) return (byte - 0x37) as i32;
  return -1;
}
