// What comes of the processor time that a process uses: SIGXCPU and SIGKILL at RLIMIT_CPU, and the
// signals of timers that count it: two of setitimer(2), any number of timer_create(2).
//
// Once in a period the process that runs is looked at, as on Linux: all of this comes up to a
// period late, never early, and a process that waits is not looked at.
//
// At its soft limit a process gets SIGXCPU, and again each second, as the limit moves up with it;
// at the hard one it gets SIGKILL. execve changes nothing of the limit and of the timers of
// setitimer(2), and a child has the limit, but not the timers.

import { RLIM_INFINITY, RLIMIT_CPU } from "../../src/abi/linux/resource";
import { SIGKILL, SIGPROF, SIGVTALRM, SIGXCPU } from "../../src/abi/signals";
import { Countdown } from "../thread/countdown";
import { onTick } from "../thread/schedule";
import { NANOSECONDS_PER_SECOND } from "../thread/uptime";
import { hardLimit, setLimit, softLimit } from "./limits";
import { currentProcess, Process } from "./process";
import { sendSignal } from "./signal";
import { processTime, processUserTime } from "./thread-group";
import { ringProcessorTimers } from "./timer-signal";

/** From now on processes are looked at. */
export function startProcessorTimers(): void {
  onTick(look.index);
}

/** The timer of user time (ITIMER_VIRTUAL), or of all processor time (ITIMER_PROF). */
export function processorCountdown(process: Process, isProfiling: bool): Countdown {
  return isProfiling ? process.profilingTimer : process.virtualTimer;
}

/** The time that it counts. */
export function countedTime(process: Process, isProfiling: bool): u64 {
  return isProfiling ? processTime(process) : processUserTime(process);
}

function look(): void {
  const process = currentProcess();
  holdLimit(process);
  ring(process, false, SIGVTALRM);
  ring(process, true, SIGPROF);
  ringProcessorTimers(process);
}

function ring(process: Process, isProfiling: bool, signal: u32): void {
  const timer = processorCountdown(process, isProfiling);
  if (timer.expiry === 0) return;
  if (timer.pass(countedTime(process, isProfiling)) !== 0) sendSignal(process, signal);
}

function holdLimit(process: Process): void {
  const soft = softLimit(process.limits, RLIMIT_CPU);
  if (soft === RLIM_INFINITY) return;
  const seconds = <u32>(processTime(process) / NANOSECONDS_PER_SECOND);
  if (seconds < soft) return;
  const hard = hardLimit(process.limits, RLIMIT_CPU);
  if (seconds < hard) setLimit(process.limits, RLIMIT_CPU, soft + 1, hard);
  sendSignal(process, seconds < hard ? SIGXCPU : SIGKILL);
}
