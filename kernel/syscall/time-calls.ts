// The system calls about time: see table.ts.

import {
  CLOCK,
  INTEGER,
  INTERVAL,
  INTERVAL_FILLED,
  INTERVAL_TIMER,
  POINTER,
  TIME,
  TIME_FILLED,
  TIME64,
  TIME64_FILLED,
  TIMER,
  TIMER_FILLED,
  TIMER_FLAGS,
  TIMER64,
  TIMER64_FILLED,
  TIMEVAL,
  TIMEVAL_FILLED,
  WORD,
  WORD_FILLED,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import {
  adjtimex,
  clockAdjtime,
  clockAdjtime64,
  clockSettime,
  clockSettime64,
  settimeofday,
  stime,
} from "./set-clock";
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
import {
  timerCreate,
  timerDelete,
  timerGetoverrun,
  timerGettime,
  timerGettime64,
  timerSettime,
  timerSettime64,
} from "./timer";

/** Declares those calls, by number. */
export function declareTimeCalls(): void {
  call(SystemCall.time, time.index, WORD_FILLED);
  call(SystemCall.alarm, alarm.index, INTEGER);
  call(SystemCall.gettimeofday, gettimeofday.index, TIMEVAL_FILLED, POINTER);
  call(SystemCall.stime, stime.index, WORD);
  call(SystemCall.settimeofday, settimeofday.index, TIMEVAL, POINTER);
  call(SystemCall.adjtimex, adjtimex.index, POINTER);
  call(SystemCall.clock_settime, clockSettime.index, CLOCK, TIME);
  call(SystemCall.clock_adjtime, clockAdjtime.index, CLOCK, POINTER);
  call(SystemCall.clock_settime64, clockSettime64.index, CLOCK, TIME64);
  call(SystemCall.clock_adjtime64, clockAdjtime64.index, CLOCK, POINTER);
  call(SystemCall.setitimer, setitimer.index, INTERVAL_TIMER, INTERVAL, INTERVAL_FILLED);
  call(SystemCall.getitimer, getitimer.index, INTERVAL_TIMER, INTERVAL_FILLED);
  call(SystemCall.nanosleep, nanosleep.index, TIME, TIME_FILLED);
  call(SystemCall.clock_gettime, clockGettime.index, CLOCK, TIME_FILLED);
  call(SystemCall.clock_getres, clockGetres.index, CLOCK, TIME_FILLED);
  call(SystemCall.clock_nanosleep, clockNanosleep.index, CLOCK, TIMER_FLAGS, TIME, TIME_FILLED);
  call(SystemCall.clock_gettime64, clockGettime64.index, CLOCK, TIME64_FILLED);
  call(SystemCall.clock_getres_time64, clockGetres64.index, CLOCK, TIME64_FILLED);
  call(
    SystemCall.clock_nanosleep_time64,
    clockNanosleep64.index,
    CLOCK,
    TIMER_FLAGS,
    TIME64,
    TIME64_FILLED,
  );
  call(SystemCall.timer_create, timerCreate.index, CLOCK, POINTER, WORD_FILLED);
  call(SystemCall.timer_settime, timerSettime.index, INTEGER, TIMER_FLAGS, TIMER, TIMER_FILLED);
  call(SystemCall.timer_gettime, timerGettime.index, INTEGER, TIMER_FILLED);
  call(SystemCall.timer_getoverrun, timerGetoverrun.index, INTEGER);
  call(SystemCall.timer_delete, timerDelete.index, INTEGER);
  call(SystemCall.timer_gettime64, timerGettime64.index, INTEGER, TIMER64_FILLED);
  call(
    SystemCall.timer_settime64,
    timerSettime64.index,
    INTEGER,
    TIMER_FLAGS,
    TIMER64,
    TIMER64_FILLED,
  );
}
