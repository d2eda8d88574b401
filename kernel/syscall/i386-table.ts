// System calls that Linux has on i386 and not on its 64-bit machines: successors of calls that ran
// out of bits there, and ways of saying what another call says as well.

import {
  ADDRESS,
  FLAGS,
  INTEGER,
  SIZE,
  WAIT_FLAGS,
  WAIT_STATUS,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { waitpid } from "./process";
import { notThere } from "./thread";

/** Declares those calls: see table.ts. */
export function declareI386Calls(): void {
  // Semaphores, message queues and shared memory of System V: by the old number, and by their own.
  call(SystemCall.ipc, notThere.index, INTEGER, INTEGER, INTEGER, INTEGER, ADDRESS, INTEGER);
  call(SystemCall.semget, notThere.index, INTEGER, INTEGER, FLAGS);
  call(SystemCall.semctl, notThere.index, INTEGER, INTEGER, INTEGER, ADDRESS);
  call(SystemCall.shmget, notThere.index, INTEGER, SIZE, FLAGS);
  call(SystemCall.shmctl, notThere.index, INTEGER, INTEGER, ADDRESS);
  call(SystemCall.shmat, notThere.index, INTEGER, ADDRESS, FLAGS);
  call(SystemCall.shmdt, notThere.index, ADDRESS);
  call(SystemCall.msgget, notThere.index, INTEGER, FLAGS);
  call(SystemCall.msgsnd, notThere.index, INTEGER, ADDRESS, SIZE, FLAGS);
  call(SystemCall.msgrcv, notThere.index, INTEGER, ADDRESS, SIZE, INTEGER, FLAGS);
  call(SystemCall.msgctl, notThere.index, INTEGER, INTEGER, ADDRESS);
  call(SystemCall.waitpid, waitpid.index, INTEGER, WAIT_STATUS, WAIT_FLAGS);
}
