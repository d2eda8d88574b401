// The system calls that wait for several files: see table.ts.

import {
  FILE_SET,
  INTEGER,
  POINTER,
  POLL_FILES,
  SELECT_ARGUMENTS,
  SIGNALS,
  TIME,
  TIME64,
  TIMEVAL,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { oldSelect, poll, ppoll, ppoll64, pselect6, pselect64, select } from "./poll";

/** Declares those calls, by number. */
export function declarePollCalls(): void {
  call(SystemCall.select, oldSelect.index, SELECT_ARGUMENTS);
  call(SystemCall._newselect, select.index, INTEGER, FILE_SET, FILE_SET, FILE_SET, TIMEVAL);
  call(SystemCall.poll, poll.index, POLL_FILES, INTEGER, INTEGER);
  call(SystemCall.pselect6, pselect6.index, INTEGER, FILE_SET, FILE_SET, FILE_SET, TIME, POINTER);
  call(SystemCall.ppoll, ppoll.index, POLL_FILES, INTEGER, TIME, SIGNALS, INTEGER);
  call(
    SystemCall.pselect6_time64,
    pselect64.index,
    INTEGER,
    FILE_SET,
    FILE_SET,
    FILE_SET,
    TIME64,
    POINTER,
  );
  call(SystemCall.ppoll_time64, ppoll64.index, POLL_FILES, INTEGER, TIME64, SIGNALS, INTEGER);
}
