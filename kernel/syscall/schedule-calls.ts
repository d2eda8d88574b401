// The system calls about scheduling: see table.ts.

import {
  FLAGS,
  INTEGER,
  POINTER,
  TIME_FILLED,
  TIME64_FILLED,
  WORD,
  WORD_FILLED,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import {
  getcpu,
  getpriority,
  ioprioGet,
  ioprioSet,
  nice,
  schedGetPriorityMax,
  schedGetPriorityMin,
  schedGetparam,
  schedGetscheduler,
  schedRrGetInterval,
  schedRrGetIntervalTime64,
  schedSetparam,
  schedSetscheduler,
  setpriority,
} from "./schedule";

/** Declares those calls, by number. */
export function declareScheduleCalls(): void {
  call(SystemCall.nice, nice.index, INTEGER);
  call(SystemCall.getpriority, getpriority.index, INTEGER, INTEGER);
  call(SystemCall.setpriority, setpriority.index, INTEGER, INTEGER, INTEGER);
  call(SystemCall.sched_setparam, schedSetparam.index, INTEGER, WORD);
  call(SystemCall.sched_getparam, schedGetparam.index, INTEGER, WORD_FILLED);
  call(SystemCall.sched_setscheduler, schedSetscheduler.index, INTEGER, INTEGER, WORD);
  call(SystemCall.sched_getscheduler, schedGetscheduler.index, INTEGER);
  call(SystemCall.sched_get_priority_max, schedGetPriorityMax.index, INTEGER);
  call(SystemCall.sched_get_priority_min, schedGetPriorityMin.index, INTEGER);
  call(SystemCall.sched_rr_get_interval, schedRrGetInterval.index, INTEGER, TIME_FILLED);
  call(SystemCall.ioprio_set, ioprioSet.index, INTEGER, INTEGER, FLAGS);
  call(SystemCall.ioprio_get, ioprioGet.index, INTEGER, INTEGER);
  call(SystemCall.getcpu, getcpu.index, WORD_FILLED, WORD_FILLED, POINTER);
  call(
    SystemCall.sched_rr_get_interval_time64,
    schedRrGetIntervalTime64.index,
    INTEGER,
    TIME64_FILLED,
  );
}
