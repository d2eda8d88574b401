// How long a call waits that is told for how long, not until when: a signal without a handler (the
// process was stopped, and runs on) has the call tried again, which must not wait anew.
//
//   waitDeadlineIn(time) -> the wait is interrupted -> interruptedWait(deadline)
//     -> the call is made again -> waitDeadlineIn() gives the same deadline

import { ERESTARTNOHAND } from "../../src/abi/errno";
import { currentThread } from "../thread/thread";
import { NEVER } from "../thread/timer";
import { deadlineIn } from "./time-value";

/** When a time from now has passed; or, for a call that was interrupted, from when it was made. */
export function waitDeadlineIn(time: u64): u64 {
  const thread = currentThread;
  const resumed = thread.resumedDeadline;
  if (resumed === 0) return deadlineIn(time);
  thread.resumedDeadline = 0;
  return resumed;
}

/** What a call gives whose wait until waitDeadlineIn(), or NEVER, a signal has interrupted. */
export function interruptedWait(deadline: u64): i32 {
  if (deadline !== NEVER) currentThread.resumedDeadline = deadline;
  return -ERESTARTNOHAND;
}
