// System calls about threads: number, handler, and the kinds of the arguments (see table.ts).

import {
  ADDRESS,
  FLAGS,
  FUTEX_COMMAND,
  INTEGER,
  POINTER,
  SEGMENT,
  SIZE,
  TIME,
  TIME64,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { futex, futex64 } from "./futex";
import {
  getRobustList,
  getThreadArea,
  gettid,
  notThere,
  setRobustList,
  setThreadArea,
  setTidAddress,
} from "./thread";

/** Declares those calls. */
export function declareThreadCalls(): void {
  call(SystemCall.gettid, gettid.index);
  call(SystemCall.futex, futex.index, ADDRESS, FUTEX_COMMAND, INTEGER, TIME, ADDRESS, INTEGER);
  call(
    SystemCall.futex_time64,
    futex64.index,
    ADDRESS,
    FUTEX_COMMAND,
    INTEGER,
    TIME64,
    ADDRESS,
    INTEGER,
  );
  call(SystemCall.set_thread_area, setThreadArea.index, SEGMENT);
  call(SystemCall.get_thread_area, getThreadArea.index, SEGMENT);
  call(SystemCall.set_tid_address, setTidAddress.index, ADDRESS);
  call(SystemCall.set_robust_list, setRobustList.index, ADDRESS, SIZE);
  call(SystemCall.get_robust_list, getRobustList.index, INTEGER, POINTER, POINTER);
  call(SystemCall.rseq, notThere.index, ADDRESS, FLAGS, FLAGS, FLAGS);
}
