// RLIMIT_CPU: a process that has used as much processor time as its soft limit says gets SIGXCPU,
// and again each second, as the soft limit moves up with it; at the hard one it gets SIGKILL.
//
// Time passes for a process only while it runs, so it is looked at when it could have used up what
// is missing. A child inherits the limit and has used nothing yet; execve changes nothing.

import { ENOMEM } from "../../src/abi/errno";
import { RLIM_INFINITY, RLIMIT_CPU } from "../../src/abi/linux/resource";
import { SIGKILL, SIGXCPU } from "../../src/abi/signals";
import { allocate, free } from "../memory/heap";
import { clearTimer, setTimer, TIMER_SIZE, Timer } from "../thread/timer";
import { readUptime } from "../thread/uptime";
import { hardLimit, setLimit, softLimit } from "./limits";
import { Process } from "./process";
import { sendSignal } from "./signal";
import { processTime } from "./thread-group";

const SECOND: u64 = 1000000000;
/** One that sleeps just before its limit is looked at so often at the most, in nanoseconds. */
const LOOK_AGAIN: u64 = 10000000;

/** Has the limit hold that the process has by now: 0 or -ENOMEM. */
export function limitProcessorTime(process: Process): i32 {
  if (softLimit(process.limits, RLIMIT_CPU) === RLIM_INFINITY) {
    endProcessorLimit(process);
    return 0;
  }
  let timer = process.processorTimer;
  if (timer === null) {
    timer = changetype<Timer | null>(allocate(TIMER_SIZE));
    if (timer === null) return -ENOMEM;
    timer.handler = look.index;
    timer.owner = changetype<usize>(process);
    process.processorTimer = timer;
  }
  clearTimer(timer);
  lookAgain(process, timer);
  return 0;
}

/** The process ends, or is to have no such limit, if it has one. */
export function endProcessorLimit(process: Process): void {
  const timer = process.processorTimer;
  if (timer === null) return;
  clearTimer(timer);
  process.processorTimer = null;
  free(changetype<usize>(timer));
}

/** When the process can have used up what is missing. */
function lookAgain(process: Process, timer: Timer): void {
  const end = <u64>softLimit(process.limits, RLIMIT_CPU) * SECOND;
  const used = processTime(process);
  const missing = end > used ? end - used : 0;
  setTimer(timer, readUptime() + max<u64>(missing, LOOK_AGAIN));
}

function look(timer: Timer): void {
  const process = changetype<Process>(timer.owner);
  const seconds = <u32>(processTime(process) / SECOND);
  const soft = softLimit(process.limits, RLIMIT_CPU);
  const hard = hardLimit(process.limits, RLIMIT_CPU);
  if (seconds >= hard) {
    sendSignal(process, SIGKILL);
    return;
  }
  if (seconds >= soft) {
    setLimit(process.limits, RLIMIT_CPU, soft + 1, hard);
    sendSignal(process, SIGXCPU);
  }
  lookAgain(process, timer);
}
