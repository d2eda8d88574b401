// signals: checks that signals come, wait, interrupt and return as on Linux.
//
// What is expected here is what Linux does on i386; the tests also run this very program on the
// host's Linux (test/kernel/syscall/system-calls.test.ts).

import {
  EAGAIN,
  ECHILD,
  EFAULT,
  EINTR,
  EINVAL,
  ENOMEM,
  EPERM,
  ESRCH,
  ETIMEDOUT,
} from "../src/abi/errno";
import { SystemCall } from "../src/abi/linux/i386";
import { RLIMIT_SIGPENDING } from "../src/abi/linux/resource";
import {
  CONTEXT_CR2,
  CONTEXT_EIP,
  SIGINFO_ADDRESS,
  SIGINFO_CODE,
  SIGINFO_PID,
  SIGINFO_USER,
  SIGINFO_VALUE,
  UCONTEXT_CONTEXT,
} from "../src/abi/signal-frame";
import {
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_STOPPED,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SA_RESTART,
  SA_RESTORER,
  SA_SIGINFO,
  SEGV_MAPERR,
  SI_QUEUE,
  SI_TKILL,
  SI_USER,
  SIG_BLOCK,
  SIG_DFL,
  SIG_IGN,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGRTMIN,
  SIGSEGV,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
  SIGWINCH,
  SS_DISABLE,
  SS_ONSTACK,
  stoppedStatus,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WUNTRACED,
} from "../src/abi/signals";
import { call, expect, forgetAnswers, fork, report, statusOf, verdict } from "./runtime/answers";
import { wantsHelp } from "./runtime/arguments";
import { watchSleep } from "./runtime/await-sleep";
import { printLine } from "./runtime/output";
import {
  longRestorerAddress,
  onFaultAddress,
  onSignalAddress,
  restorerAddress,
  stackPointer,
  storeAt,
} from "./signal-code";

const USAGE = `usage: signals
Checks that signals come, wait, interrupt and return as on Linux.`;

/** Bytes of the instruction in storeAt(). */
const FAULTING_SIZE: u32 = 6;
/** Far from the heap, which Linux begins anywhere in the 32 MiB above the program. */
const NOWHERE: u32 = 0x40000000;
const STACK_SIZE: u32 = 16384;

const action: usize = memory.data(32, 8);
const before: usize = memory.data(32, 8);
const set: usize = memory.data(16, 8);
const info: usize = memory.data(128, 8);
const pair: usize = memory.data(16, 8);
const usage: usize = memory.data(72, 8);
const alternative: usize = memory.data(16384, 16);

/** What handlers saw. */
let count: i32 = 0;
let lastSignal: i32 = 0;
let lastCode: i32 = 0;
let lastValue: i32 = 0;
/** What of other signals' details a fault has. */
let lastRest: u32 = 0;
let lastStack: u32 = 0;
let blockedInside: i32 = 0;
let depth: i32 = 0;
let deepest: i32 = 0;
let again: i32 = 0;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 1) {
    printLine(USAGE);
    return 2;
  }
  actions();
  handlers();
  masks();
  waiting();
  interruptions();
  queues();
  faults();
  stacks();
  children();
  stopping();
  continuing();
  return report();
}

/** The handler of all signals but faults. */
export function onSignal(signal: i32, details: usize, _context: usize): void {
  count++;
  lastSignal = signal;
  lastStack = stackPointer();
  depth++;
  if (depth > deepest) deepest = depth;
  if (details !== 0) {
    lastCode = load<i32>(details, SIGINFO_CODE);
    lastValue = load<i32>(details, SIGINFO_VALUE);
  }
  call(SystemCall.rt_sigprocmask, SIG_BLOCK, 0, set + 8, 8);
  blockedInside = load<i32>(set, 8);
  if (again !== 0) {
    again--;
    call(SystemCall.kill, call(SystemCall.getpid), signal);
  }
  depth--;
}

/** Steps over the instruction that faulted. */
export function onFault(signal: i32, details: usize, context: usize): void {
  count++;
  lastSignal = signal;
  lastStack = stackPointer();
  lastCode = load<i32>(details, SIGINFO_CODE);
  lastValue = load<i32>(details, SIGINFO_ADDRESS);
  lastRest = load<u32>(details, SIGINFO_USER) | load<u32>(details, SIGINFO_VALUE);
  const registers = context + UCONTEXT_CONTEXT;
  if (load<i32>(registers, CONTEXT_CR2) !== lastValue) lastCode = -1;
  store<u32>(registers, load<u32>(registers, CONTEXT_EIP) + FAULTING_SIZE, CONTEXT_EIP);
}

function actions(): void {
  expect(cstr("action, 0"), call(SystemCall.rt_sigaction, 0, 0, 0, 8), -EINVAL);
  expect(cstr("action, 65"), call(SystemCall.rt_sigaction, 65, 0, 0, 8), -EINVAL);
  expect(cstr("action, size"), call(SystemCall.rt_sigaction, SIGUSR1, 0, 0, 4), -EINVAL);
  expect(cstr("action, unmapped"), call(SystemCall.rt_sigaction, SIGUSR1, 8, 0, 8), -EFAULT);
  expect(cstr("action, KILL"), handle(SIGKILL, 0), -EINVAL);
  expect(cstr("action, STOP"), handle(SIGSTOP, 0), -EINVAL);
  expect(cstr("action, old one of KILL"), call(SystemCall.rt_sigaction, SIGKILL, 0, before, 8), 0);
  expect(cstr("action"), handle(SIGUSR1, SA_RESTART), 0);
  expect(cstr("action, old"), call(SystemCall.rt_sigaction, SIGUSR1, 0, before, 8), 0);
  expect(cstr("action, handler"), load<i32>(before), onSignalAddress());
  expect(cstr("action, flags"), load<i32>(before, 4), SA_RESTART | SA_RESTORER);
  expect(cstr("action, default"), call(SystemCall.rt_sigaction, SIGUSR2, 0, before, 8), 0);
  expect(cstr("action, no handler"), load<i32>(before), SIG_DFL);
  expect(cstr("kill, 65"), call(SystemCall.kill, self(), 65), -EINVAL);
  expect(cstr("tgkill, another process"), call(SystemCall.tgkill, 4000000, self(), 0), -ESRCH);
  expect(cstr("tkill, 0"), call(SystemCall.tkill, 0, 0), -EINVAL);
}

function handlers(): void {
  handle(SIGUSR1, 0);
  expect(cstr("kill"), raise(SIGUSR1), 0);
  expect(cstr("handler, runs"), count, 1);
  expect(cstr("handler, signal"), lastSignal, SIGUSR1);
  expect(cstr("handler, blocks it"), blockedInside, bit(SIGUSR1));
  handle(SIGUSR1, SA_SIGINFO, bit(SIGUSR2));
  raise(SIGUSR1);
  expect(cstr("siginfo, runs"), count, 2);
  expect(cstr("siginfo, code"), lastCode, SI_USER);
  expect(cstr("siginfo, blocks more"), blockedInside, bit(SIGUSR1) | bit(SIGUSR2));
  expect(cstr("mask, after"), mask(), 0);
  call(SystemCall.tgkill, self(), self(), SIGUSR1);
  expect(cstr("tgkill, code"), lastCode, SI_TKILL);
  // Without code of its own to come back, the kernel's.
  store<u32>(action, onSignalAddress());
  store<u32>(action, SA_SIGINFO, 4);
  call(SystemCall.rt_sigaction, SIGUSR1, action, 0, 8);
  raise(SIGUSR1);
  expect(cstr("no restorer, siginfo"), count, 4);
  store<u32>(action, 0, 4);
  call(SystemCall.rt_sigaction, SIGUSR1, action, 0, 8);
  raise(SIGUSR1);
  expect(cstr("no restorer"), count, 5);
  handle(SIGUSR1, SA_RESETHAND);
  raise(SIGUSR1);
  call(SystemCall.rt_sigaction, SIGUSR1, 0, before, 8);
  expect(cstr("reset, default again"), load<i32>(before), SIG_DFL);
  const flags = SA_RESETHAND | SA_RESTORER;
  expect(cstr("reset, flags stay"), load<i32>(before, 4), flags);
  again = 3;
  deepest = 0;
  handle(SIGUSR1, SA_NODEFER);
  raise(SIGUSR1);
  expect(cstr("no defer, nested"), deepest, 4);
  again = 3;
  deepest = 0;
  handle(SIGUSR1, 0);
  raise(SIGUSR1);
  expect(cstr("deferred, not nested"), deepest, 1);
  expect(cstr("deferred, all run"), count, 14);
  const child = fork();
  if (child === 0) {
    count = 0;
    raise(SIGUSR1);
    call(SystemCall.exit, count === 1 ? 0 : 1);
  }
  expect(cstr("fork, keeps handlers"), statusOf(child), 0);
}

function masks(): void {
  count = 0;
  expect(cstr("mask, how"), block(77, SIGUSR1), -EINVAL);
  expect(cstr("mask, block"), block(SIG_BLOCK, SIGUSR1), 0);
  raise(SIGUSR1);
  raise(SIGUSR1);
  expect(cstr("mask, waits"), count, 0);
  expect(cstr("pending"), call(SystemCall.rt_sigpending, set, 8), 0);
  expect(cstr("pending, which"), load<i32>(set), bit(SIGUSR1));
  const child = fork();
  if (child === 0) {
    call(SystemCall.rt_sigpending, set, 8);
    call(SystemCall.exit, load<i32>(set) === 0 && mask() === bit(SIGUSR1) ? 0 : 1);
  }
  expect(cstr("fork, mask and nothing pending"), statusOf(child), 0);
  expect(cstr("mask, unblock"), block(SIG_UNBLOCK, SIGUSR1), 0);
  expect(cstr("mask, comes once"), count, 1);
  block(SIG_SETMASK, SIGKILL);
  expect(cstr("mask, not KILL"), mask(), 0);
  const wanted = bit(SIGUSR2) | bit(SIGKILL);
  expect(cstr("ssetmask, before"), call(SystemCall.ssetmask, wanted), 0);
  expect(cstr("sgetmask"), call(SystemCall.sgetmask), bit(SIGUSR2));
  expect(cstr("ssetmask, again"), call(SystemCall.ssetmask, 0), bit(SIGUSR2));
  block(SIG_BLOCK, SIGUSR1);
  raise(SIGUSR1);
  ignore(SIGUSR1);
  handle(SIGUSR1, 0);
  block(SIG_UNBLOCK, SIGUSR1);
  expect(cstr("ignored, forgotten"), count, 1);
  expect(cstr("old mask"), call(SystemCall.sigprocmask, SIG_BLOCK, 0, set), 0);
}

function waiting(): void {
  count = 0;
  block(SIG_BLOCK, SIGUSR1);
  raise(SIGUSR1);
  store<u64>(set, 0);
  expect(cstr("sigsuspend"), call(SystemCall.rt_sigsuspend, set, 8), -EINTR);
  expect(cstr("sigsuspend, ran"), count, 1);
  expect(cstr("sigsuspend, mask again"), mask(), bit(SIGUSR1));
  store<u64>(set, bit(SIGUSR1));
  store<i32>(pair, 0);
  store<i32>(pair, 1000000, 4);
  expect(cstr("sigtimedwait, none"), call(SystemCall.rt_sigtimedwait, set, 0, pair, 8), -EAGAIN);
  raise(SIGUSR1);
  expect(cstr("sigtimedwait"), call(SystemCall.rt_sigtimedwait, set, info, pair, 8), SIGUSR1);
  expect(cstr("sigtimedwait, info"), load<i32>(info), SIGUSR1);
  expect(cstr("sigtimedwait, sender"), load<i32>(info, SIGINFO_PID), self());
  expect(cstr("sigtimedwait, no handler"), count, 1);
  block(SIG_UNBLOCK, SIGUSR1);
  const parent = self();
  const child = fork();
  // Again and again: the first may come before the pause.
  while (child === 0) {
    sleep(0, 20000000);
    call(SystemCall.kill, parent, SIGUSR1);
  }
  expect(cstr("pause"), call(SystemCall.pause), -EINTR);
  expect(cstr("pause, ran"), count >= 2 ? 1 : 0, 1);
  call(SystemCall.kill, child, SIGKILL);
  while (call(SystemCall.waitpid, child, 0, 0) === -EINTR) {}
}

function interruptions(): void {
  count = 0;
  handle(SIGUSR1, 0);
  expect(cstr("read, interrupted"), readWhileSignaled(SIGUSR1), -EINTR);
  handle(SIGUSR1, SA_RESTART);
  expect(cstr("read, restarted"), readWhileSignaled(SIGUSR1), 1);
  expect(cstr("read, handlers"), count, 2);
  expect(cstr("read, ignored signal"), readWhileSignaled(SIGWINCH), 1);
  const parent = self();
  const child = fork();
  while (child === 0) {
    sleep(0, 20000000);
    call(SystemCall.kill, parent, SIGUSR1);
  }
  store<i32>(pair, 1000);
  store<i32>(pair, 0, 4);
  expect(cstr("nanosleep"), call(SystemCall.nanosleep, pair, pair + 8), -EINTR);
  const left = load<i32>(pair, 8);
  expect(cstr("nanosleep, what is left"), left >= 500 && left < 1000 ? 1 : 0, 1);
  call(SystemCall.kill, child, SIGKILL);
  while (call(SystemCall.waitpid, child, 0, 0) === -EINTR) {}
}

/** What a read of an empty pipe gives when a child sends `signal`, and after that a byte. */
function readWhileSignaled(signal: i32): i32 {
  call(SystemCall.pipe, pair);
  const reader = load<i32>(pair);
  const writer = load<i32>(pair, 4);
  const parent = self();
  const child = fork();
  if (child === 0) {
    watchSleep(parent);
    call(SystemCall.kill, parent, signal);
    watchSleep(parent);
    call(SystemCall.write, writer, pair, 1);
    call(SystemCall.exit, 0);
  }
  const result = call(SystemCall.read, reader, info, 10);
  statusOf(child);
  call(SystemCall.close, reader);
  call(SystemCall.close, writer);
  return result;
}

function queues(): void {
  count = 0;
  const first = SIGRTMIN + 2;
  handle(first, SA_SIGINFO);
  call(SystemCall.rt_sigprocmask, SIG_BLOCK, setOf(first), 0, 8);
  for (let value = 1; value <= 3; value++) {
    store<i32>(info, first);
    store<i32>(info, SI_QUEUE, SIGINFO_CODE);
    store<i32>(info, value * 10, SIGINFO_VALUE);
    expect(cstr("queue"), call(SystemCall.rt_sigqueueinfo, self(), first, info), 0);
  }
  call(SystemCall.rt_sigprocmask, SIG_UNBLOCK, setOf(first), 0, 8);
  expect(cstr("queue, each comes"), count, 3);
  expect(cstr("queue, the last value"), lastValue, 30);
  expect(cstr("queue, code"), lastCode, SI_QUEUE);
  longQueue(first);
  store<i32>(info, SI_USER, SIGINFO_CODE);
  const child = fork();
  while (child === 0) sleep(1000, 0);
  const pretended = call(SystemCall.rt_sigqueueinfo, child, SIGTERM, info);
  expect(cstr("queue, pretends"), pretended, -EPERM);
  call(SystemCall.kill, child, SIGKILL);
  statusOf(child);
}

const QUEUE_LIMIT: i32 = 10;

/** No more signals are kept with what comes with them than RLIMIT_SIGPENDING says. */
function longQueue(signal: i32): void {
  const child = fork();
  if (child === 0) {
    forgetAnswers();
    block(SIG_BLOCK, signal);
    store<i32>(pair, QUEUE_LIMIT);
    store<i32>(pair, QUEUE_LIMIT, 4);
    call(SystemCall.setrlimit, RLIMIT_SIGPENDING, pair);
    let kept = 0;
    let result = 0;
    while (kept < 100 && result === 0) {
      result = call(SystemCall.rt_sigqueueinfo, self(), signal, info);
      if (result === 0) kept++;
    }
    // On a host others of the same user may have some pending, and fewer in the next moment.
    expect(cstr("queue, long"), kept <= QUEUE_LIMIT ? 1 : 0, 1);
    expect(cstr("queue, full"), result, -EAGAIN);
    result = 0;
    for (let i = 0; i < 100 && result === 0; i++) result = call(SystemCall.tkill, self(), signal);
    expect(cstr("queue, tkill"), result, -EAGAIN);
    expect(cstr("queue, kill"), call(SystemCall.kill, self(), signal), 0);
    expect(cstr("queue, ordinary"), call(SystemCall.rt_sigqueueinfo, self(), SIGCHLD, info), 0);
    call(SystemCall.exit, verdict());
  }
  expect(cstr("queue of a child"), statusOf(child), 0);
}

function faults(): void {
  count = 0;
  store<u32>(action, onFaultAddress());
  store<u32>(action, SA_SIGINFO | SA_RESTORER, 4);
  store<u32>(action, longRestorerAddress(), 8);
  store<u64>(action, 0, 12);
  call(SystemCall.rt_sigaction, SIGSEGV, action, 0, 8);
  storeAt(NOWHERE);
  expect(cstr("fault, handled"), count, 1);
  expect(cstr("fault, code"), lastCode, SEGV_MAPERR);
  expect(cstr("fault, address"), lastValue, NOWHERE);
  expect(cstr("fault, nothing else"), lastRest, 0);
  const child = fork();
  if (child === 0) {
    block(SIG_BLOCK, SIGSEGV);
    quiet();
    storeAt(NOWHERE);
    call(SystemCall.exit, 0);
  }
  expect(cstr("fault, blocked"), statusOf(child) & 0x7f, SIGSEGV);
}

function stacks(): void {
  store<u32>(pair, alternative);
  store<u32>(pair, 0, 4);
  store<u32>(pair, 1000, 8);
  expect(cstr("altstack, small"), call(SystemCall.sigaltstack, pair, 0), -ENOMEM);
  store<u32>(pair, STACK_SIZE, 8);
  store<u32>(pair, 77, 4);
  expect(cstr("altstack, flags"), call(SystemCall.sigaltstack, pair, 0), -EINVAL);
  store<u32>(pair, 0, 4);
  expect(cstr("altstack"), call(SystemCall.sigaltstack, pair, info), 0);
  expect(cstr("altstack, none before"), load<i32>(info, 4), SS_DISABLE);
  handle(SIGUSR1, 0);
  raise(SIGUSR1);
  expect(cstr("altstack, not asked for"), isOnAlternative() ? 1 : 0, 0);
  handle(SIGUSR1, SA_ONSTACK | SA_SIGINFO);
  raise(SIGUSR1);
  expect(cstr("altstack, used"), isOnAlternative() ? 1 : 0, 1);
  store<u32>(pair, SS_DISABLE, 4);
  expect(cstr("altstack, off"), call(SystemCall.sigaltstack, pair, 0), 0);
  call(SystemCall.sigaltstack, 0, info);
  expect(cstr("altstack, is off"), load<i32>(info, 4), SS_DISABLE);
  expect(cstr("altstack, constant"), SS_ONSTACK, 1);
}

function isOnAlternative(): bool {
  return lastStack - <u32>alternative < STACK_SIZE;
}

function children(): void {
  count = 0;
  handle(SIGCHLD, SA_SIGINFO);
  const child = fork();
  if (child === 0) call(SystemCall.exit, 7);
  while (count === 0) sleep(0, 1000000);
  expect(cstr("child, code"), lastCode, CLD_EXITED);
  expect(cstr("child, waitid"), call(SystemCall.waitid, 1, child, info, WEXITED | WNOWAIT, 0), 0);
  expect(cstr("child, waitid code"), load<i32>(info, SIGINFO_CODE), CLD_EXITED);
  expect(cstr("child, waitid status"), load<i32>(info, SIGINFO_VALUE), 7);
  expect(cstr("child, still there"), statusOf(child), 0x700);
  expect(cstr("child, options"), call(SystemCall.waitid, 0, 0, info, 0, 0), -EINVAL);
  const asked = fork();
  if (asked === 0) call(SystemCall.exit, 0);
  expect(cstr("child, number 0"), call(SystemCall.waitid, 1, 0, info, WEXITED, 0), -EINVAL);
  memory.fill(usage, 0xff, 72);
  expect(cstr("child, usage"), call(SystemCall.waitid, 1, asked, info, WEXITED, usage), 0);
  expect(cstr("child, has used"), load<i32>(usage) >= 0 && load<i32>(usage, 4) >= 0 ? 1 : 0, 1);
  const leader = fork();
  if (leader === 0) {
    call(SystemCall.setpgid, 0, 0);
    if (fork() === 0) call(SystemCall.exit, 0);
    call(SystemCall.exit, -call(SystemCall.waitid, 2, 1, info, WEXITED, 0));
  }
  expect(cstr("child, group 1"), statusOf(leader), ECHILD << 8);
  // Its end comes with SIGCHLD, which does not interrupt the wait for that end.
  handle(SIGCHLD, 0);
  const late = fork();
  if (late === 0) {
    sleep(0, 20000000);
    call(SystemCall.exit, 8);
  }
  expect(cstr("child, waits with a handler"), statusOf(late), 0x800);
  ignore(SIGCHLD);
  const ignored = fork();
  if (ignored === 0) call(SystemCall.exit, 7);
  expect(cstr("child, ignored"), call(SystemCall.waitpid, ignored, 0, 0), -ECHILD);
  // Nobody waits for this one.
  const forgotten = fork();
  if (forgotten === 0) call(SystemCall.exit, 7);
  let kill = 0;
  while (kill === 0) {
    call(SystemCall.sched_yield);
    kill = call(SystemCall.kill, forgotten, 0);
  }
  expect(cstr("child, forgotten"), kill, -ESRCH);
  store<u32>(action, SIG_DFL);
  store<u32>(action, 0, 4);
  call(SystemCall.rt_sigaction, SIGCHLD, action, 0, 8);
}

function stopping(): void {
  const child = fork();
  while (child === 0) sleep(1000, 0);
  call(SystemCall.kill, child, SIGSTOP);
  expect(cstr("stop, waitpid"), call(SystemCall.waitpid, child, info, WUNTRACED), child);
  expect(cstr("stop, status"), load<i32>(info), stoppedStatus(SIGSTOP));
  const twice = call(SystemCall.waitpid, child, info, WUNTRACED | WNOHANG);
  expect(cstr("stop, told once"), twice, 0);
  call(SystemCall.kill, child, SIGCONT);
  expect(cstr("continue"), call(SystemCall.waitid, 1, child, info, WCONTINUED, 0), 0);
  expect(cstr("continue, code"), load<i32>(info, SIGINFO_CODE), CLD_CONTINUED);
  call(SystemCall.kill, child, SIGSTOP);
  call(SystemCall.waitpid, child, info, WUNTRACED);
  call(SystemCall.kill, child, SIGTERM);
  expect(cstr("stopped, TERM waits"), call(SystemCall.waitpid, child, info, WNOHANG), 0);
  call(SystemCall.kill, child, SIGCONT);
  expect(cstr("continued, TERM comes"), statusOf(child), SIGTERM);
  const victim = fork();
  while (victim === 0) sleep(1000, 0);
  call(SystemCall.kill, victim, SIGSTOP);
  call(SystemCall.kill, victim, SIGKILL);
  expect(cstr("stopped, KILL comes"), statusOf(victim), SIGKILL);
}

/** Waits of a process that is stopped meanwhile go on, and its parent is told of both. */
function continuing(): void {
  for (let kind = 0; kind < WAITS; kind++) {
    const child = fork();
    if (child === 0) call(SystemCall.exit, -waitAs(kind));
    watchSleep(child);
    call(SystemCall.kill, child, SIGSTOP);
    call(SystemCall.waitpid, child, info, WUNTRACED);
    // On a busy machine its time may be over before it is stopped: then it has ended.
    let status = load<i32>(info);
    if (status === stoppedStatus(SIGSTOP)) {
      call(SystemCall.kill, child, SIGCONT);
      status = statusOf(child);
    }
    const isFutex = kind === 5 || kind === 6;
    expect(cstr("goes on"), status, isFutex ? ETIMEDOUT << 8 : 0);
  }
  count = 0;
  handle(SIGCHLD, SA_SIGINFO);
  const child = fork();
  while (child === 0) call(SystemCall.pause);
  watchSleep(child);
  call(SystemCall.kill, child, SIGSTOP);
  while (count === 0) sleep(0, 1000000);
  expect(cstr("told, stopped"), lastCode, CLD_STOPPED);
  call(SystemCall.kill, child, SIGCONT);
  while (count === 1) sleep(0, 1000000);
  expect(cstr("told, runs on"), lastCode, CLD_CONTINUED);
  expect(cstr("told, signal"), lastValue, SIGCONT);
  handle(SIGCHLD, 0);
  watchSleep(child);
  call(SystemCall.kill, child, SIGKILL);
  while (call(SystemCall.waitpid, child, 0, 0) === -EINTR) {}
}

const WAITS: i32 = 7;

/** Waits for 300 milliseconds in one of those ways; what the call answers. */
function waitAs(kind: i32): i32 {
  const wait = pair + 8;
  store<i32>(wait, 0);
  store<i32>(wait, 300000000, 4);
  switch (kind) {
    case 0:
      return call(SystemCall.nanosleep, wait, wait);
    case 1:
      return call(SystemCall.poll, 0, 0, 300);
    case 2:
      return call(SystemCall.ppoll, 0, 0, wait, set, 8);
    case 3:
      return call(SystemCall.pselect6, 0, 0, 0, 0, wait, 0);
    case 4:
      store<i32>(wait, 300000, 4);
      return call(SystemCall._newselect, 0, 0, 0, 0, wait);
    case 5:
      return call(SystemCall.futex, info, 0, load<u32>(info), wait);
    default:
      // Until a time.
      call(SystemCall.clock_gettime, 1, pair);
      store<i32>(wait, load<i32>(pair) + 1);
      store<i32>(wait, load<i32>(pair, 4), 4);
      return call(SystemCall.futex, info, 9, load<u32>(info), wait, 0, 1);
  }
}

/** Makes onSignal() the handler. */
function handle(signal: i32, flags: i32, blocked: i32 = 0): i32 {
  const isLong = (flags & SA_SIGINFO) !== 0;
  store<u32>(action, onSignalAddress());
  store<u32>(action, flags | SA_RESTORER, 4);
  store<u32>(action, isLong ? longRestorerAddress() : restorerAddress(), 8);
  store<u64>(action, blocked, 12);
  return call(SystemCall.rt_sigaction, signal, action, 0, 8);
}

function ignore(signal: i32): void {
  store<u32>(action, SIG_IGN);
  store<u32>(action, 0, 4);
  call(SystemCall.rt_sigaction, signal, action, 0, 8);
}

function raise(signal: i32): i32 {
  return call(SystemCall.kill, self(), signal);
}

function self(): i32 {
  return call(SystemCall.getpid);
}

function bit(signal: i32): i32 {
  return 1 << (signal - 1);
}

function setOf(signal: i32): usize {
  store<u64>(set, (<u64>1) << (signal - 1));
  return set;
}

function block(how: i32, signal: i32): i32 {
  return call(SystemCall.rt_sigprocmask, how, setOf(signal), 0, 8);
}

/** The first 32 blocked signals. */
function mask(): i32 {
  call(SystemCall.rt_sigprocmask, SIG_BLOCK, 0, set, 8);
  return load<i32>(set);
}

function sleep(seconds: i32, nanoseconds: i32): void {
  store<i32>(pair, seconds);
  store<i32>(pair, nanoseconds, 4);
  call(SystemCall.nanosleep, pair, 0);
}

/** Standard output to nowhere. */
function quiet(): void {
  call(SystemCall.dup2, call(SystemCall.open, cstr("/dev/null"), 1), 1);
}
