// Calls whose answer to bad arguments is not that of the host's Linux, and why: probe.test.ts.

import { SYSTEM_V_CALLS } from "../../../src/cli/system-call-limits";

const WIDE_HOST = "the host's kernel has 64 bits: an end past 4 GiB does not wrap there";
const CPU_CLOCKS = "Linux takes a negative clock for one of a process's processor time";

const NO_SYSTEM_V = "not there: no IPC of System V";
const FILE_FIRST = "a newer Linux looks at the file first, 6.1 at the number of events";

/** By name. One that is as on Linux after all can go: hosts differ, so no test asks for that. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  kill: "the host has other processes, which signal 0 finds",
  mlock: WIDE_HOST,
  munlock: WIDE_HOST,
  mlock2: WIDE_HOST,
  mmap2: WIDE_HOST,
  clock_nanosleep: CPU_CLOCKS,
  clock_nanosleep_time64: CPU_CLOCKS,
  timer_create: CPU_CLOCKS,
  epoll_wait: FILE_FIRST,
  epoll_pwait: FILE_FIRST,
  epoll_pwait2: FILE_FIRST,
  waitid: "Linux writes siginfo_t even if it has an error to tell",
  ...Object.fromEntries(SYSTEM_V_CALLS.map((name) => [name, NO_SYSTEM_V])),
  rseq: "not there: C libraries do without",
};
