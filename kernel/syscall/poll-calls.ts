// The system calls that wait for several files: see table.ts.

import { INTEGER, POINTER } from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { oldSelect, poll, ppoll, ppoll64, pselect6, pselect64, select } from "./poll";

/** Declares those calls, by number. */
export function declarePollCalls(): void {
  call(SystemCall.select, oldSelect.index, POINTER);
  call(SystemCall._newselect, select.index, INTEGER, POINTER, POINTER, POINTER, POINTER);
  call(SystemCall.poll, poll.index, POINTER, INTEGER, INTEGER);
  call(SystemCall.pselect6, pselect6.index, INTEGER, POINTER, POINTER, POINTER, POINTER, POINTER);
  call(SystemCall.ppoll, ppoll.index, POINTER, INTEGER, POINTER, POINTER, INTEGER);
  call(
    SystemCall.pselect6_time64,
    pselect64.index,
    INTEGER,
    POINTER,
    POINTER,
    POINTER,
    POINTER,
    POINTER,
  );
  call(SystemCall.ppoll_time64, ppoll64.index, POINTER, INTEGER, POINTER, POINTER, INTEGER);
}
