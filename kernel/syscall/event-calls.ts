// The system calls about epoll, and about files of events and of processes: see table.ts.

import {
  CLOCK,
  EPOLL_COMMAND,
  EPOLL_EVENT,
  EPOLL_EVENTS_FILLED,
  FILE,
  FILE_FLAGS,
  FLAGS,
  INTEGER,
  SIGNAL,
  SIGNAL_INFO,
  SIGNALS,
  SIZE,
  TIME64,
  TIMER,
  TIMER_FILE_FLAGS,
  TIMER_FILLED,
  TIMER64,
  TIMER64_FILLED,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { epollCreate, epollCreate1, epollCtl, epollPwait, epollPwait2, epollWait } from "./epoll";
import {
  eventfd,
  eventfd2,
  signalfd,
  signalfd4,
  timerfdCreate,
  timerfdGettime,
  timerfdGettime64,
  timerfdSettime,
  timerfdSettime64,
} from "./event";
import { pidfdGetfd, pidfdOpen, pidfdSendSignal } from "./process-file";

/** Declares those calls, by number. */
export function declareEventCalls(): void {
  const events = EPOLL_EVENTS_FILLED;
  call(SystemCall.epoll_create, epollCreate.index, INTEGER);
  call(SystemCall.epoll_ctl, epollCtl.index, FILE, EPOLL_COMMAND, FILE, EPOLL_EVENT);
  call(SystemCall.epoll_wait, epollWait.index, FILE, events, INTEGER, INTEGER);
  call(SystemCall.epoll_pwait, epollPwait.index, FILE, events, INTEGER, INTEGER, SIGNALS, SIZE);
  call(SystemCall.signalfd, signalfd.index, FILE, SIGNALS, SIZE);
  call(SystemCall.timerfd_create, timerfdCreate.index, CLOCK, FILE_FLAGS);
  call(SystemCall.eventfd, eventfd.index, INTEGER);
  call(
    SystemCall.timerfd_settime,
    timerfdSettime.index,
    FILE,
    TIMER_FILE_FLAGS,
    TIMER,
    TIMER_FILLED,
  );
  call(SystemCall.timerfd_gettime, timerfdGettime.index, FILE, TIMER_FILLED);
  call(SystemCall.signalfd4, signalfd4.index, FILE, SIGNALS, SIZE, FILE_FLAGS);
  call(SystemCall.eventfd2, eventfd2.index, INTEGER, FLAGS);
  call(SystemCall.epoll_create1, epollCreate1.index, FILE_FLAGS);
  call(SystemCall.timerfd_gettime64, timerfdGettime64.index, FILE, TIMER64_FILLED);
  call(
    SystemCall.timerfd_settime64,
    timerfdSettime64.index,
    FILE,
    TIMER_FILE_FLAGS,
    TIMER64,
    TIMER64_FILLED,
  );
  call(SystemCall.pidfd_send_signal, pidfdSendSignal.index, FILE, SIGNAL, SIGNAL_INFO, FLAGS);
  call(SystemCall.pidfd_open, pidfdOpen.index, INTEGER, FILE_FLAGS);
  call(SystemCall.pidfd_getfd, pidfdGetfd.index, FILE, INTEGER, FLAGS);
  call(SystemCall.epoll_pwait2, epollPwait2.index, FILE, events, INTEGER, TIME64, SIGNALS, SIZE);
}
