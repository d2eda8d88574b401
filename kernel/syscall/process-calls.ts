// System calls about what processes are, and what they may use: number, handler, and the kinds of
// the arguments (see table.ts).

import {
  ADDRESS,
  CLONE_ARGUMENTS,
  CLONE_FLAGS,
  FLAGS,
  INTEGER,
  LIMIT,
  LIMIT_FILLED,
  LIMIT64,
  LIMIT64_FILLED,
  OUTPUT,
  POINTER,
  PROCESS_ARGUMENT,
  PROCESS_OPTION,
  RANDOM_FLAGS,
  RESOURCE,
  SIZE,
  USAGE,
  USAGE_OF,
  WORD_FILLED,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { clone, clone3, vfork } from "./clone";
import { kcmp } from "./compare";
import { personality, prctl } from "./identity";
import { processVmReadv, processVmWritev } from "./process-memory";
import {
  getrlimit,
  getrusage,
  prlimit64,
  schedGetaffinity,
  schedSetaffinity,
  setrlimit,
  times,
  ugetrlimit,
} from "./resource";
import { getrandom } from "./system";

/** Declares those calls. */
export function declareProcessCalls(): void {
  call(SystemCall.times, times.index, POINTER);
  call(SystemCall.setrlimit, setrlimit.index, RESOURCE, LIMIT);
  call(SystemCall.getrlimit, getrlimit.index, RESOURCE, LIMIT_FILLED);
  call(SystemCall.getrusage, getrusage.index, USAGE_OF, USAGE);
  call(SystemCall.clone, clone.index, CLONE_FLAGS, ADDRESS, WORD_FILLED, POINTER, ADDRESS);
  call(SystemCall.clone3, clone3.index, CLONE_ARGUMENTS, SIZE);
  call(SystemCall.personality, personality.index, FLAGS);
  call(
    SystemCall.process_vm_readv,
    processVmReadv.index,
    INTEGER,
    POINTER,
    INTEGER,
    POINTER,
    INTEGER,
    FLAGS,
  );
  call(
    SystemCall.process_vm_writev,
    processVmWritev.index,
    INTEGER,
    POINTER,
    INTEGER,
    POINTER,
    INTEGER,
    FLAGS,
  );
  call(SystemCall.kcmp, kcmp.index, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER);
  call(SystemCall.prctl, prctl.index, PROCESS_OPTION, PROCESS_ARGUMENT, FLAGS, FLAGS, FLAGS);
  call(SystemCall.vfork, vfork.index);
  call(SystemCall.ugetrlimit, ugetrlimit.index, RESOURCE, LIMIT_FILLED);
  call(SystemCall.sched_setaffinity, schedSetaffinity.index, INTEGER, SIZE, POINTER);
  call(SystemCall.sched_getaffinity, schedGetaffinity.index, INTEGER, SIZE, POINTER);
  call(SystemCall.prlimit64, prlimit64.index, INTEGER, RESOURCE, LIMIT64, LIMIT64_FILLED);
  call(SystemCall.getrandom, getrandom.index, OUTPUT, SIZE, RANDOM_FLAGS);
}
