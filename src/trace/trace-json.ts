// A trace for programs: a line of JSON for each call that has returned, signal, and end.
//
//   {"pid":2,"call":"openat","arguments":["AT_FDCWD","\"/x\"","O_RDONLY"],"result":-1,
//    "error":"ENOENT","ticks":1234}
//
// Arguments are texts as strace prints them. A call that has not returned has no result.

import type { CallText } from "./call-text";
import { errorOf } from "./error-names";
import type { CallEvent, EndEvent, ReturnEvent, SignalEvent } from "./trace-event";
import { signalCode, signalName } from "./word-names";

/** A call, and its return if there was one. */
export function callJson(
  event: CallEvent,
  call: CallText,
  returned: ReturnEvent | undefined,
): object {
  const start = { pid: event.pid, call: event.name, arguments: call.arguments(returned) };
  if (returned === undefined) return start;
  const error = errorOf(returned.result)?.name;
  return {
    ...start,
    result: error === undefined ? returned.result : -1,
    ...(error !== undefined && { error }),
    ticks: returned.ticks - event.ticks,
  };
}

export function signalJson({ pid, signal, code, sender, user, value }: SignalEvent): object {
  const from = { sender, user, value };
  return { pid, signal: signalName(signal), code: signalCode(signal, code), ...from };
}

export function endJson({ pid, status }: EndEvent): object {
  const signal = status & 0x7f;
  return signal === 0 ? { pid, exited: status >>> 8 } : { pid, killed: signalName(signal) };
}
