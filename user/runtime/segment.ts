// A segment of the thread's own, as C libraries make one for each thread. The code that uses it is
// segment.asm.ts.

import { SystemCall } from "../../src/abi/linux/i386";
import {
  USER_DESC_32BIT,
  USER_DESC_ANY,
  USER_DESC_BASE,
  USER_DESC_FLAGS,
  USER_DESC_IN_PAGES,
  USER_DESC_LIMIT,
  USER_DESC_SIZE,
  USER_DESC_USEABLE,
} from "../../src/abi/linux/user-desc";
import { int80 } from "../../src/abi/x86";

const ALL_PAGES: u32 = 0xfffff;
const USER_LEVEL: u32 = 3;

/** A struct user_desc, as describeSegment() fills it. */
export const descriptor: usize = memory.data(USER_DESC_SIZE, 4);

/** Loads GS with a selector. */
export declare function useSegment(selector: u32): void;
/** The first word of the segment in GS. */
export declare function ownWord(): u32;

/** Describes a segment of data from `base` on, in the entry that the descriptor names already. */
export function describeSegment(base: usize): void {
  store<u32>(descriptor, base, USER_DESC_BASE);
  store<u32>(descriptor, ALL_PAGES, USER_DESC_LIMIT);
  store<u32>(descriptor, USER_DESC_32BIT | USER_DESC_IN_PAGES | USER_DESC_USEABLE, USER_DESC_FLAGS);
}

/** Makes a segment from `base` on in any entry that is free: its selector, 0: there is none. */
export function makeSegment(base: usize): u32 {
  store<u32>(descriptor, USER_DESC_ANY);
  describeSegment(base);
  if (int80(SystemCall.set_thread_area, descriptor, 0, 0, 0, 0, 0) !== 0) return 0;
  return (load<u32>(descriptor) << 3) | USER_LEVEL;
}
