// The system calls about time: see table.ts.

import { FLAGS, INTEGER, POINTER } from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import {
  alarm,
  clockGetres,
  clockGetres64,
  clockGettime,
  clockGettime64,
  clockNanosleep,
  clockNanosleep64,
  getitimer,
  gettimeofday,
  nanosleep,
  setitimer,
  time,
} from "./time";

/** Declares those calls, by number. */
export function declareTimeCalls(): void {
  call(SystemCall.time, time.index, POINTER);
  call(SystemCall.alarm, alarm.index, INTEGER);
  call(SystemCall.gettimeofday, gettimeofday.index, POINTER, POINTER);
  call(SystemCall.setitimer, setitimer.index, INTEGER, POINTER, POINTER);
  call(SystemCall.getitimer, getitimer.index, INTEGER, POINTER);
  call(SystemCall.nanosleep, nanosleep.index, POINTER, POINTER);
  call(SystemCall.clock_gettime, clockGettime.index, INTEGER, POINTER);
  call(SystemCall.clock_getres, clockGetres.index, INTEGER, POINTER);
  call(SystemCall.clock_nanosleep, clockNanosleep.index, INTEGER, FLAGS, POINTER, POINTER);
  call(SystemCall.clock_gettime64, clockGettime64.index, INTEGER, POINTER);
  call(SystemCall.clock_getres_time64, clockGetres64.index, INTEGER, POINTER);
  call(SystemCall.clock_nanosleep_time64, clockNanosleep64.index, INTEGER, FLAGS, POINTER, POINTER);
}
