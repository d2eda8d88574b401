// System calls about what processes are, and what they may use: number, handler, and the kinds of
// the arguments (see table.ts).

import { ADDRESS, FLAGS, INTEGER, OUTPUT, POINTER, SIZE } from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { clone, vfork } from "./clone";
import { personality, prctl } from "./identity";
import {
  getrlimit,
  getrusage,
  prlimit64,
  schedGetaffinity,
  schedSetaffinity,
  setrlimit,
  ugetrlimit,
} from "./resource";
import { getrandom } from "./system";

/** Declares those calls. */
export function declareProcessCalls(): void {
  call(SystemCall.setrlimit, setrlimit.index, INTEGER, POINTER);
  call(SystemCall.getrlimit, getrlimit.index, INTEGER, POINTER);
  call(SystemCall.getrusage, getrusage.index, INTEGER, POINTER);
  call(SystemCall.clone, clone.index, FLAGS, ADDRESS, POINTER, POINTER, POINTER);
  call(SystemCall.personality, personality.index, FLAGS);
  call(SystemCall.prctl, prctl.index, INTEGER, FLAGS, FLAGS, FLAGS, FLAGS);
  call(SystemCall.vfork, vfork.index);
  call(SystemCall.ugetrlimit, ugetrlimit.index, INTEGER, POINTER);
  call(SystemCall.sched_setaffinity, schedSetaffinity.index, INTEGER, SIZE, POINTER);
  call(SystemCall.sched_getaffinity, schedGetaffinity.index, INTEGER, SIZE, POINTER);
  call(SystemCall.prlimit64, prlimit64.index, INTEGER, INTEGER, POINTER, POINTER);
  call(SystemCall.getrandom, getrandom.index, OUTPUT, SIZE, FLAGS);
}
