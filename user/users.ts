// users DIRECTORY: checks what users, groups and capabilities may do, and that limits hold.
//
// DIRECTORY is empty and can be written. What is expected here is what Linux answers to the
// superuser, and to those whom that becomes; the tests also run this very program on the host's
// Linux (test/kernel/syscall/system-calls.test.ts). With a second word it says, by its status, as
// whom it was started.

import { AT_SECURE } from "../src/abi/auxiliary";
import { EACCES, EBADF, EFAULT, EFBIG, EINVAL, EMFILE, EPERM, ESRCH } from "../src/abi/errno";
import {
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFREG,
  S_ISGID,
  S_ISUID,
  STAT_MODE,
} from "../src/abi/files";
import { CAP_CHOWN, CAP_KILL, CAPABILITY_VERSION_3 } from "../src/abi/linux/capability";
import { SystemCall } from "../src/abi/linux/i386";
import {
  RLIMIT_CPU,
  RLIMIT_FSIZE,
  RLIMIT_NOFILE,
  RUSAGE_CHILDREN,
  RUSAGE_SELF,
} from "../src/abi/linux/resource";
import { SIG_IGN, SIGCONT, SIGKILL, SIGTERM, SIGXCPU, SIGXFSZ } from "../src/abi/signals";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { argument, wantsHelp } from "./runtime/arguments";
import { awaitSleep } from "./runtime/await-sleep";
import { printLine } from "./runtime/output";

const USAGE = `usage: users DIRECTORY [WORD]
Checks what users may do, with an empty directory that can be written.`;

const ANN: i32 = 2000;
const BEN: i32 = 2001;
const TEAM: i32 = 3000;
const PR_SET_PDEATHSIG: i32 = 1;
const PR_GET_DUMPABLE: i32 = 3;
const PR_SET_KEEPCAPS: i32 = 8;
const PR_SET_CHILD_SUBREAPER: i32 = 36;
const PR_SET_NO_NEW_PRIVS: i32 = 38;
const PR_GET_NO_NEW_PRIVS: i32 = 39;
const SCHED_OTHER: i32 = 0;
const SCHED_FIFO: i32 = 1;
const SCHED_RR: i32 = 2;
const SCHED_RESET_ON_FORK: i32 = 0x40000000;

const buffer: usize = memory.data(8192, 8);
const status: usize = memory.data(256, 8);
const words: usize = memory.data(128, 8);
const sets: usize = memory.data(32, 8);

export function main(argc: i32, argv: usize, envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc === 3) return startedAs(envp);
  if (argc !== 2) {
    printLine(USAGE);
    return 2;
  }
  expect(cstr("chdir"), call(SystemCall.chdir, argument(argv, 1)), 0);
  call(SystemCall.chmod, cstr("."), 0o755);
  call(SystemCall.umask, 0);
  groups();
  capabilities();
  shortIds();
  programs();
  modes();
  killing();
  descriptorLimits();
  sizeLimits();
  processorLimits();
  otherLimits();
  usage();
  scheduling();
  orphans();
  names();
  return report();
}

/** Bits: 1 the effective user is another, 2 the group is, 4 AT_SECURE, 8 guarded. */
function startedAs(envp: usize): i32 {
  let at = envp;
  while (load<u32>(at) !== 0) at += 4;
  at += 4;
  while (load<u32>(at) !== AT_SECURE && load<u32>(at) !== 0) at += 8;
  let result = load<u32>(at, 4) !== 0 ? 4 : 0;
  if (call(SystemCall.geteuid32) !== call(SystemCall.getuid32)) result |= 1;
  if (call(SystemCall.getegid32) !== call(SystemCall.getgid32)) result |= 2;
  if (call(SystemCall.prctl, PR_GET_DUMPABLE) === 0) result |= 8;
  return result;
}

/** The running process is that user from now on, for good. */
function become(user: i32): bool {
  call(SystemCall.setgroups32, 0, 0);
  call(SystemCall.setresgid32, user, user, user);
  return call(SystemCall.setresuid32, user, user, user) === 0;
}

function groups(): void {
  for (let i = 0; i < 3; i++) store<i32>(words + 4 * i, TEAM + i);
  store<i32>(words, 70000, 8);
  expect(cstr("setgroups"), call(SystemCall.setgroups32, 3, words), 0);
  expect(cstr("getgroups, how many"), call(SystemCall.getgroups32, 0, 0), 3);
  expect(cstr("getgroups, no room"), call(SystemCall.getgroups32, 2, buffer), -EINVAL);
  expect(cstr("getgroups"), call(SystemCall.getgroups32, 10, buffer), 3);
  expect(cstr("getgroups, first"), load<i32>(buffer), TEAM);
  expect(cstr("getgroups, last"), load<i32>(buffer, 8), 70000);
  expect(cstr("getgroups, short"), call(SystemCall.getgroups, 10, buffer), 3);
  expect(cstr("getgroups, short first"), load<u16>(buffer), TEAM);
  expect(cstr("getgroups, too large"), load<u16>(buffer, 4), 65534);
  expect(cstr("getgroups, unmapped"), call(SystemCall.getgroups32, 10, 8), -EFAULT);
  expect(cstr("setgroups, too many"), call(SystemCall.setgroups32, 70000, words), -EINVAL);
  expect(cstr("setgroups, unmapped"), call(SystemCall.setgroups32, 1, 8), -EFAULT);
  make(cstr("team"), 0, TEAM, 0o640);
  make(cstr("ann"), ANN, ANN, 0o600);
  expect(cstr("groups"), statusOf(childOf(asMember)), 0);
  expect(cstr("no groups"), statusOf(childOf(asStranger)), 0);
  call(SystemCall.setgroups32, 0, 0);
  expect(cstr("getgroups, none"), call(SystemCall.getgroups32, 0, 0), 0);
}

/** Runs a function of ours in a child, whose status it returns, 0: all was as expected. */
function childOf(work: () => i32): i32 {
  const child = fork();
  if (child === 0) call(SystemCall.exit, work());
  return child;
}

function asMember(): i32 {
  call(SystemCall.setresgid32, ANN, ANN, ANN);
  call(SystemCall.setresuid32, ANN, ANN, ANN);
  if (open(cstr("team"), O_RDONLY) < 0) return 1;
  if (open(cstr("team"), O_WRONLY) !== -EACCES) return 2;
  if (open(cstr("ann"), O_RDWR) < 0) return 3;
  if (call(SystemCall.setgroups32, 0, 0) !== -EPERM) return 4;
  if (call(SystemCall.chown32, cstr("ann"), -1, TEAM) !== 0) return 5;
  if (call(SystemCall.chown32, cstr("ann"), -1, BEN) !== -EPERM) return 6;
  if (call(SystemCall.chown32, cstr("ann"), BEN, -1) !== -EPERM) return 7;
  return call(SystemCall.chown32, cstr("team"), -1, -1) === 0 ? 0 : 8;
}

/** A device's rights would be those of a name of one's own. */
function makingDevices(): i32 {
  const device = (1 << 8) | 3;
  if (call(SystemCall.mknod, cstr("null"), S_IFCHR | 0o600, device) !== 0) return 1;
  call(SystemCall.unlink, cstr("null"));
  become(ANN);
  if (call(SystemCall.mknod, cstr("null"), S_IFCHR | 0o666, device) !== -EACCES) return 2;
  if (call(SystemCall.mknod, cstr("open/null"), S_IFCHR | 0o666, device) !== -EPERM) return 3;
  if (call(SystemCall.mknod, cstr("open/block"), S_IFBLK | 0o666, 0) !== -EPERM) return 4;
  if (call(SystemCall.mknod, cstr("open/none"), S_IFCHR | 0o666, 0) !== 0) return 5;
  return call(SystemCall.mknod, cstr("open/fifo"), S_IFIFO | 0o666, 0) === 0 ? 0 : 6;
}

function asStranger(): i32 {
  become(BEN);
  if (open(cstr("team"), O_RDONLY) !== -EACCES) return 1;
  return open(cstr("ann"), O_RDONLY) === -EACCES ? 0 : 2;
}

function capabilities(): void {
  expect(cstr("capget"), capget(0), 0);
  const all = load<u32>(sets);
  expect(cstr("capget, chown"), all & CAP_CHOWN, CAP_CHOWN);
  store<u32>(words, 7);
  expect(cstr("capget, version"), call(SystemCall.capget, words, sets), -EINVAL);
  expect(cstr("capget, put right"), load<u32>(words), CAPABILITY_VERSION_3);
  expect(cstr("capget, nobody"), capget(1 << 24), -ESRCH);
  expect(cstr("capabilities, user"), statusOf(childOf(withoutCapabilities)), 0);
  expect(cstr("capabilities, kept"), statusOf(childOf(withKeptCapabilities)), 0);
  expect(cstr("capabilities, given up"), statusOf(childOf(givingUp)), 0);
  expect(cstr("capabilities, files"), statusOf(childOf(withFileUser)), 0);
  call(SystemCall.mkdir, cstr("open"), 0o777);
  expect(cstr("capabilities, devices"), statusOf(childOf(makingDevices)), 0);
}

function capget(pid: i32): i32 {
  store<u32>(words, CAPABILITY_VERSION_3);
  store<i32>(words, pid, 4);
  return call(SystemCall.capget, words, sets);
}

function withoutCapabilities(): i32 {
  become(ANN);
  capget(0);
  if (load<u32>(sets) !== 0 || load<u32>(sets, 4) !== 0) return 1;
  store<u32>(sets, CAP_KILL);
  store<u32>(sets, CAP_KILL, 4);
  return call(SystemCall.capset, words, sets) === -EPERM ? 0 : 2;
}

function withKeptCapabilities(): i32 {
  if (call(SystemCall.prctl, PR_SET_KEEPCAPS, 1) !== 0) return 1;
  become(ANN);
  capget(0);
  if (load<u32>(sets) !== 0 || (load<u32>(sets, 4) & CAP_CHOWN) === 0) return 2;
  if (call(SystemCall.chown32, cstr("team"), ANN, -1) !== -EPERM) return 3;
  store<u32>(sets, CAP_CHOWN);
  if (call(SystemCall.capset, words, sets) !== 0) return 4;
  if (call(SystemCall.chown32, cstr("team"), ANN, -1) !== 0) return 5;
  return call(SystemCall.chown32, cstr("team"), 0, -1) === 0 ? 0 : 6;
}

function givingUp(): i32 {
  capget(0);
  store<u32>(sets, load<u32>(sets) & ~CAP_CHOWN);
  store<u32>(sets, load<u32>(sets, 4) & ~CAP_CHOWN, 4);
  if (call(SystemCall.capset, words, sets) !== 0) return 1;
  if (call(SystemCall.chown32, cstr("team"), ANN, -1) !== -EPERM) return 2;
  store<u32>(sets, load<u32>(sets) | CAP_CHOWN);
  return call(SystemCall.capset, words, sets) === -EPERM ? 0 : 3;
}

function withFileUser(): i32 {
  if (call(SystemCall.setfsuid32, BEN) !== 0) return 1;
  call(SystemCall.setfsgid32, BEN);
  if (open(cstr("ann"), O_RDONLY) !== -EACCES) return 2;
  if (call(SystemCall.setfsuid32, 0) !== BEN) return 3;
  return open(cstr("ann"), O_RDONLY) >= 0 ? 0 : 4;
}

/** The calls with ids of 16 bits. */
function shortIds(): void {
  expect(cstr("short ids"), statusOf(childOf(withShortIds)), 0);
  expect(cstr("chown, short"), call(SystemCall.chown, cstr("team"), -1, 0xffff), 0);
}

function withShortIds(): i32 {
  if (call(SystemCall.setresgid, ANN, BEN, 0xffff) !== 0) return 1;
  if (call(SystemCall.getresgid, words, words + 4, words + 8) !== 0) return 2;
  if (load<u16>(words) !== ANN || load<u16>(words, 4) !== BEN) return 3;
  if (call(SystemCall.setregid, 0xffff, ANN) !== 0 || call(SystemCall.setgid, ANN) !== 0) return 4;
  if (call(SystemCall.setreuid, ANN, 0xffff) !== 0) return 5;
  if (call(SystemCall.getuid) !== ANN || call(SystemCall.geteuid) !== 0) return 6;
  if (call(SystemCall.setresuid, 0xffff, BEN, BEN) !== 0) return 7;
  if (call(SystemCall.setresuid, 0xffff, 0, 0xffff) !== -EPERM) return 8;
  if (call(SystemCall.getresuid, words, words + 4, words + 8) !== 0) return 9;
  if (load<u16>(words) !== ANN || load<u16>(words, 4) !== BEN) return 10;
  return call(SystemCall.setuid, ANN) === 0 ? 0 : 11;
}

/** Programs that are set-id. */
function programs(): void {
  copyProgram(cstr("plain"), ANN, TEAM, 0o755);
  copyProgram(cstr("user"), ANN, TEAM, S_ISUID | 0o755);
  copyProgram(cstr("group"), ANN, TEAM, S_ISGID | 0o755);
  copyProgram(cstr("hidden"), ANN, TEAM, 0o711);
  expect(cstr("plain"), runs(cstr("plain"), false), 0);
  expect(cstr("set-user-id"), runs(cstr("user"), false), 1 | 4 | 8);
  expect(cstr("set-group-id"), runs(cstr("group"), false), 2 | 4 | 8);
  expect(cstr("set-user-id, no gain"), runs(cstr("user"), true), 0);
  expect(cstr("unreadable"), runs(cstr("hidden"), false), 8);
}

/** The status of that program, run by a user; without what it would gain if `gainsNothing`. */
function runs(path: usize, gainsNothing: bool): i32 {
  const child = fork();
  if (child !== 0) return statusOf(child) >> 8;
  become(BEN);
  if (gainsNothing) call(SystemCall.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (gainsNothing && call(SystemCall.prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) !== 1) return 98;
  store<u32>(words, path);
  store<u32>(words, cstr("."), 4);
  store<u32>(words, cstr("report"), 8);
  store<u32>(words, 0, 12);
  store<u32>(words, 0, 16);
  call(SystemCall.execve, path, words, words + 16);
  call(SystemCall.exit, 99);
  return 0;
}

function copyProgram(path: usize, user: i32, group: i32, mode: i32): void {
  const from = call(SystemCall.open, cstr("/proc/self/exe"), O_RDONLY);
  const to = call(SystemCall.open, path, O_CREAT | O_WRONLY, 0o755);
  while (true) {
    const size = call(SystemCall.read, from, buffer, 8192);
    if (size <= 0) break;
    call(SystemCall.write, to, buffer, size);
  }
  call(SystemCall.close, from);
  call(SystemCall.close, to);
  call(SystemCall.chown32, path, user, group);
  call(SystemCall.chmod, path, mode);
}

/** What happens to set-id bits when others than the superuser touch the file. */
function modes(): void {
  make(cstr("bits"), ANN, TEAM, 0o777);
  expect(cstr("bits"), statusOf(childOf(touchingBits)), 0);
  call(SystemCall.chmod, cstr("bits"), S_ISUID | 0o777);
  expect(cstr("bits, written"), writeOne(cstr("bits")), 1);
  expect(cstr("bits, stay"), modeOf(cstr("bits")), S_IFREG | S_ISUID | 0o777);
  expect(cstr("bits, given away"), bitsAfterChown(S_ISUID | S_ISGID | 0o770), S_IFREG | 0o770);
  const kept = S_ISGID | 0o760;
  expect(cstr("bits, of no program"), bitsAfterChown(S_ISUID | kept), S_IFREG | kept);
}

/** The mode of a file of that mode when it has another owner. */
function bitsAfterChown(mode: i32): i32 {
  call(SystemCall.chmod, cstr("bits"), mode);
  call(SystemCall.chown32, cstr("bits"), ANN, TEAM);
  return modeOf(cstr("bits"));
}

function touchingBits(): i32 {
  become(ANN);
  // The group is not one of the user's.
  call(SystemCall.chmod, cstr("bits"), S_ISUID | S_ISGID | 0o777);
  if (modeOf(cstr("bits")) !== (S_IFREG | S_ISUID | 0o777)) return 1;
  if (writeOne(cstr("bits")) !== 1) return 2;
  return modeOf(cstr("bits")) === (S_IFREG | 0o777) ? 0 : 3;
}

function killing(): void {
  const child = childOf(killingOthers);
  expect(cstr("kill, a stranger"), statusOf(child), 0);
  const target = sleeper(ANN);
  const killer = fork();
  if (killer === 0) {
    become(ANN);
    call(SystemCall.exit, call(SystemCall.kill, target, SIGTERM) === 0 ? 0 : 1);
  }
  expect(cstr("kill, own"), statusOf(killer), 0);
  expect(cstr("kill, done"), statusOf(target), SIGTERM);
}

function killingOthers(): i32 {
  const parent = call(SystemCall.getppid);
  become(ANN);
  if (call(SystemCall.kill, parent, SIGTERM) !== -EPERM) return 1;
  if (call(SystemCall.kill, parent, 0) !== -EPERM) return 2;
  if (call(SystemCall.tkill, parent, SIGTERM) !== -EPERM) return 3;
  // Who has a terminal goes on with its jobs, whoever those act for.
  call(SystemCall.setpgid, 0, 0);
  if (call(SystemCall.kill, parent, SIGCONT) !== 0) return 9;
  if (call(SystemCall.setpriority, 0, parent, 5) !== -EPERM) return 4;
  if (call(SystemCall.prlimit64, parent, RLIMIT_NOFILE, 0, words) !== -EPERM) return 5;
  if (call(SystemCall.reboot, 0, 0, 0, 0) !== -EPERM) return 6;
  if (call(SystemCall.chroot, cstr(".")) !== -EPERM) return 7;
  return call(SystemCall.sethostname, cstr("x"), 1) === -EPERM ? 0 : 8;
}

function descriptorLimits(): void {
  expect(cstr("descriptors"), statusOf(childOf(withFewDescriptors)), 0);
}

function withFewDescriptors(): i32 {
  call(SystemCall.ugetrlimit, RLIMIT_NOFILE, words);
  const hard = load<u32>(words, 4);
  store<u32>(words, 20);
  if (call(SystemCall.setrlimit, RLIMIT_NOFILE, words) !== 0) return 1;
  let last = 0;
  let result = 0;
  while (result >= 0) {
    last = result;
    result = call(SystemCall.open, cstr("/dev/null"), O_RDONLY);
  }
  if (result !== -EMFILE || last !== 19) return 2;
  if (call(SystemCall.dup2, 0, 20) !== -EBADF) return 3;
  if (call(SystemCall.dup, 0) !== -EMFILE) return 4;
  if (call(SystemCall.fcntl64, 0, 0, 20) !== -EINVAL) return 5;
  become(ANN);
  store<u32>(words, hard);
  if (call(SystemCall.setrlimit, RLIMIT_NOFILE, words) !== 0) return 6;
  store<u32>(words, hard + 1, 4);
  if (call(SystemCall.setrlimit, RLIMIT_NOFILE, words) !== -EPERM) return 7;
  store<u32>(words, 30);
  store<u32>(words, 29, 4);
  return call(SystemCall.setrlimit, RLIMIT_NOFILE, words) === -EINVAL ? 0 : 8;
}

function sizeLimits(): void {
  expect(cstr("sizes"), statusOf(childOf(withSmallFiles)), 0);
  expect(cstr("sizes, signal"), statusOf(childOf(withTooLargeFile)) & 0x7f, SIGXFSZ);
}

/** Both children use up a second of the processor, one beside the other. */
function processorLimits(): void {
  const warned = childOf(withSecond);
  const killed = childOf(withOneSecond);
  expect(cstr("processor time, warned"), statusOf(warned) & 0x7f, SIGXCPU);
  expect(cstr("processor time, used up"), statusOf(killed) & 0x7f, SIGKILL);
}

function withSecond(): i32 {
  return useProcessor(1, -1);
}

function withOneSecond(): i32 {
  return useProcessor(1, 1);
}

function useProcessor(soft: i32, hard: i32): i32 {
  store<i32>(words, soft);
  store<i32>(words, hard, 4);
  call(SystemCall.setrlimit, RLIMIT_CPU, words);
  // The child inherits the limit, and has all of its second.
  const child = call(SystemCall.fork);
  while (child === 0) load<u32>(words);
  return endAs(child);
}

/** Ends as a child did. */
function endAs(child: i32): i32 {
  const signal = statusOf(child) & 0x7f;
  call(SystemCall.kill, call(SystemCall.getpid), signal);
  return signal;
}

function limitSizes(): void {
  store<u32>(words, 100);
  store<u32>(words, 200, 4);
  call(SystemCall.setrlimit, RLIMIT_FSIZE, words);
}

function withSmallFiles(): i32 {
  limitSizes();
  memory.fill(words, 0, 20);
  store<u32>(words, SIG_IGN);
  call(SystemCall.rt_sigaction, SIGXFSZ, words, 0, 8);
  const file = call(SystemCall.open, cstr("small"), O_CREAT | O_RDWR, 0o600);
  if (call(SystemCall.write, file, buffer, 60) !== 60) return 1;
  if (call(SystemCall.write, file, buffer, 60) !== 40) return 2;
  if (call(SystemCall.write, file, buffer, 1) !== -EFBIG) return 3;
  if (call(SystemCall.pwrite64, file, buffer, 10, 95, 0) !== 5) return 4;
  if (call(SystemCall.ftruncate, file, 101) !== -EFBIG) return 5;
  if (call(SystemCall.ftruncate, file, 100) !== 0) return 6;
  call(SystemCall.pipe, words);
  return call(SystemCall.write, load<i32>(words, 4), buffer, 200) === 200 ? 0 : 7;
}

function withTooLargeFile(): i32 {
  limitSizes();
  const file = call(SystemCall.open, cstr("small"), O_RDWR, 0o600);
  call(SystemCall.pwrite64, file, buffer, 10, 100, 0);
  return 0;
}

function otherLimits(): void {
  const child = sleeper(0);
  store<u64>(words, 50);
  store<u64>(words, 60, 8);
  const changed = call(SystemCall.prlimit64, child, RLIMIT_NOFILE, words, words + 16);
  expect(cstr("prlimit, of a child"), changed, 0);
  call(SystemCall.prlimit64, child, RLIMIT_NOFILE, 0, words + 16);
  expect(cstr("prlimit, changed"), load<i32>(words, 16), 50);
  call(SystemCall.kill, child, SIGKILL);
  statusOf(child);
  const gone = call(SystemCall.prlimit64, child, RLIMIT_NOFILE, 0, words);
  expect(cstr("prlimit, nobody"), gone, -ESRCH);
  expect(cstr("prlimit, which"), call(SystemCall.prlimit64, 0, 99, 0, words), -EINVAL);
}

function usage(): void {
  call(SystemCall.getrusage, RUSAGE_CHILDREN, buffer);
  const before = microseconds(buffer);
  const child = childOf(working);
  expect(cstr("wait4"), call(SystemCall.wait4, child, words, 0, buffer + 128), child);
  expect(cstr("wait4, usage"), microseconds(buffer + 128) >= 50000 ? 1 : 0, 1);
  call(SystemCall.getrusage, RUSAGE_CHILDREN, buffer);
  expect(cstr("usage, children"), microseconds(buffer) - before >= 50000 ? 1 : 0, 1);
  expect(cstr("usage, who"), call(SystemCall.getrusage, 5, buffer), -EINVAL);
  const ticks = call(SystemCall.times, words);
  expect(cstr("times, children"), load<i32>(words, 8) + load<i32>(words, 12) >= 3 ? 1 : 0, 1);
  expect(cstr("times, go on"), call(SystemCall.times, 0) - ticks < 1000 ? 1 : 0, 1);
  expect(cstr("times, unmapped"), call(SystemCall.times, 8), -EFAULT);
}

/** Uses a little more than 60 ms of the processor. */
function working(): i32 {
  do call(SystemCall.getrusage, RUSAGE_SELF, buffer);
  while (microseconds(buffer) < 60000);
  return 0;
}

/** In user and in system mode. */
function microseconds(at: usize): i32 {
  const seconds = load<i32>(at) + load<i32>(at, 8);
  return seconds * 1000000 + load<i32>(at, 4) + load<i32>(at, 12);
}

function scheduling(): void {
  expect(cstr("getpriority, which"), call(SystemCall.getpriority, 3, 0), -EINVAL);
  expect(cstr("getpriority, nobody"), call(SystemCall.getpriority, 0, 1 << 24), -ESRCH);
  expect(cstr("nice"), statusOf(childOf(beingNice)), 0);
  expect(cstr("scheduler"), call(SystemCall.sched_getscheduler, 0), 0);
  expect(cstr("scheduler, nobody"), call(SystemCall.sched_getscheduler, 1 << 24), -ESRCH);
  expect(cstr("scheduler, < 0"), call(SystemCall.sched_getscheduler, -1), -EINVAL);
  expect(cstr("most"), call(SystemCall.sched_get_priority_max, SCHED_FIFO), 99);
  expect(cstr("least"), call(SystemCall.sched_get_priority_min, SCHED_FIFO), 1);
  expect(cstr("most, other"), call(SystemCall.sched_get_priority_max, 0), 0);
  expect(cstr("most, unknown"), call(SystemCall.sched_get_priority_max, 77), -EINVAL);
  store<i32>(words, 7);
  expect(cstr("getparam"), call(SystemCall.sched_getparam, 0, words), 0);
  expect(cstr("getparam, what"), load<i32>(words), 0);
  expect(cstr("setscheduler"), call(SystemCall.sched_setscheduler, 0, 0, words), 0);
  store<i32>(words, 5);
  expect(cstr("setscheduler, 5"), call(SystemCall.sched_setscheduler, 0, 0, words), -EINVAL);
  expect(cstr("interval"), call(SystemCall.sched_rr_get_interval, 0, words), 0);
  expect(cstr("real time"), statusOf(childOf(realTime)), 0);
  expect(cstr("getcpu"), call(SystemCall.getcpu, words, 0, 0), 0);
}

/** Sets the caller's policy and priority. */
function schedule(policy: i32, priority: i32): i32 {
  store<i32>(words, priority);
  return call(SystemCall.sched_setscheduler, 0, policy, words);
}

function priority(): i32 {
  return call(SystemCall.sched_getparam, 0, words) === 0 ? load<i32>(words) : -1;
}

function realTime(): i32 {
  if (schedule(SCHED_FIFO, 0) !== -EINVAL || schedule(SCHED_RR, 100) !== -EINVAL) return 1;
  if (schedule(SCHED_RR, 7) !== 0) return 2;
  if (call(SystemCall.sched_getscheduler, 0) !== SCHED_RR || priority() !== 7) return 3;
  call(SystemCall.sched_rr_get_interval, 0, words);
  if (load<i32>(words) === 0 && load<i32>(words, 4) === 0) return 4;
  // A child and a setparam keep the policy.
  if (statusOf(childOf(isRoundRobin)) !== 0) return 5;
  store<i32>(words, 9);
  if (call(SystemCall.sched_setparam, 0, words) !== 0 || priority() !== 9) return 6;
  if (call(SystemCall.sched_getscheduler, 0) !== SCHED_RR) return 7;
  if (schedule(SCHED_FIFO | SCHED_RESET_ON_FORK, 9) !== 0) return 8;
  if (call(SystemCall.sched_getscheduler, 0) !== (SCHED_FIFO | SCHED_RESET_ON_FORK)) return 9;
  if (statusOf(childOf(isOrdinary)) !== 0) return 10;
  store<i32>(words, 1);
  call(SystemCall.sched_rr_get_interval, 0, words);
  if (load<i32>(words) !== 0 || load<i32>(words, 4) !== 0) return 11;
  become(ANN);
  if (schedule(SCHED_FIFO | SCHED_RESET_ON_FORK, 10) !== -EPERM) return 12;
  if (schedule(SCHED_FIFO, 9) !== -EPERM) return 13;
  // Less may be had without asking, and cannot be taken back.
  if (schedule(SCHED_FIFO | SCHED_RESET_ON_FORK, 3) !== 0) return 14;
  if (schedule(SCHED_RR | SCHED_RESET_ON_FORK, 3) !== -EPERM) return 15;
  if (schedule(SCHED_OTHER | SCHED_RESET_ON_FORK, 0) !== 0) return 16;
  store<i32>(words, 0);
  const parent = call(SystemCall.getppid);
  if (call(SystemCall.sched_setparam, parent, words) !== -EPERM) return 17;
  store<i32>(words, 1);
  return call(SystemCall.sched_setaffinity, parent, 4, words) === -EPERM ? 0 : 18;
}

function isRoundRobin(): i32 {
  return call(SystemCall.sched_getscheduler, 0) === SCHED_RR && priority() === 7 ? 0 : 1;
}

function isOrdinary(): i32 {
  return call(SystemCall.sched_getscheduler, 0) === SCHED_OTHER && priority() === 0 ? 0 : 1;
}

function beingNice(): i32 {
  const before = call(SystemCall.getpriority, 0, 0);
  if (call(SystemCall.nice, 5) !== 0) return 1;
  if (call(SystemCall.getpriority, 0, 0) !== before - 5) return 2;
  if (call(SystemCall.setpriority, 0, 0, 30) !== 0) return 3;
  if (call(SystemCall.getpriority, 0, 0) !== 1) return 4;
  become(ANN);
  if (call(SystemCall.nice, -1) !== -EPERM) return 5;
  return call(SystemCall.setpriority, 0, 0, 0) === -EACCES ? 0 : 6;
}

/** Who gets the children of one that ends, and what these are told. */
function orphans(): void {
  call(SystemCall.prctl, PR_SET_CHILD_SUBREAPER, 1);
  const child = fork();
  if (child === 0) {
    const grandchild = fork();
    if (grandchild === 0) {
      call(SystemCall.prctl, PR_SET_PDEATHSIG, SIGKILL);
      while (true) sleep();
    }
    awaitSleep(grandchild);
    call(SystemCall.exit, 0);
  }
  statusOf(child);
  store<u32>(words, 0);
  expect(cstr("orphan"), call(SystemCall.waitpid, -1, words, 0) > 0 ? 1 : 0, 1);
  expect(cstr("orphan, killed"), load<u32>(words), SIGKILL);
  call(SystemCall.prctl, PR_SET_CHILD_SUBREAPER, 0);
}

function names(): void {
  expect(cstr("sethostname, < 0"), call(SystemCall.sethostname, cstr("x"), -1), -EINVAL);
  expect(cstr("sethostname, long"), call(SystemCall.sethostname, buffer, 65), -EINVAL);
  expect(cstr("sethostname, unmapped"), call(SystemCall.sethostname, 8, 5), -EFAULT);
}

function make(path: usize, user: i32, group: i32, mode: i32): void {
  call(SystemCall.close, call(SystemCall.open, path, O_CREAT | O_WRONLY, 0o600));
  call(SystemCall.chown32, path, user, group);
  call(SystemCall.chmod, path, mode);
}

function open(path: usize, flags: i32): i32 {
  const file = call(SystemCall.open, path, flags);
  if (file >= 0) call(SystemCall.close, file);
  return file;
}

function writeOne(path: usize): i32 {
  const file = call(SystemCall.open, path, O_WRONLY);
  const result = call(SystemCall.write, file, buffer, 1);
  call(SystemCall.close, file);
  return result;
}

function modeOf(path: usize): i32 {
  call(SystemCall.stat64, path, status);
  return load<i32>(status, STAT_MODE);
}

/** A child of that user which sleeps until it is ended. */
function sleeper(user: i32): i32 {
  const child = fork();
  if (child === 0) {
    become(user);
    while (true) sleep();
  }
  // Until it is that user.
  awaitSleep(child);
  return child;
}

function sleep(nanoseconds: i32 = 999999999): void {
  store<i32>(words, 0);
  store<i32>(words, nanoseconds, 4);
  call(SystemCall.nanosleep, words, 0);
}
