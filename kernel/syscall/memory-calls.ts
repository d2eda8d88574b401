// System calls about memory: number, handler, and the kinds of the arguments (see table.ts).

import {
  ADDRESS,
  ADVICE,
  FILE,
  FLAGS,
  LOCK_FLAGS,
  MAP_ARGUMENTS,
  MAP_FLAGS,
  PAGE_OFFSET,
  POINTER,
  PROTECTION,
  REMAP_FLAGS,
  SIZE,
  SYNC_FLAGS,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import {
  brk,
  madvise,
  mincore,
  mlock,
  mlock2,
  mlockall,
  mmap,
  mmap2,
  mprotect,
  mremap,
  msync,
  munlock,
  munlockall,
  munmap,
} from "./memory";

/** Declares those calls. */
export function declareMemoryCalls(): void {
  call(SystemCall.brk, brk.index, ADDRESS);
  call(SystemCall.mmap, mmap.index, MAP_ARGUMENTS);
  call(SystemCall.munmap, munmap.index, ADDRESS, SIZE);
  call(SystemCall.mprotect, mprotect.index, ADDRESS, SIZE, PROTECTION);
  call(SystemCall.msync, msync.index, ADDRESS, SIZE, SYNC_FLAGS);
  call(SystemCall.mlock, mlock.index, ADDRESS, SIZE);
  call(SystemCall.munlock, munlock.index, ADDRESS, SIZE);
  call(SystemCall.mlockall, mlockall.index, LOCK_FLAGS);
  call(SystemCall.munlockall, munlockall.index);
  call(SystemCall.mremap, mremap.index, ADDRESS, SIZE, SIZE, REMAP_FLAGS, ADDRESS);
  call(SystemCall.mmap2, mmap2.index, ADDRESS, SIZE, PROTECTION, MAP_FLAGS, FILE, PAGE_OFFSET);
  call(SystemCall.mincore, mincore.index, ADDRESS, SIZE, POINTER);
  call(SystemCall.madvise, madvise.index, ADDRESS, SIZE, ADVICE);
  call(SystemCall.mlock2, mlock2.index, ADDRESS, SIZE, FLAGS);
}
