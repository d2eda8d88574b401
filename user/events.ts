// events: checks what files of events answer, and how one waits for them: epoll, eventfd, signalfd,
// timerfd; and timers that send signals.
//
// What is expected here is what Linux does on i386; the tests also run this very program on the
// host's Linux (test/kernel/syscall/system-calls.test.ts). No answer depends on how fast the
// machine is: waits that must end are long, waits that must not are 0.

import {
  EAGAIN,
  EBADF,
  ECHILD,
  EEXIST,
  EFAULT,
  EINVAL,
  ELOOP,
  ENOENT,
  EOPNOTSUPP,
  EPERM,
  ESRCH,
} from "../src/abi/errno";
import { F_GETFD, F_GETFL, FD_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR } from "../src/abi/files";
import { CLONE_PARENT_SETTID, CLONE_PIDFD } from "../src/abi/linux/clone";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
} from "../src/abi/linux/epoll";
import { SystemCall } from "../src/abi/linux/i386";
import {
  SIGNALFD_CODE,
  SIGNALFD_INT,
  SIGNALFD_PID,
  SIGNALFD_SIZE,
} from "../src/abi/linux/signalfd";
import { PAGE_SIZE } from "../src/abi/memory-map";
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "../src/abi/mman";
import { POLLIN, POLLNVAL, POLLOUT } from "../src/abi/poll";
import {
  SI_QUEUE,
  SI_TIMER,
  SI_TKILL,
  SI_USER,
  SIG_BLOCK,
  SIGALRM,
  SIGCHLD,
  SIGKILL,
  SIGUSR1,
  SIGUSR2,
  WEXITED,
} from "../src/abi/signals";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { wantsHelp } from "./runtime/arguments";
import { watchSleep } from "./runtime/await-sleep";

const USAGE = `usage: events
Checks what epoll, eventfd, signalfd and timerfd answer.`;

const O_CLOEXEC: i32 = 0o2000000;
const EFD_SEMAPHORE: i32 = 1;
const TFD_TIMER_ABSTIME: i32 = 1;
const CLOCK_REALTIME: i32 = 0;
const CLOCK_MONOTONIC: i32 = 1;
const CLOCK_PROCESS_CPUTIME: i32 = 2;
const CLOCK_THREAD_CPUTIME: i32 = 3;
const CLOCK_MONOTONIC_RAW: i32 = 4;
const CLOCK_MONOTONIC_COARSE: i32 = 6;
const CLOCK_BOOTTIME: i32 = 7;
const CLOCK_TAI: i32 = 11;
const TIMER_ABSTIME: i32 = 1;
const P_PIDFD: i32 = 3;
const SIGEV_SIGNAL: i32 = 0;
const SIGEV_NONE: i32 = 1;
const SIGEV_THREAD_ID: i32 = 4;
const MILLISECOND: i32 = 1000000;
/** Waits that must end do so long before that. */
const LONG: i32 = 20000;
const CLOSED: i32 = 99;

const buffer: usize = memory.data(4096, 8);
const event: usize = memory.data(12, 8);
const value: usize = memory.data(8, 8);
const ends: usize = memory.data(8, 8);
const times: usize = memory.data(64, 8);
const set: usize = memory.data(8, 8);
const event64: usize = memory.data(64, 8);
const pollfd: usize = memory.data(8, 8);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  counters();
  polledLists();
  selectedSets();
  countersThatWait();
  interests();
  levels();
  edges();
  oneShots();
  closedFiles();
  nesting();
  waiting();
  timerFiles();
  signalFiles();
  processFiles();
  programTimers();
  timersOfProcessorTime();
  return report();
}

function counters(): void {
  const file = call(SystemCall.eventfd2, 3, O_NONBLOCK);
  expect(cstr("eventfd, flags"), call(SystemCall.fcntl64, file, F_GETFL), O_RDWR | O_NONBLOCK);
  expect(cstr("eventfd, poll"), polled(file), POLLIN | POLLOUT);
  expect(cstr("eventfd, short read"), call(SystemCall.read, file, value, 7), -EINVAL);
  expect(cstr("eventfd, bad read"), call(SystemCall.read, file, 0, 8), -EFAULT);
  put(file, 3);
  expect(cstr("eventfd, read"), call(SystemCall.read, file, value, 100), 8);
  expect(cstr("eventfd, value"), load<u32>(value), 3);
  expect(cstr("eventfd, high word"), load<u32>(value, 4), 0);
  expect(cstr("eventfd, empty"), call(SystemCall.read, file, value, 8), -EAGAIN);
  expect(cstr("eventfd, poll empty"), polled(file), POLLOUT);
  expect(cstr("eventfd, short write"), call(SystemCall.write, file, value, 7), -EINVAL);
  expect(cstr("eventfd, bad write"), call(SystemCall.write, file, 0, 8), -EFAULT);
  store<u64>(value, u64.MAX_VALUE);
  expect(cstr("eventfd, write all"), call(SystemCall.write, file, value, 8), -EINVAL);
  store<u64>(value, u64.MAX_VALUE - 1);
  expect(cstr("eventfd, write most"), call(SystemCall.write, file, value, 8), 8);
  expect(cstr("eventfd, poll full"), polled(file), POLLIN);
  store<u64>(value, 1);
  expect(cstr("eventfd, write more"), call(SystemCall.write, file, value, 8), -EAGAIN);
  store<u64>(value, 0);
  expect(cstr("eventfd, write 0"), call(SystemCall.write, file, value, 8), 8);
  call(SystemCall.close, file);

  const semaphore = call(SystemCall.eventfd2, 2, EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC);
  expect(cstr("eventfd, at exec"), call(SystemCall.fcntl64, semaphore, F_GETFD), FD_CLOEXEC);
  expect(cstr("semaphore, read"), call(SystemCall.read, semaphore, value, 8), 8);
  expect(cstr("semaphore, value"), load<u32>(value), 1);
  expect(cstr("semaphore, again"), call(SystemCall.read, semaphore, value, 8), 8);
  expect(cstr("semaphore, empty"), call(SystemCall.read, semaphore, value, 8), -EAGAIN);
  call(SystemCall.close, semaphore);
  expect(cstr("eventfd, bad flags"), call(SystemCall.eventfd2, 0, 2), -EINVAL);
  expect(
    cstr("eventfd, seek"),
    call(SystemCall.lseek, call(SystemCall.eventfd, 0), 0, 0) <= 0 ? 1 : 0,
    1,
  );
}

/** Lists of poll, wherever they are. */
function polledLists(): void {
  const full = call(SystemCall.eventfd, 1);
  const empty = call(SystemCall.eventfd, 0);
  const rights = PROT_READ | PROT_WRITE;
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const pages: usize = call(SystemCall.mmap2, 0, 2 * PAGE_SIZE, rights, flags, -1, 0);
  // The second of four is on both pages.
  const list = pages + PAGE_SIZE - 12;
  setPolled(list, full, POLLIN);
  setPolled(list + 8, empty, POLLIN);
  setPolled(list + 16, -1, POLLIN);
  setPolled(list + 24, CLOSED, 0);
  expect(cstr("poll, two pages"), call(SystemCall.poll, list, 4, 0), 2);
  expect(cstr("poll, ready"), load<u16>(list, 6), POLLIN);
  expect(cstr("poll, not ready"), load<u16>(list, 14), 0);
  expect(cstr("poll, no number"), load<u16>(list, 22), 0);
  expect(cstr("poll, no file"), load<u16>(list, 30), POLLNVAL);
  expect(cstr("poll, one page"), call(SystemCall.poll, list + 16, 2, LONG), 1);
  setPolled(pages, empty, POLLIN);
  expect(cstr("poll, in time"), call(SystemCall.poll, pages, 1, 1), 0);
  expect(cstr("poll, nothing"), load<u16>(pages, 6), 0);
  expect(cstr("poll, none"), call(SystemCall.poll, pages, 0, 1), 0);
  call(SystemCall.mprotect, pages, 2 * PAGE_SIZE, PROT_READ);
  expect(cstr("poll, may not tell"), call(SystemCall.poll, pages, 1, 0), -EFAULT);
  expect(cstr("poll, may not tell later"), call(SystemCall.poll, pages, 1, 1), -EFAULT);
  call(SystemCall.munmap, pages, 2 * PAGE_SIZE);
  closeAll(full, empty);
}

/** However many files select(2) is asked about, sets are as long as the table of files. */
function selectedSets(): void {
  const full = call(SystemCall.eventfd, 1);
  memory.fill(buffer, 0xff, 1024);
  memory.fill(buffer, 0, 128);
  store<u32>(buffer + (full >> 3), 1 << (full & 7));
  memory.fill(times, 0, 8);
  expect(cstr("select, many"), call(SystemCall._newselect, 4096, buffer, 0, 0, times), 1);
  let changed = 0;
  for (let i = 128; i < 1024; i++) if (load<u8>(buffer + i) !== 0xff) changed++;
  expect(cstr("select, behind a set"), changed, 0);
  expect(cstr("select, in it"), load<u8>(buffer + (full >> 3)), 1 << (full & 7));
  call(SystemCall.close, full);
  expect(cstr("select, closed"), call(SystemCall._newselect, 1024, buffer, 0, 0, times), -EBADF);
}

/** An entry, with what poll has to overwrite. */
function setPolled(entry: usize, file: i32, events: u32): void {
  store<i32>(entry, file);
  store<u32>(entry, events | 0x7fff0000, 4);
}

/** A read of an empty counter waits for a write. */
function countersThatWait(): void {
  const file = call(SystemCall.eventfd, 0);
  const back = call(SystemCall.eventfd, 0);
  const child = fork();
  if (child === 0) {
    put(file, 5);
    call(SystemCall.read, back, value, 8);
    call(SystemCall.exit, load<u32>(value));
  }
  expect(cstr("eventfd, wait"), call(SystemCall.read, file, value, 8), 8);
  expect(cstr("eventfd, what came"), load<u32>(value), 5);
  put(back, 6);
  expect(cstr("eventfd, back"), statusOf(child), 6 << 8);
  call(SystemCall.close, file);
  call(SystemCall.close, back);
}

function interests(): void {
  expect(cstr("epoll_create 0"), call(SystemCall.epoll_create, 0), -EINVAL);
  expect(cstr("epoll_create1, flags"), call(SystemCall.epoll_create1, 1), -EINVAL);
  const old = call(SystemCall.epoll_create, 1);
  expect(cstr("epoll_create, at exec"), call(SystemCall.fcntl64, old, F_GETFD), 0);
  call(SystemCall.close, old);
  const epoll = call(SystemCall.epoll_create1, EPOLL_CLOEXEC);
  expect(cstr("epoll, at exec"), call(SystemCall.fcntl64, epoll, F_GETFD), FD_CLOEXEC);
  expect(cstr("epoll, flags"), call(SystemCall.fcntl64, epoll, F_GETFL), O_RDWR);
  expect(cstr("epoll, read"), call(SystemCall.read, epoll, value, 8), -EINVAL);
  const file = call(SystemCall.eventfd, 0);
  const device = call(SystemCall.open, cstr("/dev/null"), O_RDONLY);
  expect(cstr("ctl, no epoll"), ctl(CLOSED, EPOLL_CTL_ADD, file, EPOLLIN), -EBADF);
  expect(cstr("ctl, no file"), ctl(epoll, EPOLL_CTL_ADD, CLOSED, EPOLLIN), -EBADF);
  expect(cstr("ctl, other file"), ctl(file, EPOLL_CTL_ADD, file, EPOLLIN), -EINVAL);
  expect(cstr("ctl, itself"), ctl(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN), -EINVAL);
  expect(cstr("ctl, device"), ctl(epoll, EPOLL_CTL_ADD, device, EPOLLIN), -EPERM);
  expect(cstr("ctl, operation"), ctl(epoll, 77, file, EPOLLIN), -EINVAL);
  expect(
    cstr("ctl, bad event"),
    call(SystemCall.epoll_ctl, epoll, EPOLL_CTL_ADD, file, 0),
    -EFAULT,
  );
  expect(cstr("ctl, change none"), ctl(epoll, EPOLL_CTL_MOD, file, EPOLLIN), -ENOENT);
  expect(cstr("ctl, remove none"), ctl(epoll, EPOLL_CTL_DEL, file, 0), -ENOENT);
  expect(cstr("ctl, add"), ctl(epoll, EPOLL_CTL_ADD, file, EPOLLIN), 0);
  expect(cstr("ctl, add twice"), ctl(epoll, EPOLL_CTL_ADD, file, EPOLLIN), -EEXIST);
  const second = call(SystemCall.dup, file);
  expect(cstr("ctl, add its copy"), ctl(epoll, EPOLL_CTL_ADD, second, EPOLLIN), 0);
  put(file, 1);
  expect(cstr("wait, both"), wait(epoll, 8, 0), 2);
  expect(cstr("wait, one"), wait(epoll, 1, 0), 1);
  expect(cstr("ctl, remove"), call(SystemCall.epoll_ctl, epoll, EPOLL_CTL_DEL, second, 0), 0);
  expect(cstr("ctl, exclusive change"), ctl(epoll, EPOLL_CTL_MOD, file, EPOLLEXCLUSIVE), -EINVAL);
  expect(
    cstr("ctl, exclusive once"),
    ctl(epoll, EPOLL_CTL_ADD, second, EPOLLEXCLUSIVE | EPOLLONESHOT),
    -EINVAL,
  );
  expect(cstr("ctl, exclusive"), ctl(epoll, EPOLL_CTL_ADD, second, EPOLLEXCLUSIVE | EPOLLIN), 0);
  expect(cstr("wait, exclusive"), wait(epoll, 8, 0), 2);
  expect(cstr("ctl, change exclusive"), ctl(epoll, EPOLL_CTL_MOD, second, EPOLLIN), -EINVAL);
  expect(cstr("wait, count 0"), wait(epoll, 0, 0), -EINVAL);
  expect(cstr("wait, count < 0"), wait(epoll, -1, 0), -EINVAL);
  expect(cstr("wait, other file"), wait(file, 8, 0), -EINVAL);
  expect(cstr("wait, no file"), wait(CLOSED, 8, 0), -EBADF);
  expect(cstr("wait, bad events"), call(SystemCall.epoll_wait, epoll, 4, 1, 0), -EFAULT);
  closeAll(epoll, file);
  call(SystemCall.close, device);
  call(SystemCall.close, second);
}

function levels(): void {
  const epoll = call(SystemCall.epoll_create1, 0);
  const file = call(SystemCall.eventfd, 0);
  ctl(epoll, EPOLL_CTL_ADD, file, EPOLLIN);
  expect(cstr("level, nothing"), wait(epoll, 8, 0), 0);
  expect(cstr("level, poll nothing"), polled(epoll), 0);
  put(file, 1);
  for (let i = 0; i < 2; i++) {
    expect(cstr("level, poll"), polled(epoll), POLLIN);
    expect(cstr("level, wait"), wait(epoll, 8, 0), 1);
    expect(cstr("level, events"), load<u32>(buffer), EPOLLIN);
    expect(cstr("level, data"), load<u32>(buffer, 4), file);
    expect(cstr("level, upper data"), load<u32>(buffer, 8), 0x1234);
  }
  call(SystemCall.read, file, value, 8);
  expect(cstr("level, over"), wait(epoll, 8, 0), 0);
  ctl(epoll, EPOLL_CTL_MOD, file, EPOLLIN | EPOLLOUT);
  expect(cstr("level, changed"), wait(epoll, 8, 0), 1);
  expect(cstr("level, changed events"), load<u32>(buffer), EPOLLOUT);
  ctl(epoll, EPOLL_CTL_MOD, file, 0);
  put(file, 1);
  expect(cstr("level, nothing asked"), wait(epoll, 8, 0), 0);
  closeAll(epoll, file);

  const other = call(SystemCall.epoll_create1, 0);
  call(SystemCall.pipe, ends);
  ctl(other, EPOLL_CTL_ADD, load<i32>(ends), 0);
  call(SystemCall.close, load<i32>(ends, 4));
  expect(cstr("level, hangup"), wait(other, 8, 0), 1);
  expect(cstr("level, hangup events"), load<u32>(buffer), EPOLLHUP);
  closeAll(other, load<i32>(ends));
}

function edges(): void {
  const epoll = call(SystemCall.epoll_create1, 0);
  const file = call(SystemCall.eventfd, 1);
  ctl(epoll, EPOLL_CTL_ADD, file, EPOLLIN | EPOLLET);
  expect(cstr("edge, there"), wait(epoll, 8, 0), 1);
  expect(cstr("edge, told"), wait(epoll, 8, 0), 0);
  put(file, 1);
  expect(cstr("edge, another"), wait(epoll, 8, 0), 1);
  put(file, 1);
  put(file, 1);
  expect(cstr("edge, two at once"), wait(epoll, 8, 0), 1);
  expect(cstr("edge, two told"), wait(epoll, 8, 0), 0);
  put(file, 1);
  call(SystemCall.read, file, value, 8);
  expect(cstr("edge, taken away"), wait(epoll, 8, 0), 0);
  put(file, 1);
  wait(epoll, 8, 0);
  ctl(epoll, EPOLL_CTL_MOD, file, EPOLLIN | EPOLLET);
  expect(cstr("edge, asked again"), wait(epoll, 8, 0), 1);
  closeAll(epoll, file);
  // A read makes room, which is not what is asked for.
  const semaphore = call(SystemCall.eventfd2, 5, EFD_SEMAPHORE);
  const other = call(SystemCall.epoll_create1, 0);
  ctl(other, EPOLL_CTL_ADD, semaphore, EPOLLIN | EPOLLET);
  wait(other, 8, 0);
  call(SystemCall.read, semaphore, value, 8);
  expect(cstr("edge, other event"), wait(other, 8, 0), 0);
  closeAll(other, semaphore);
}

function oneShots(): void {
  const epoll = call(SystemCall.epoll_create1, 0);
  const file = call(SystemCall.eventfd, 1);
  ctl(epoll, EPOLL_CTL_ADD, file, EPOLLIN | EPOLLONESHOT);
  expect(cstr("once"), wait(epoll, 8, 0), 1);
  expect(cstr("once, told"), wait(epoll, 8, 0), 0);
  put(file, 1);
  expect(cstr("once, asleep"), wait(epoll, 8, 0), 0);
  ctl(epoll, EPOLL_CTL_MOD, file, EPOLLIN | EPOLLONESHOT);
  expect(cstr("once, again"), wait(epoll, 8, 0), 1);
  expect(cstr("once, remove"), ctl(epoll, EPOLL_CTL_DEL, file, 0), 0);
  closeAll(epoll, file);
}

function closedFiles(): void {
  const epoll = call(SystemCall.epoll_create1, 0);
  const file = call(SystemCall.eventfd, 1);
  const copy = call(SystemCall.dup, file);
  ctl(epoll, EPOLL_CTL_ADD, file, EPOLLIN);
  call(SystemCall.close, file);
  expect(cstr("closed, copy is open"), wait(epoll, 8, 0), 1);
  call(SystemCall.close, copy);
  expect(cstr("closed, all"), wait(epoll, 8, 0), 0);
  const again = call(SystemCall.eventfd, 1);
  expect(cstr("closed, number again"), again, file);
  expect(cstr("closed, not added"), ctl(epoll, EPOLL_CTL_MOD, again, EPOLLIN), -ENOENT);
  expect(cstr("closed, add again"), ctl(epoll, EPOLL_CTL_ADD, again, EPOLLIN), 0);
  call(SystemCall.close, epoll);
  call(SystemCall.close, again);
}

function nesting(): void {
  const inner = call(SystemCall.epoll_create1, 0);
  const outer = call(SystemCall.epoll_create1, 0);
  const file = call(SystemCall.eventfd, 0);
  expect(cstr("nested, add"), ctl(outer, EPOLL_CTL_ADD, inner, EPOLLIN), 0);
  ctl(inner, EPOLL_CTL_ADD, file, EPOLLIN);
  expect(cstr("nested, nothing"), wait(outer, 8, 0), 0);
  put(file, 1);
  expect(cstr("nested, outer"), wait(outer, 8, 0), 1);
  expect(cstr("nested, whose"), load<u32>(buffer, 4), inner);
  expect(cstr("nested, inner"), wait(inner, 8, 0), 1);
  call(SystemCall.read, file, value, 8);
  expect(cstr("nested, over"), wait(outer, 8, 0), 0);
  expect(cstr("nested, circle"), ctl(inner, EPOLL_CTL_ADD, outer, EPOLLIN), -ELOOP);
  expect(
    cstr("nested, exclusive"),
    ctl(outer, EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLEXCLUSIVE),
    -EINVAL,
  );
  closeAll(outer, inner);
  let last = call(SystemCall.epoll_create1, 0);
  const first = last;
  ctl(last, EPOLL_CTL_ADD, file, EPOLLIN);
  let depth: i32 = 0;
  let result: i32 = 0;
  for (; result === 0 && depth < 20; depth++) {
    const next = call(SystemCall.epoll_create1, 0);
    result = ctl(next, EPOLL_CTL_ADD, last, EPOLLIN);
    if (result === 0) last = next;
  }
  expect(cstr("nested, too deep"), result, -ELOOP);
  expect(cstr("nested, depth"), depth, 5);
  put(file, 1);
  expect(cstr("nested, through all"), wait(last, 8, 0), 1);
  for (let each = first; each <= last + 1; each++) call(SystemCall.close, each);
  call(SystemCall.close, file);
  manyWays();
}

/** Every way from a file to one who waits is gone when something happens: there is a limit. */
function manyWays(): void {
  const file = call(SystemCall.eventfd, 0);
  const first = file + 1;
  for (let i = 0; i < 2 * WIDTH; i++) call(SystemCall.epoll_create1, 0);
  for (let i = 0; i < WIDTH; i++) ctl(first + i, EPOLL_CTL_ADD, file, EPOLLIN);
  let added: i32 = 0;
  let result: i32 = 0;
  while (result === 0 && added < WIDTH * WIDTH) {
    const outer = first + WIDTH + added / WIDTH;
    result = ctl(outer, EPOLL_CTL_ADD, first + (added % WIDTH), EPOLLIN);
    if (result === 0) added++;
  }
  expect(cstr("nested, too many ways"), result, -EINVAL);
  expect(cstr("nested, ways"), added, 500);
  put(file, 1);
  expect(cstr("nested, by many ways"), wait(first + WIDTH, 64, 0), WIDTH);
  for (let each = file; each < first + 2 * WIDTH; each++) call(SystemCall.close, each);
}

const WIDTH: i32 = 24;

/** Waits that end because something happens, or because of the time or a signal. */
function waiting(): void {
  const epoll = call(SystemCall.epoll_create1, 0);
  const file = call(SystemCall.eventfd, 0);
  ctl(epoll, EPOLL_CTL_ADD, file, EPOLLIN);
  expect(cstr("wait, 1 ms"), wait(epoll, 8, 1), 0);
  const self = call(SystemCall.getpid);
  const child = fork();
  if (child === 0) {
    watchSleep(self);
    put(file, 1);
    call(SystemCall.exit, 0);
  }
  expect(cstr("wait, for a child"), wait(epoll, 8, LONG), 1);
  statusOf(child);
  call(SystemCall.read, file, value, 8);
  store<u64>(times, 0);
  store<u64>(times, MILLISECOND, 8);
  expect(cstr("pwait2, 1 ms"), call(SystemCall.epoll_pwait2, epoll, buffer, 8, times, 0, 8), 0);
  store<u64>(times, -1);
  expect(
    cstr("pwait2, bad time"),
    call(SystemCall.epoll_pwait2, epoll, buffer, 8, times, 0, 8),
    -EINVAL,
  );
  store<u64>(set, 0);
  expect(
    cstr("pwait, bad set"),
    call(SystemCall.epoll_pwait, epoll, buffer, 8, 0, set, 4),
    -EINVAL,
  );
  expect(cstr("pwait"), call(SystemCall.epoll_pwait, epoll, buffer, 8, 0, set, 8), 0);
  const sleeper = fork();
  if (sleeper === 0) {
    wait(epoll, 8, -1);
    call(SystemCall.exit, 1);
  }
  watchSleep(sleeper);
  call(SystemCall.kill, sleeper, SIGKILL);
  expect(cstr("wait, killed"), statusOf(sleeper), SIGKILL);
  closeAll(epoll, file);
}

function timerFiles(): void {
  expect(cstr("timer, clock"), call(SystemCall.timerfd_create, 99, 0), -EINVAL);
  expect(cstr("timer, raw"), call(SystemCall.timerfd_create, CLOCK_MONOTONIC_RAW, 0), -EINVAL);
  expect(cstr("timer, TAI"), call(SystemCall.timerfd_create, CLOCK_TAI, 0), -EINVAL);
  expect(cstr("timer, CPU"), call(SystemCall.timerfd_create, CLOCK_THREAD_CPUTIME, 0), -EINVAL);
  expect(cstr("timer, flags"), call(SystemCall.timerfd_create, CLOCK_MONOTONIC, 1), -EINVAL);
  const file = call(SystemCall.timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK | O_CLOEXEC);
  expect(cstr("timer, not set"), call(SystemCall.read, file, value, 8), -EAGAIN);
  expect(cstr("timer, poll"), polled(file), 0);
  expect(cstr("timer, write"), call(SystemCall.write, file, value, 8), -EINVAL);
  expect(cstr("timer, short"), call(SystemCall.read, file, value, 4), -EINVAL);
  expect(cstr("timer, get"), call(SystemCall.timerfd_gettime, file, times), 0);
  expect(cstr("timer, left"), load<i32>(times, 8) | load<i32>(times, 12), 0);
  expect(cstr("timer, get bad"), call(SystemCall.timerfd_gettime, file, 0), -EFAULT);
  expect(cstr("timer, other"), call(SystemCall.timerfd_gettime, 1, times), -EINVAL);
  expect(cstr("timer, closed"), call(SystemCall.timerfd_gettime, CLOSED, times), -EBADF);
  setTimes(0, 0, 0, 1000000000);
  expect(cstr("timer, bad time"), settime(file, 0), -EINVAL);
  setTimes(0, 0, -1, 0);
  expect(cstr("timer, negative"), settime(file, 0), -EINVAL);
  setTimes(0, 0, 1000, 0);
  expect(cstr("timer, bad flags"), settime(file, 4), -EINVAL);
  expect(cstr("timer, set"), settime(file, 0), 0);
  expect(cstr("timer, get set"), call(SystemCall.timerfd_gettime, file, times), 0);
  expect(cstr("timer, left set"), load<i32>(times, 8), 999);
  expect(cstr("timer, not yet"), call(SystemCall.read, file, value, 8), -EAGAIN);
  setTimes(0, 0, 0, 0);
  expect(cstr("timer, stop"), call(SystemCall.timerfd_settime, file, 0, times, buffer), 0);
  expect(cstr("timer, was left"), load<i32>(buffer, 8), 999);
  setTimes(0, 0, 0, 1);
  settime(file, 0);
  expect(cstr("timer, wait for it"), waitFor(file), 1);
  expect(cstr("timer, read"), call(SystemCall.read, file, value, 8), 8);
  expect(cstr("timer, once"), load<u32>(value), 1);
  expect(cstr("timer, read again"), call(SystemCall.read, file, value, 8), -EAGAIN);
  setTimes(0, MILLISECOND, 0, 1);
  settime(file, 0);
  pause(20);
  expect(cstr("timer, repeated"), call(SystemCall.read, file, value, 8), 8);
  expect(cstr("timer, how often"), load<u32>(value) >= 10 ? 1 : 0, 1);
  call(SystemCall.timerfd_gettime64, file, times);
  expect(cstr("timer, interval"), load<u32>(times, 8), MILLISECOND);
  expect(cstr("timer, within it"), load<u32>(times, 24) <= <u32>MILLISECOND ? 1 : 0, 1);
  call(SystemCall.close, file);
  for (let each = 0; each < 3; each++) absoluteTimer(each);
}

function absoluteTimer(index: i32): void {
  const clock = index === 0 ? CLOCK_REALTIME : index === 1 ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
  const file = call(SystemCall.timerfd_create, clock, 0);
  call(SystemCall.clock_gettime64, clock, times + 16);
  store<u64>(times, 0);
  store<u64>(times, 0, 8);
  expect(
    cstr("timer, absolute"),
    call(SystemCall.timerfd_settime64, file, TFD_TIMER_ABSTIME, times, 0),
    0,
  );
  expect(cstr("timer, at once"), call(SystemCall.read, file, value, 8), 8);
  expect(cstr("timer, expired"), load<u32>(value), 1);
  store<u64>(times, load<u64>(times, 16) + 1000, 16);
  call(SystemCall.timerfd_settime64, file, TFD_TIMER_ABSTIME, times, 0);
  expect(cstr("timer, far away"), waitNone(file), 0);
  call(SystemCall.timerfd_gettime64, file, times);
  expect(cstr("timer, far left"), load<i32>(times, 16) >= 990 ? 1 : 0, 1);
  call(SystemCall.close, file);
}

function signalFiles(): void {
  store<u64>(set, bit(SIGUSR1) | bit(SIGUSR2) | bit(34) | bit(SIGKILL));
  call(SystemCall.rt_sigprocmask, SIG_BLOCK, set, 0, 8);
  const file = call(SystemCall.signalfd4, -1, set, 8, O_NONBLOCK);
  expect(cstr("signals, none"), call(SystemCall.read, file, buffer, SIGNALFD_SIZE), -EAGAIN);
  expect(cstr("signals, poll"), polled(file), 0);
  expect(cstr("signals, set size"), call(SystemCall.signalfd4, -1, set, 4, 0), -EINVAL);
  expect(cstr("signals, flags"), call(SystemCall.signalfd4, -1, set, 8, 1), -EINVAL);
  expect(cstr("signals, bad set"), call(SystemCall.signalfd4, -1, 0, 8, 0), -EFAULT);
  expect(cstr("signals, no file"), call(SystemCall.signalfd4, CLOSED, set, 8, 0), -EBADF);
  expect(cstr("signals, other file"), call(SystemCall.signalfd4, 1, set, 8, 0), -EINVAL);
  const self = call(SystemCall.getpid);
  call(SystemCall.kill, self, SIGUSR2);
  call(SystemCall.tgkill, self, self, SIGUSR1);
  expect(cstr("signals, poll them"), polled(file), POLLIN);
  expect(cstr("signals, short"), call(SystemCall.read, file, buffer, SIGNALFD_SIZE - 1), -EINVAL);
  expect(cstr("signals, both"), call(SystemCall.read, file, buffer, 1000), 2 * SIGNALFD_SIZE);
  expect(cstr("signals, first"), load<u32>(buffer), SIGUSR1);
  expect(cstr("signals, first code"), load<i32>(buffer, SIGNALFD_CODE), SI_TKILL);
  expect(cstr("signals, second"), load<u32>(buffer + SIGNALFD_SIZE), SIGUSR2);
  expect(cstr("signals, code"), load<i32>(buffer + SIGNALFD_SIZE, SIGNALFD_CODE), SI_USER);
  expect(cstr("signals, from"), load<i32>(buffer + SIGNALFD_SIZE, SIGNALFD_PID), self);
  memory.fill(buffer, 0, 128);
  store<i32>(buffer, SI_QUEUE, 8);
  store<u32>(buffer, 4711, 20);
  call(SystemCall.rt_sigqueueinfo, self, 34, buffer);
  store<u32>(buffer, 4712, 20);
  call(SystemCall.rt_sigqueueinfo, self, 34, buffer);
  expect(cstr("signals, queued"), call(SystemCall.read, file, buffer, 1000), 2 * SIGNALFD_SIZE);
  expect(cstr("signals, value"), load<i32>(buffer, SIGNALFD_INT), 4711);
  expect(cstr("signals, next"), load<i32>(buffer + SIGNALFD_SIZE, SIGNALFD_INT), 4712);
  // Another set.
  store<u64>(set, bit(SIGUSR2));
  expect(cstr("signals, change"), call(SystemCall.signalfd, file, set, 8), file);
  call(SystemCall.kill, self, SIGUSR1);
  expect(cstr("signals, not asked"), call(SystemCall.read, file, buffer, 128), -EAGAIN);
  store<u64>(set, bit(SIGUSR1));
  call(SystemCall.signalfd, file, set, 8);
  expect(cstr("signals, asked"), call(SystemCall.read, file, buffer, 128), 128);
  call(SystemCall.close, file);
  signalsThatWait(self);
}

function processFiles(): void {
  const self = call(SystemCall.getpid);
  expect(cstr("pidfd, flags"), call(SystemCall.pidfd_open, self, 1), -EINVAL);
  expect(cstr("pidfd, id 0"), call(SystemCall.pidfd_open, 0, 0), -EINVAL);
  expect(cstr("pidfd, nobody"), call(SystemCall.pidfd_open, 1 << 24, 0), -ESRCH);
  call(SystemCall.pipe, ends);
  const child = fork();
  if (child === 0) {
    call(SystemCall.read, load<i32>(ends), buffer, 1);
    call(SystemCall.exit_group, 5);
  }
  const file = call(SystemCall.pidfd_open, child, O_NONBLOCK);
  expect(cstr("pidfd, at exec"), call(SystemCall.fcntl64, file, F_GETFD), FD_CLOEXEC);
  expect(cstr("pidfd, read"), call(SystemCall.read, file, buffer, 8), -EINVAL);
  expect(cstr("pidfd, poll"), polled(file), 0);
  expect(cstr("pidfd, waitid"), waitBy(file), -EAGAIN);
  expect(cstr("pidfd, waitid other"), waitBy(load<i32>(ends)), -EBADF);
  const copy = call(SystemCall.pidfd_getfd, file, load<i32>(ends, 4), 0);
  expect(cstr("pidfd, their file"), call(SystemCall.fcntl64, copy, F_GETFD), FD_CLOEXEC);
  expect(cstr("pidfd, no such file"), call(SystemCall.pidfd_getfd, file, CLOSED, 0), -EBADF);
  expect(cstr("pidfd, getfd flags"), call(SystemCall.pidfd_getfd, file, 0, 1), -EINVAL);
  expect(cstr("pidfd, getfd other"), call(SystemCall.pidfd_getfd, copy, 0, 0), -EBADF);
  pidfdSignals(self, file);
  const interest = call(SystemCall.epoll_create1, 0);
  store<u32>(event, EPOLLIN);
  call(SystemCall.epoll_ctl, interest, EPOLL_CTL_ADD, file, event);
  expect(cstr("pidfd, their pipe"), call(SystemCall.write, copy, buffer, 1), 1);
  expect(cstr("pidfd, end"), call(SystemCall.epoll_wait, interest, event, 1, LONG), 1);
  expect(cstr("pidfd, poll end"), polled(file), POLLIN);
  expect(cstr("pidfd, wait"), waitBy(file), 0);
  expect(cstr("pidfd, wait status"), load<i32>(buffer, 20), 5);
  expect(cstr("pidfd, wait again"), waitBy(file), -ECHILD);
  expect(cstr("pidfd, gone"), call(SystemCall.pidfd_send_signal, file, 0, 0, 0), -ESRCH);
  expect(cstr("pidfd, getfd gone"), call(SystemCall.pidfd_getfd, file, 0, 0), -ESRCH);
  for (let i = 0; i < 2; i++) call(SystemCall.close, load<i32>(ends + 4 * i));
  call(SystemCall.close, interest);
  call(SystemCall.close, copy);
  call(SystemCall.close, file);
  clonedFiles();
}

/** waitid(P_PIDFD): the siginfo_t is in the buffer. */
function waitBy(file: i32): i32 {
  return call(SystemCall.waitid, P_PIDFD, file, buffer, WEXITED, 0);
}

function pidfdSignals(self: i32, child: i32): void {
  const file = call(SystemCall.pidfd_open, self, 0);
  store<u64>(set, bit(SIGUSR1));
  const signals = call(SystemCall.signalfd4, -1, set, 8, O_NONBLOCK);
  expect(cstr("pidfd, 0"), call(SystemCall.pidfd_send_signal, file, 0, 0, 0), 0);
  expect(cstr("pidfd, 65"), call(SystemCall.pidfd_send_signal, file, 65, 0, 0), -EINVAL);
  expect(cstr("pidfd, flag"), call(SystemCall.pidfd_send_signal, file, 0, 0, 1 << 20), -EINVAL);
  const stranger = call(SystemCall.pidfd_send_signal, signals, 0, 0, 0);
  expect(cstr("pidfd, no process"), stranger, -EBADF);
  expect(cstr("pidfd, kill"), call(SystemCall.pidfd_send_signal, file, SIGUSR1, 0, 0), 0);
  call(SystemCall.read, signals, buffer, SIGNALFD_SIZE);
  expect(cstr("pidfd, code"), load<i32>(buffer, SIGNALFD_CODE), SI_USER);
  memory.fill(buffer, 0, 128);
  store<i32>(buffer, SIGUSR2);
  store<i32>(buffer, SI_QUEUE, 8);
  store<u32>(buffer, 4713, 20);
  const other = call(SystemCall.pidfd_send_signal, file, SIGUSR1, buffer, 0);
  expect(cstr("pidfd, another signal"), other, -EINVAL);
  store<i32>(buffer, SIGUSR1);
  expect(cstr("pidfd, queue"), call(SystemCall.pidfd_send_signal, file, SIGUSR1, buffer, 0), 0);
  store<i32>(buffer, SI_USER, 8);
  const pretended = call(SystemCall.pidfd_send_signal, child, SIGUSR1, buffer, 0);
  expect(cstr("pidfd, pretended"), pretended, -EPERM);
  call(SystemCall.read, signals, buffer, SIGNALFD_SIZE);
  expect(cstr("pidfd, value"), load<i32>(buffer, SIGNALFD_INT), 4713);
  const directory = call(SystemCall.open, cstr("/proc/self"), O_RDONLY);
  const sent = call(SystemCall.pidfd_send_signal, directory, SIGUSR1, 0, 0);
  expect(cstr("pidfd, of /proc"), sent, 0);
  expect(cstr("pidfd, it came"), call(SystemCall.read, signals, buffer, 1000), SIGNALFD_SIZE);
  const inner = call(SystemCall.open, cstr("/proc/self/fd"), O_RDONLY);
  expect(cstr("pidfd, in /proc"), call(SystemCall.pidfd_send_signal, inner, 0, 0, 0), -EBADF);
  const outer = call(SystemCall.open, cstr("/proc"), O_RDONLY);
  expect(cstr("pidfd, /proc"), call(SystemCall.pidfd_send_signal, outer, 0, 0, 0), -EBADF);
  const task = call(SystemCall.open, cstr("/proc/thread-self"), O_RDONLY);
  expect(cstr("pidfd, a thread's"), call(SystemCall.pidfd_send_signal, task, 0, 0, 0), -EBADF);
  for (let each = file; each <= task; each++) call(SystemCall.close, each);
}

function clonedFiles(): void {
  const flags = CLONE_PIDFD | SIGCHLD;
  expect(cstr("clone, no word"), call(SystemCall.clone, flags, 0, 8), -EFAULT);
  const both = call(SystemCall.clone, flags | CLONE_PARENT_SETTID, 0, value);
  expect(cstr("clone, two words"), both, -EINVAL);
  const child = call(SystemCall.clone, flags, 0, value);
  if (child === 0) call(SystemCall.exit_group, 6);
  expect(cstr("clone, pidfd"), waitBy(load<i32>(value)), 0);
  expect(cstr("clone, whose"), load<i32>(buffer, 12), child);
  call(SystemCall.close, load<i32>(value));
}

function signalsThatWait(self: i32): void {
  store<u64>(set, bit(SIGUSR1));
  const file = call(SystemCall.signalfd, -1, set, 8);
  const epoll = call(SystemCall.epoll_create1, 0);
  ctl(epoll, EPOLL_CTL_ADD, file, EPOLLIN);
  const child = fork();
  if (child === 0) {
    watchSleep(self);
    call(SystemCall.kill, self, SIGUSR1);
    // The second must not come before the first is taken: they would be one.
    watchSleep(self);
    call(SystemCall.kill, self, SIGUSR1);
    call(SystemCall.exit, 0);
  }
  expect(cstr("signals, wait"), call(SystemCall.read, file, buffer, 128), 128);
  expect(cstr("signals, from child"), load<i32>(buffer, SIGNALFD_PID), child);
  expect(cstr("signals, epoll"), wait(epoll, 8, LONG), 1);
  call(SystemCall.read, file, buffer, 128);
  statusOf(child);
  // A child that ends takes its places in queues along.
  const other = fork();
  if (other === 0) {
    const copy = call(SystemCall.dup, file);
    ctl(epoll, EPOLL_CTL_ADD, copy, EPOLLIN);
    call(SystemCall.exit, 0);
  }
  statusOf(other);
  call(SystemCall.kill, self, SIGUSR1);
  expect(cstr("signals, after a child"), wait(epoll, 8, LONG) > 0 ? 1 : 0, 1);
  closeAll(epoll, file);
}

function programTimers(): void {
  const self = call(SystemCall.getpid);
  store<u64>(set, bit(SIGALRM) | bit(34) | bit(35));
  call(SystemCall.rt_sigprocmask, SIG_BLOCK, set, 0, 8);
  expect(cstr("timer, no clock"), create(99, 0), -EINVAL);
  expect(cstr("timer, coarse"), create(CLOCK_MONOTONIC_COARSE, 0), -EOPNOTSUPP);
  expect(cstr("timer, bad place"), call(SystemCall.timer_create, CLOCK_REALTIME, 0, 0), -EFAULT);
  expect(cstr("timer, bad event"), create(CLOCK_REALTIME, 1), -EFAULT);
  setEvent(0, SIGEV_SIGNAL, 0, 0);
  expect(cstr("timer, signal 0"), create(CLOCK_REALTIME, event64), -EINVAL);
  setEvent(65, SIGEV_SIGNAL, 0, 0);
  expect(cstr("timer, signal 65"), create(CLOCK_REALTIME, event64), -EINVAL);
  setEvent(34, 77, 0, 0);
  expect(cstr("timer, bad how"), create(CLOCK_REALTIME, event64), -EINVAL);
  setEvent(34, SIGEV_THREAD_ID, 0, 1000000);
  expect(cstr("timer, bad thread"), create(CLOCK_REALTIME, event64), -EINVAL);
  expect(cstr("timer, usual"), create(CLOCK_MONOTONIC, 0), 0);
  const usual = load<i32>(value);
  setTimes(0, 0, 0, 1000);
  expect(cstr("timer, start"), start(usual, 0), 0);
  expect(cstr("timer, its signal"), take(bit(SIGALRM)), SIGALRM);
  expect(cstr("timer, its code"), load<i32>(buffer, 8), SI_TIMER);
  expect(cstr("timer, its number"), load<i32>(buffer, 12), usual);
  expect(cstr("timer, no overrun"), load<i32>(buffer, 16), 0);
  expect(cstr("timer, usual value"), load<i32>(buffer, 20), usual);
  expect(cstr("timer, over"), call(SystemCall.timer_gettime, usual, times), 0);
  expect(cstr("timer, nothing left"), load<i32>(times, 8) | load<i32>(times, 12), 0);
  setEvent(35, SIGEV_THREAD_ID, 4711, self);
  expect(cstr("timer, for a thread"), create(CLOCK_BOOTTIME, event64), 0);
  const second = load<i32>(value);
  setTimes(0, MILLISECOND, 0, MILLISECOND);
  expect(cstr("timer, repeat"), start(second, 0), 0);
  pause(20);
  expect(cstr("timer, signal"), take(bit(35)), 35);
  expect(cstr("timer, value"), load<i32>(buffer, 20), 4711);
  const overruns = load<i32>(buffer, 16);
  expect(cstr("timer, overruns"), overruns >= 10 ? 1 : 0, 1);
  expect(cstr("timer, asked"), call(SystemCall.timer_getoverrun, second), overruns);
  expect(cstr("timer, get"), call(SystemCall.timer_gettime64, second, times), 0);
  expect(cstr("timer, interval"), load<i32>(times, 8), MILLISECOND);
  setTimes(0, 0, 0, 0);
  expect(cstr("timer, stop"), call(SystemCall.timer_settime, second, 0, times, buffer), 0);
  expect(cstr("timer, was"), load<i32>(buffer, 4), MILLISECOND);
  take(bit(35));
  setTimes(0, 0, 0, 1000000000);
  expect(cstr("timer, bad time"), start(second, 0), -EINVAL);
  expect(cstr("timer, no time"), call(SystemCall.timer_settime, second, 0, 0, 0), -EINVAL);
  call(SystemCall.clock_gettime, CLOCK_BOOTTIME, times + 8);
  store<u64>(times, 0);
  expect(cstr("timer, absolute"), start(second, TIMER_ABSTIME), 0);
  expect(cstr("timer, at once"), take(bit(35)), 35);
  setEvent(34, SIGEV_NONE, 0, 0);
  expect(cstr("timer, silent"), create(CLOCK_REALTIME, event64), 0);
  const silent = load<i32>(value);
  setTimes(0, 0, 1000, 0);
  start(silent, 0);
  call(SystemCall.timer_gettime, silent, times);
  expect(cstr("timer, silent left"), load<i32>(times, 8), 999);
  // A child has none of them, and neither has another program.
  const child = fork();
  if (child === 0) call(SystemCall.exit, -call(SystemCall.timer_gettime, usual, times));
  expect(cstr("timer, child"), statusOf(child), EINVAL << 8);
  expect(cstr("timer, delete"), call(SystemCall.timer_delete, second), 0);
  expect(cstr("timer, delete twice"), call(SystemCall.timer_delete, second), -EINVAL);
  expect(cstr("timer, deleted"), call(SystemCall.timer_getoverrun, second), -EINVAL);
  call(SystemCall.timer_delete, usual);
  call(SystemCall.timer_delete, silent);
}

function timersOfProcessorTime(): void {
  setEvent(34, SIGEV_SIGNAL, 5, 0);
  expect(cstr("timer, CPU"), create(CLOCK_PROCESS_CPUTIME, event64), 0);
  const timer = load<i32>(value);
  const before = processorTime();
  setTimes(0, 0, 0, 5 * MILLISECOND);
  start(timer, 0);
  pause(20);
  expect(cstr("timer, CPU sleeps"), call(SystemCall.rt_sigpending, set, 8), 0);
  // A host that stops the machine adds to its clock: then the timer may be over.
  const isEarly = processorTime() - before < 5 * MILLISECOND;
  expect(cstr("timer, CPU not yet"), isEarly && (load<u64>(set) & bit(34)) !== 0 ? 1 : 0, 0);
  for (let i = 0; i < 100000000; i++) {
    call(SystemCall.rt_sigpending, set, 8);
    if ((load<u64>(set) & bit(34)) !== 0) break;
  }
  expect(cstr("timer, CPU used"), take(bit(34)), 34);
  expect(cstr("timer, CPU value"), load<i32>(buffer, 20), 5);
  call(SystemCall.timer_delete, timer);
}

/** The processor time of this process, in nanoseconds. */
function processorTime(): u64 {
  call(SystemCall.clock_gettime, CLOCK_PROCESS_CPUTIME, buffer);
  return <u64>load<u32>(buffer) * 1000000000 + load<u32>(buffer, 4);
}

/** timer_create: the number is in `value`. */
function create(clock: i32, given: i32): i32 {
  return call(SystemCall.timer_create, clock, given, value);
}

function setEvent(signal: i32, how: i32, given: i32, thread: i32): void {
  memory.fill(event64, 0, 64);
  store<i32>(event64, given);
  store<i32>(event64, signal, 4);
  store<i32>(event64, how, 8);
  store<i32>(event64, thread, 12);
}

function start(timer: i32, flags: i32): i32 {
  return call(SystemCall.timer_settime, timer, flags, times, 0);
}

/** Waits for a signal of a set and takes it; what came with it is in `buffer`. */
function take(signals: u64): i32 {
  store<u64>(set, signals);
  store<i32>(times, LONG / 1000);
  store<i32>(times, 0, 4);
  return call(SystemCall.rt_sigtimedwait, set, buffer, times, 8);
}

function bit(signal: u32): u64 {
  return (<u64>1) << (signal - 1);
}

/** What poll says of a file, without waiting. */
function polled(file: i32): i32 {
  store<i32>(pollfd, file);
  store<u32>(pollfd, POLLIN | POLLOUT, 4);
  call(SystemCall.poll, pollfd, 1, 0);
  return load<u16>(pollfd, 6);
}

/** Waits until a file can be read: 1 if it can. */
function waitFor(file: i32): i32 {
  store<i32>(pollfd, file);
  store<u32>(pollfd, POLLIN, 4);
  return call(SystemCall.poll, pollfd, 1, LONG);
}

function waitNone(file: i32): i32 {
  store<i32>(pollfd, file);
  store<u32>(pollfd, POLLIN, 4);
  return call(SystemCall.poll, pollfd, 1, 0);
}

function put(file: i32, count: u64): void {
  store<u64>(value, count);
  call(SystemCall.write, file, value, 8);
}

/** epoll_ctl, with the file's number as data. */
function ctl(epoll: i32, operation: i32, file: i32, events: u32): i32 {
  store<u32>(event, events);
  store<i32>(event, file, 4);
  store<u32>(event, 0x1234, 8);
  return call(SystemCall.epoll_ctl, epoll, operation, file, event);
}

function wait(epoll: i32, count: i32, milliseconds: i32): i32 {
  return call(SystemCall.epoll_wait, epoll, buffer, count, milliseconds);
}

function pause(milliseconds: i32): void {
  store<i32>(buffer, 0);
  store<i32>(buffer, milliseconds * MILLISECOND, 4);
  call(SystemCall.nanosleep, buffer, 0);
}

function setTimes(every: i32, everyPart: i32, first: i32, firstPart: i32): void {
  store<i32>(times, every);
  store<i32>(times, everyPart, 4);
  store<i32>(times, first, 8);
  store<i32>(times, firstPart, 12);
}

function settime(file: i32, flags: i32): i32 {
  return call(SystemCall.timerfd_settime, file, flags, times, 0);
}

function closeAll(one: i32, other: i32): void {
  call(SystemCall.close, one);
  call(SystemCall.close, other);
}
