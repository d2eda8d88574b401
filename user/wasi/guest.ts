// The memory of the program, which it names by numbers from 0 on: every address that it passes goes
// through here, and what does not lie in its memory is EFAULT.

import { memory_size } from "./pages";
import { SETTINGS_BASE } from "./storage";
import { wasi_settings } from "./symbols";

const PAGE_SHIFT: u64 = 16;

/** Whether `size` bytes at `pointer` are the program's. */
export function has(pointer: u32, size: u32): bool {
  return <u64>pointer + size <= (<u64>memory_size()) << PAGE_SHIFT;
}

/** Where that is for us. */
export function address(pointer: u32): usize {
  return load<u32>(wasi_settings() + SETTINGS_BASE) + pointer;
}

/** Whether an array of `count` items is the program's. */
export function hasArray(pointer: u32, count: u32, size: u32): bool {
  return <u64>pointer + <u64>count * size <= (<u64>memory_size()) << PAGE_SHIFT;
}
