// A program's arguments, C strings by address, and what all programs do with options.

import { flush, print, printC, printLine, STANDARD_ERROR, STANDARD_OUTPUT, use } from "./output";

/** Exit status of a program that was called wrongly. */
export const STATUS_USAGE: i32 = 2;

/** The address of argument `index`; argument 0 is the program's name. */
export function argument(argv: usize, index: i32): usize {
  return load<usize>(argv + ((<usize>index) << 2));
}

/** Whether a C string equals a string of ASCII characters. */
export function equals(text: usize, wanted: string): bool {
  for (let i = 0; i < wanted.length; i++) {
    if (load<u8>(text + i) !== wanted.charCodeAt(i)) return false;
  }
  return load<u8>(text + wanted.length) === 0;
}

/** Whether the only argument is `--help`; if so, `usage` has been printed. */
export function wantsHelp(argc: i32, argv: usize, usage: string): bool {
  if (argc !== 2 || !equals(argument(argv, 1), "--help")) return false;
  use(STANDARD_OUTPUT);
  printLine(usage);
  return true;
}

/** Complains about an argument that is not understood; returns the exit status for that. */
export function refuse(argv: usize, index: i32, usage: string): i32 {
  use(STANDARD_ERROR);
  printC(argument(argv, 0));
  print(": ");
  printC(argument(argv, index));
  print(" is not understood\n");
  printLine(usage);
  flush();
  use(STANDARD_OUTPUT);
  return STATUS_USAGE;
}

/** A C string as a decimal number; -1 if it is not one, or above 2^31 - 1. */
export function parseDecimal(text: usize): i32 {
  let value: u32 = 0;
  let at = text;
  for (; load<u8>(at) !== 0; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9 || value > (<u32>i32.MAX_VALUE - digit) / 10) return -1;
    value = value * 10 + digit;
  }
  return at === text ? -1 : <i32>value;
}
