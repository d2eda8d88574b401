// System calls that Linux has on i386 and not on its 64-bit machines: successors of calls that ran
// out of bits there, and ways of saying what another call says as well.

import { FILE, FLAGS, INTEGER, PATH, POINTER } from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { fcntl64, fstat64, llseek, lstat64, stat64 } from "./file";
import { waitpid } from "./process";

/** Declares those calls: see table.ts. */
export function declareI386Calls(): void {
  call(SystemCall.waitpid, waitpid.index, INTEGER, POINTER, FLAGS);
  call(SystemCall._llseek, llseek.index, FILE, FLAGS, FLAGS, POINTER, INTEGER);
  call(SystemCall.stat64, stat64.index, PATH, POINTER);
  call(SystemCall.lstat64, lstat64.index, PATH, POINTER);
  call(SystemCall.fstat64, fstat64.index, FILE, POINTER);
  call(SystemCall.fcntl64, fcntl64.index, FILE, FLAGS, FLAGS);
}
