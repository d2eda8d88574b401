// System calls about memory: number, handler, and the kinds of the arguments (see table.ts).

import { ADDRESS, FILE, FLAGS, POINTER, SIZE } from "../../src/abi/linux/argument-kinds";
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
  munlockall,
  munmap,
} from "./memory";

/** Declares those calls. */
export function declareMemoryCalls(): void {
  call(SystemCall.brk, brk.index, ADDRESS);
  call(SystemCall.mmap, mmap.index, POINTER);
  call(SystemCall.munmap, munmap.index, ADDRESS, SIZE);
  call(SystemCall.mprotect, mprotect.index, ADDRESS, SIZE, FLAGS);
  call(SystemCall.msync, msync.index, ADDRESS, SIZE, FLAGS);
  call(SystemCall.mlock, mlock.index, ADDRESS, SIZE);
  call(SystemCall.munlock, mlock.index, ADDRESS, SIZE);
  call(SystemCall.mlockall, mlockall.index, FLAGS);
  call(SystemCall.munlockall, munlockall.index);
  call(SystemCall.mremap, mremap.index, ADDRESS, SIZE, SIZE, FLAGS, ADDRESS);
  call(SystemCall.mmap2, mmap2.index, ADDRESS, SIZE, FLAGS, FLAGS, FILE, FLAGS);
  call(SystemCall.mincore, mincore.index, ADDRESS, SIZE, POINTER);
  call(SystemCall.madvise, madvise.index, ADDRESS, SIZE, FLAGS);
  call(SystemCall.mlock2, mlock2.index, ADDRESS, SIZE, FLAGS);
}
