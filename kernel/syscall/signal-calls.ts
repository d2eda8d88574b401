// The system calls about signals: see table.ts.

import { ADDRESS, FLAGS, INTEGER, POINTER } from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import {
  kill,
  pause,
  rtSigaction,
  rtSigpending,
  rtSigprocmask,
  rtSigqueueinfo,
  rtSigreturn,
  rtSigsuspend,
  rtSigtimedwait,
  sigaction,
  sigaltstack,
  signal,
  sigpending,
  sigprocmask,
  sigreturn,
  sigsuspend,
  tgkill,
  tkill,
} from "./signal";

/** Declares those calls, by number. */
export function declareSignalCalls(): void {
  call(SystemCall.pause, pause.index);
  call(SystemCall.kill, kill.index, INTEGER, INTEGER);
  call(SystemCall.signal, signal.index, INTEGER, ADDRESS);
  call(SystemCall.sigaction, sigaction.index, INTEGER, POINTER, POINTER);
  call(SystemCall.sigsuspend, sigsuspend.index, INTEGER, INTEGER, FLAGS);
  call(SystemCall.sigpending, sigpending.index, POINTER);
  call(SystemCall.sigreturn, sigreturn.index);
  call(SystemCall.sigprocmask, sigprocmask.index, FLAGS, POINTER, POINTER);
  call(SystemCall.rt_sigreturn, rtSigreturn.index);
  call(SystemCall.rt_sigaction, rtSigaction.index, INTEGER, POINTER, POINTER, INTEGER);
  call(SystemCall.rt_sigprocmask, rtSigprocmask.index, FLAGS, POINTER, POINTER, INTEGER);
  call(SystemCall.rt_sigpending, rtSigpending.index, POINTER, INTEGER);
  call(SystemCall.rt_sigtimedwait, rtSigtimedwait.index, POINTER, POINTER, POINTER, INTEGER);
  call(SystemCall.rt_sigqueueinfo, rtSigqueueinfo.index, INTEGER, INTEGER, POINTER);
  call(SystemCall.rt_sigsuspend, rtSigsuspend.index, POINTER, INTEGER);
  call(SystemCall.sigaltstack, sigaltstack.index, POINTER, POINTER);
  call(SystemCall.tkill, tkill.index, INTEGER, INTEGER);
  call(SystemCall.tgkill, tgkill.index, INTEGER, INTEGER, INTEGER);
}
