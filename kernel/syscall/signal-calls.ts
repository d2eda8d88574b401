// The system calls about signals: see table.ts.

import {
  ACTION,
  ACTION_FILLED,
  ADDRESS,
  FLAGS,
  INTEGER,
  MASK_COMMAND,
  OLD_ACTION,
  OLD_ACTION_FILLED,
  OLD_SIGNALS,
  OLD_SIGNALS_FILLED,
  SIGNAL,
  SIGNAL_INFO,
  SIGNAL_INFO_FILLED,
  SIGNAL_STACK,
  SIGNAL_STACK_FILLED,
  SIGNALS,
  SIGNALS_FILLED,
  SIZE,
  TIME,
  TIME64,
} from "../../src/abi/linux/argument-kinds";
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
  rtSigtimedwait64,
  rtTgsigqueueinfo,
  sgetmask,
  sigaction,
  sigaltstack,
  signal,
  sigpending,
  sigprocmask,
  sigreturn,
  sigsuspend,
  ssetmask,
  tgkill,
  tkill,
} from "./signal";

/** Declares those calls, by number. */
export function declareSignalCalls(): void {
  call(SystemCall.pause, pause.index);
  call(SystemCall.kill, kill.index, INTEGER, SIGNAL);
  call(SystemCall.signal, signal.index, SIGNAL, ADDRESS);
  call(SystemCall.sigaction, sigaction.index, SIGNAL, OLD_ACTION, OLD_ACTION_FILLED);
  call(SystemCall.sigsuspend, sigsuspend.index, INTEGER, INTEGER, FLAGS);
  call(SystemCall.sigpending, sigpending.index, OLD_SIGNALS_FILLED);
  call(SystemCall.sigreturn, sigreturn.index);
  call(SystemCall.sgetmask, sgetmask.index);
  call(SystemCall.ssetmask, ssetmask.index, FLAGS);
  call(SystemCall.sigprocmask, sigprocmask.index, MASK_COMMAND, OLD_SIGNALS, OLD_SIGNALS_FILLED);
  call(SystemCall.rt_sigreturn, rtSigreturn.index);
  call(SystemCall.rt_sigaction, rtSigaction.index, SIGNAL, ACTION, ACTION_FILLED, SIZE);
  call(SystemCall.rt_sigprocmask, rtSigprocmask.index, MASK_COMMAND, SIGNALS, SIGNALS_FILLED, SIZE);
  call(SystemCall.rt_sigpending, rtSigpending.index, SIGNALS_FILLED, SIZE);
  call(SystemCall.rt_sigtimedwait, rtSigtimedwait.index, SIGNALS, SIGNAL_INFO_FILLED, TIME, SIZE);
  call(
    SystemCall.rt_sigtimedwait_time64,
    rtSigtimedwait64.index,
    SIGNALS,
    SIGNAL_INFO_FILLED,
    TIME64,
    SIZE,
  );
  call(SystemCall.rt_sigqueueinfo, rtSigqueueinfo.index, INTEGER, SIGNAL, SIGNAL_INFO);
  call(SystemCall.rt_tgsigqueueinfo, rtTgsigqueueinfo.index, INTEGER, INTEGER, SIGNAL, SIGNAL_INFO);
  call(SystemCall.rt_sigsuspend, rtSigsuspend.index, SIGNALS, SIZE);
  call(SystemCall.sigaltstack, sigaltstack.index, SIGNAL_STACK, SIGNAL_STACK_FILLED);
  call(SystemCall.tkill, tkill.index, INTEGER, SIGNAL);
  call(SystemCall.tgkill, tgkill.index, INTEGER, INTEGER, SIGNAL);
}
