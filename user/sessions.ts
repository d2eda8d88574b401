// sessions: checks sessions, process groups, controlling terminals and job control as on Linux.
//
// What is expected here is what Linux does on i386; the tests also run this very program on the
// host's Linux (test/kernel/syscall/system-calls.test.ts). It is started with its own path, to run
// itself with `pause`, which waits for ever.

import { EACCES, EINVAL, EIO, ENOTTY, ENXIO, EPERM, ESRCH } from "../src/abi/errno";
import { O_NOCTTY, O_NONBLOCK, O_RDWR, O_WRONLY } from "../src/abi/files";
import { SystemCall } from "../src/abi/linux/i386";
import { POLLFD_RESULTS, POLLHUP, POLLIN } from "../src/abi/poll";
import {
  SIG_BLOCK,
  SIG_DFL,
  SIG_IGN,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGQUIT,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGWINCH,
  stoppedStatus,
  WNOHANG,
  WUNTRACED,
} from "../src/abi/signals";
import {
  TCGETS,
  TCSETS,
  TERMIOS_LFLAG,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCSCTTY,
  TIOCSPGRP,
  TIOCSTI,
  TIOCSWINSZ,
  TOSTOP,
} from "../src/abi/termios";
import { call, expect, forgetAnswers, fork, report, statusOf, verdict } from "./runtime/answers";
import { argument, equals, wantsHelp } from "./runtime/arguments";
import { awaitSleep } from "./runtime/await-sleep";
import { printLine } from "./runtime/output";
import { master, openPair, slave, slavePath, type } from "./runtime/pty";
import { setSignal } from "./runtime/system-calls";

const USAGE = `usage: sessions PATH
Checks sessions, groups and job control as on Linux; PATH leads to this program.`;
const PATIENCE_MS: i32 = 5000;
const SECOND: i32 = 1000000000;

/** The id of a process that has ended. */
let nobody: i32 = 0;

const word: usize = memory.data(64, 8);
const ends: usize = memory.data(8, 4);
const time: usize = memory.data(16, 8);
const set: usize = memory.data(8, 8);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 2) {
    printLine(USAGE);
    return 2;
  }
  while (equals(argument(argv, 1), "pause")) sleep(1000, 0);
  // In a process of its own, which leads no group.
  const child = fork();
  if (child === 0) {
    nobody = fork();
    if (nobody === 0) call(SystemCall.exit, 0);
    statusOf(nobody);
    groups(argument(argv, 1));
    sessions();
    openPair();
    control();
    foreground();
    keys();
    background();
    orphans();
    leaders();
    hangUps();
    call(SystemCall.exit, report());
  }
  return statusOf(child) >> 8;
}

function groups(path: usize): void {
  expect(cstr("setpgid, negative"), setGroup(0, -5), -EINVAL);
  expect(cstr("setpgid, nobody"), setGroup(nobody, 0), -ESRCH);
  expect(cstr("setpgid, the parent"), setGroup(call(SystemCall.getppid), 0), -ESRCH);
  expect(cstr("setpgid, no such group"), setGroup(0, nobody), -EPERM);
  expect(cstr("setpgid, own"), setGroup(0, 0), 0);
  expect(cstr("getpgid"), call(SystemCall.getpgid, 0), self());
  const child = fork();
  while (child === 0) sleep(1000, 0);
  expect(cstr("setpgid, child"), setGroup(child, child), 0);
  expect(cstr("getpgid, child"), call(SystemCall.getpgid, child), child);
  expect(cstr("setpgid, the child's"), setGroup(0, child), 0);
  expect(cstr("setpgid, back"), setGroup(0, self()), 0);
  end(child);
  const other = fork();
  if (other === 0) {
    store<u32>(word, path);
    store<u32>(word, cstr("pause"), 4);
    store<u32>(word, 0, 8);
    call(SystemCall.execve, path, word, 0);
    call(SystemCall.exit, 1);
  }
  awaitSleep(other);
  expect(cstr("setpgid, executed"), setGroup(other, other), -EACCES);
  end(other);
}

function sessions(): void {
  expect(cstr("getsid, nobody"), call(SystemCall.getsid, nobody), -ESRCH);
  expect(cstr("setsid, leads a group"), call(SystemCall.setsid), -EPERM);
  const child = fork();
  if (child === 0) {
    let right = call(SystemCall.setsid) === self();
    right = right && call(SystemCall.getsid, 0) === self();
    right = right && call(SystemCall.getpgrp) === self();
    right = right && call(SystemCall.setsid) === -EPERM;
    right = right && setGroup(0, 0) === -EPERM;
    right = right && call(SystemCall.open, cstr("/dev/tty"), O_RDWR, 0) === -ENXIO;
    call(SystemCall.exit, right ? 0 : 1);
  }
  expect(cstr("a session of its own"), statusOf(child), 0);
  const foreign = fork();
  if (foreign === 0) {
    call(SystemCall.setsid);
    while (true) sleep(1000, 0);
  }
  while (call(SystemCall.getsid, foreign) !== foreign) sleep(0, SECOND / 100);
  expect(cstr("setpgid, another session"), setGroup(foreign, 0), -EPERM);
  expect(cstr("setpgid, into another session"), setGroup(0, foreign), -EPERM);
  end(foreign);
}

/** From here on this process's child leads a session, with the pty as its terminal. */
function control(): void {
  expect(cstr("not own, group"), ask(slave, TIOCGPGRP), -ENOTTY);
  expect(cstr("not own, session"), ask(slave, TIOCGSID), -ENOTTY);
  expect(cstr("not own, set"), tell(slave, TIOCSPGRP, self()), -ENOTTY);
  expect(cstr("not own, leave"), call(SystemCall.ioctl, slave, TIOCNOTTY, 0), -ENOTTY);
  expect(cstr("no leader, take"), call(SystemCall.ioctl, slave, TIOCSCTTY, 0), -EPERM);
  expect(cstr("master, no session"), ask(master, TIOCGSID), -ENOTTY);
  expect(cstr("master, no group"), ask(master, TIOCGPGRP), 0);
  const child = fork();
  if (child === 0) {
    forgetAnswers();
    call(SystemCall.setsid);
    const kept = call(SystemCall.open, slavePath(master), O_RDWR | O_NOCTTY, 0);
    expectOwn(cstr("O_NOCTTY"), false);
    const writer = call(SystemCall.open, slavePath(master), O_WRONLY, 0);
    expectOwn(cstr("only for writing"), false);
    call(SystemCall.close, writer);
    const own = call(SystemCall.open, slavePath(master), O_RDWR, 0);
    expectOwn(cstr("opened"), true);
    expect(cstr("own, group"), ask(own, TIOCGPGRP), self());
    expect(cstr("own, session"), ask(kept, TIOCGSID), self());
    expect(cstr("own, again"), call(SystemCall.ioctl, own, TIOCSCTTY, 0), 0);
    expect(cstr("master, group"), ask(master, TIOCGPGRP), self());
    expect(cstr("master, session"), ask(master, TIOCGSID), self());
    openPair();
    expect(cstr("another"), call(SystemCall.ioctl, slave, TIOCSCTTY, 0), -EPERM);
    const tty = call(SystemCall.open, cstr("/dev/tty"), O_RDWR, 0);
    setSignal(SIGHUP, SIG_IGN);
    expect(cstr("leave"), call(SystemCall.ioctl, tty, TIOCNOTTY, 0), 0);
    expectOwn(cstr("left"), false);
    expect(cstr("take"), call(SystemCall.ioctl, slave, TIOCSCTTY, 0), 0);
    expectOwn(cstr("taken"), true);
    call(SystemCall.exit, verdict());
  }
  expect(cstr("a terminal"), statusOf(child), 0);
}

function foreground(): void {
  const child = lead();
  if (child === 0) {
    expect(cstr("foreground, unmapped"), call(SystemCall.ioctl, slave, TIOCSPGRP, 8), -14);
    expect(cstr("foreground, negative"), tell(slave, TIOCSPGRP, -1), -EINVAL);
    expect(cstr("foreground, nobody"), tell(slave, TIOCSPGRP, nobody), -ESRCH);
    expect(cstr("foreground, a stranger"), tell(slave, TIOCSPGRP, outsider()), -EPERM);
    const other = fork();
    while (other === 0) sleep(1000, 0);
    setGroup(other, other);
    expect(cstr("foreground, another"), tell(slave, TIOCSPGRP, other), 0);
    expect(cstr("foreground, is"), ask(slave, TIOCGPGRP), other);
    // This leader's group is orphaned, as its parent is of another session.
    expect(cstr("background, orphaned"), tell(slave, TIOCSPGRP, self()), -ENOTTY);
    expect(cstr("background, settings"), sameSettings(), -EIO);
    setSignal(SIGTTOU, SIG_IGN);
    expect(cstr("background, ignoring"), tell(slave, TIOCSPGRP, self()), 0);
    end(other);
    call(SystemCall.exit, verdict());
  }
  expect(cstr("the foreground"), statusOf(child), 0);
}

/** ^C, ^\, ^Z and a new window reach the foreground group. */
function keys(): void {
  const child = lead();
  if (child === 0) {
    setSignal(SIGTTOU, SIG_IGN);
    expect(cstr("^C"), ended(pressed("\x03")), SIGINT);
    expect(cstr("^\\"), ended(pressed("\x1c")) & 0x7f, SIGQUIT);
    const stopped = pressed("\x1a");
    expect(cstr("^Z"), stopOf(stopped), stoppedStatus(SIGTSTP));
    call(SystemCall.exit, verdict());
  }
  expect(cstr("keys"), statusOf(child), 0);
  const window = lead();
  if (window === 0) {
    block(SIG_BLOCK, SIGWINCH);
    setSignal(SIGWINCH, SIG_DFL);
    store<u32>(word, (99 << 16) | 77);
    store<u32>(word, 0, 4);
    call(SystemCall.ioctl, slave, TIOCSWINSZ, word);
    expect(cstr("window"), ask(slave, TIOCGWINSZ), (99 << 16) | 77);
    call(SystemCall.exit, verdict());
  }
  expect(cstr("a window"), statusOf(window), 0);
}

/** What processes in the background may do. */
function background(): void {
  const child = lead();
  if (child === 0) {
    setSignal(SIGTTOU, SIG_IGN);
    expect(cstr("read"), stopOf(behind(cstr("r"))), stoppedStatus(SIGTTIN));
    expect(cstr("write"), ended(behind(cstr("w"))), 1 << 8);
    expect(cstr("settings"), stopOf(behind(cstr("s"))), stoppedStatus(SIGTTOU));
    expect(cstr("read, ignoring"), ended(behind(cstr("i"))), EIO << 8);
    expect(cstr("read, blocking"), ended(behind(cstr("b"))), EIO << 8);
    call(SystemCall.ioctl, slave, TCGETS, word);
    store<u32>(word, load<u32>(word, TERMIOS_LFLAG) | TOSTOP, TERMIOS_LFLAG);
    call(SystemCall.ioctl, slave, TCSETS, word);
    expect(cstr("write, TOSTOP"), stopOf(behind(cstr("w"))), stoppedStatus(SIGTTOU));
    call(SystemCall.exit, verdict());
  }
  expect(cstr("the background"), statusOf(child), 0);
}

/** A stopped group that is left alone gets SIGHUP, and runs on. */
function orphans(): void {
  const child = lead();
  if (child === 0) {
    call(SystemCall.pipe, ends);
    const parent = fork();
    if (parent === 0) {
      const stopped = fork();
      if (stopped === 0) {
        setGroup(0, 0);
        call(SystemCall.kill, self(), SIGTSTP);
        while (true) sleep(1000, 0);
      }
      setGroup(stopped, stopped);
      call(SystemCall.waitpid, stopped, word, WUNTRACED);
      call(SystemCall.exit, 0);
    }
    statusOf(parent);
    expect(cstr("orphan, gets SIGHUP"), writersAreGone() ? 1 : 0, 1);
    // A process of an orphaned group is not stopped by its terminal.
    call(SystemCall.kill, self(), SIGTSTP);
    call(SystemCall.exit, verdict());
  }
  expect(cstr("orphans"), statusOf(child), 0);
}

/** A leader ends: what is in the foreground gets SIGHUP, and the terminal is free. */
function leaders(): void {
  call(SystemCall.pipe, ends);
  const child = lead();
  if (child === 0) {
    const member = fork();
    while (member === 0) sleep(1000, 0);
    call(SystemCall.exit, 0);
  }
  expect(cstr("a leader"), statusOf(child), 0);
  expect(cstr("leader's end, SIGHUP"), writersAreGone() ? 1 : 0, 1);
  expect(cstr("leader's end, free"), ask(master, TIOCGSID), -ENOTTY);
}

/** Whether all others that have the pipe end, soon. */
function writersAreGone(): bool {
  call(SystemCall.close, load<i32>(ends, 4));
  store<i32>(word, load<i32>(ends));
  store<u32>(word, POLLIN, 4);
  call(SystemCall.poll, word, 1, PATIENCE_MS);
  return (load<u16>(word, POLLFD_RESULTS) & POLLHUP) !== 0;
}

/** The master's end: the leader gets SIGHUP. */
function hangUps(): void {
  openPair();
  const child = lead();
  if (child === 0) {
    call(SystemCall.close, master);
    while (true) sleep(1000, 0);
  }
  awaitSleep(child);
  expect(cstr("hang-up, not yet"), call(SystemCall.waitpid, child, word, WNOHANG), 0);
  call(SystemCall.close, master);
  expect(cstr("hang-up"), statusOf(child), SIGHUP);
  expect(cstr("hang-up, input"), call(SystemCall.ioctl, slave, TIOCSTI, word), -EIO);
}

/** A new process that leads a session with the pty as its terminal. */
function lead(): i32 {
  const child = fork();
  if (child !== 0) return child;
  forgetAnswers();
  call(SystemCall.setsid);
  call(SystemCall.ioctl, slave, TIOCSCTTY, 0);
  return 0;
}

/** A process in the foreground, when those keys are pressed. */
function pressed(key: string): i32 {
  const child = fork();
  while (child === 0) sleep(1000, 0);
  setGroup(child, child);
  tell(slave, TIOCSPGRP, child);
  type(key);
  return child;
}

/** A process in the background, which does one thing. */
function behind(action: usize): i32 {
  const leader = self();
  tell(slave, TIOCSPGRP, leader);
  const child = fork();
  if (child !== 0) {
    setGroup(child, child);
    return child;
  }
  setGroup(0, 0);
  setSignal(SIGTTOU, SIG_DFL);
  const what = load<u8>(action);
  if (what === 0x69) setSignal(SIGTTIN, SIG_IGN);
  if (what === 0x62) block(SIG_BLOCK, SIGTTIN);
  const waits = call(SystemCall.open, cstr("/dev/tty"), O_RDWR, 0);
  let result: i32 = 0;
  if (what === 0x77) result = call(SystemCall.write, waits, action, 1);
  else if (what === 0x73) result = sameSettings();
  else result = -call(SystemCall.read, waits, word, 1);
  call(SystemCall.exit, result);
  return 0;
}

function stopOf(child: i32): i32 {
  store<u32>(word, 0);
  call(SystemCall.waitpid, child, word, WUNTRACED);
  const status = load<i32>(word);
  call(SystemCall.kill, child, SIGKILL);
  if ((status & 0xff) === 0x7f) statusOf(child);
  return status;
}

function ended(child: i32): i32 {
  return statusOf(child) & 0xff7f;
}

/** A process of another session. */
function outsider(): i32 {
  return call(SystemCall.getppid);
}

function sameSettings(): i32 {
  call(SystemCall.ioctl, slave, TCGETS, word);
  return call(SystemCall.ioctl, slave, TCSETS, word);
}

/** Whether /dev/tty can be opened. */
function expectOwn(what: usize, wanted: bool): void {
  const file = call(SystemCall.open, cstr("/dev/tty"), O_RDWR | O_NONBLOCK, 0);
  expect(what, file > 0 ? 1 : file, wanted ? 1 : -ENXIO);
  if (file > 0) call(SystemCall.close, file);
}

/** A word that an ioctl gives, or its error. */
function ask(file: i32, command: u32): i32 {
  const result = call(SystemCall.ioctl, file, command, word);
  return result !== 0 ? result : load<i32>(word);
}

function tell(file: i32, command: u32, value: i32): i32 {
  store<i32>(word, value);
  return call(SystemCall.ioctl, file, command, word);
}

function end(child: i32): void {
  call(SystemCall.kill, child, SIGKILL);
  statusOf(child);
}

function setGroup(pid: i32, group: i32): i32 {
  return call(SystemCall.setpgid, pid, group);
}

function self(): i32 {
  return call(SystemCall.getpid);
}

function block(how: i32, signal: u32): void {
  store<u64>(set, (<u64>1) << (signal - 1));
  call(SystemCall.rt_sigprocmask, how, set, 0, 8);
}

function sleep(seconds: i32, nanoseconds: i32): void {
  store<i32>(time, seconds);
  store<i32>(time, nanoseconds, 4);
  call(SystemCall.nanosleep, time, 0);
}
