// The system calls: number, handler, and the kinds of the arguments as strace prints them.
//
// src/abi/linux/i386.ts has the numbers, src/abi/linux/argument-kinds.ts the kinds; this folder has
// one file of handlers for each noun. HACKING.md tells how to add a call.

import {
  AT_FLAGS,
  DIRECTORY,
  ENVIRONMENT,
  FLAGS,
  INPUT,
  INTEGER,
  PATH,
  POINTER,
  SIGNAL_INFO_FILLED,
  SIZE,
  STRINGS,
  SYSTEM_INFO,
  SYSTEM_NAME,
  USAGE,
  WAIT_FLAGS,
  WAIT_KIND,
  WAIT_STATUS,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call, serveOthers } from "./call-rows";
import { declareCredentialCalls } from "./credential-calls";
import { unknownCall } from "./dispatch";
import { declareEventCalls } from "./event-calls";
import { declareFileCalls } from "./file-calls";
import { declareI386Calls } from "./i386-table";
import { declareMemoryCalls } from "./memory-calls";
import { declarePollCalls } from "./poll-calls";
import {
  execve,
  execveat,
  exit,
  exitGroup,
  fork,
  getpgid,
  getpgrp,
  getpid,
  getppid,
  getsid,
  schedYield,
  setpgid,
  setsid,
  unshare,
  vhangup,
  wait4,
  waitid,
} from "./process";
import { declareProcessCalls } from "./process-calls";
import { declareScheduleCalls } from "./schedule-calls";
import { declareSignalCalls } from "./signal-calls";
import { declareSocketCalls } from "./socket-calls";
import { reboot, setdomainname, sethostname, sysfs, sysinfo, uname } from "./system";
import { declareThreadCalls } from "./thread-calls";
import { declareTimeCalls } from "./time-calls";

/** Declares every call; before the first process runs. */
export function startSystemCalls(): void {
  call(SystemCall.exit, exit.index, INTEGER);
  call(SystemCall.fork, fork.index);
  call(SystemCall.execve, execve.index, PATH, STRINGS, ENVIRONMENT);
  call(SystemCall.execveat, execveat.index, DIRECTORY, PATH, STRINGS, ENVIRONMENT, AT_FLAGS);
  call(SystemCall.sysfs, sysfs.index, INTEGER, POINTER, POINTER);
  call(SystemCall.getpid, getpid.index);
  call(SystemCall.setpgid, setpgid.index, INTEGER, INTEGER);
  call(SystemCall.getppid, getppid.index);
  call(SystemCall.getpgrp, getpgrp.index);
  call(SystemCall.setsid, setsid.index);
  call(SystemCall.reboot, reboot.index, FLAGS, FLAGS, FLAGS, POINTER);
  call(SystemCall.wait4, wait4.index, INTEGER, WAIT_STATUS, WAIT_FLAGS, USAGE);
  call(SystemCall.waitid, waitid.index, WAIT_KIND, INTEGER, SIGNAL_INFO_FILLED, WAIT_FLAGS, USAGE);
  call(SystemCall.sysinfo, sysinfo.index, SYSTEM_INFO);
  call(SystemCall.uname, uname.index, SYSTEM_NAME);
  call(SystemCall.sethostname, sethostname.index, INPUT, SIZE);
  call(SystemCall.setdomainname, setdomainname.index, INPUT, SIZE);
  call(SystemCall.getpgid, getpgid.index, INTEGER);
  call(SystemCall.getsid, getsid.index, INTEGER);
  call(SystemCall.vhangup, vhangup.index);
  call(SystemCall.unshare, unshare.index, FLAGS);
  call(SystemCall.sched_yield, schedYield.index);
  call(SystemCall.exit_group, exitGroup.index, INTEGER);
  declareFileCalls();
  declareMemoryCalls();
  declareThreadCalls();
  declareSignalCalls();
  declareProcessCalls();
  declareCredentialCalls();
  declareScheduleCalls();
  declareTimeCalls();
  declarePollCalls();
  declareEventCalls();
  declareSocketCalls();
  declareI386Calls();
  serveOthers(unknownCall.index);
}
