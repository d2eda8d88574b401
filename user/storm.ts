// storm SEED CALLS [starving]: makes system calls at random, of all numbers, as process 1.
//
// Each process of a few hundred calls has a number, from which and SEED all follows that it does.
// It works in a folder of its own: as root it sees no other (chroot), else it is a user without
// rights. Process 1 ends it once it makes no more calls, kills what it left behind, and empties the
// folder. In the end exactly as many frames must be free as before. What the kernel makes once and
// keeps, it has before they are counted: warmUp() sees to it.
//
// starving: the kernel is one whose allocations fail when sync(2) says so, before every fourth
// call: the first, the second, … that it needs (test/kernel/starving-kernel.ts). It tells how many
// objects its heap has, and these must not become more either: a frame holds up to 254 of them, so
// what is lost seldom shows in frames only after millions of calls.

import { isErrno } from "../src/abi/errno";
import {
  AT_REMOVEDIR,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
} from "../src/abi/files";
import { SYSTEM_CALL_LIMIT, SystemCall } from "../src/abi/linux/i386";
import {
  MNT_DETACH,
  MS_BIND,
  MS_MOVE,
  MS_REC,
  MS_REMOUNT,
  UMOUNT_NOFOLLOW,
} from "../src/abi/linux/mount";
import { RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NPROC } from "../src/abi/linux/resource";
import { PAGE_SIZE, USER_END } from "../src/abi/memory-map";
import { MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } from "../src/abi/mman";
import { SIGKILL, SIGUSR1, WNOHANG } from "../src/abi/signals";
import { call, fork } from "./runtime/answers";
import { argument, equals, parseDecimal, refuse, wantsHelp } from "./runtime/arguments";
import { isDots } from "./runtime/c-strings";
import { flush, print, printDecimal, printLine, printSigned } from "./runtime/output";
import { freeBytes, updateInformation } from "./runtime/system-information";

const USAGE = `usage: storm SEED CALLS [starving]
Makes system calls at random, as process 1; fails if memory of the kernel is lost.`;
const USER: i32 = 1000;
/** Calls between two times that the arena is filled. */
const ROUND: u32 = 64;
/** Calls of a process, if it lives as long. */
const LONGEST: u32 = 1024;
const ARENA: u32 = 4 * PAGE_SIZE;
/** So often process 1 looks without seeing a call; then it ends the process. */
const PATIENCE: u32 = 20;
/** Processes before frames are counted: what the kernel keeps for next time, it has by then. */
const WARM_UP: u32 = 64;
/** A handler's address: the process ends there, as page 0 is never mapped. */
const NOWHERE: usize = 16;
/** Each holds 64 KiB. */
const PIPES: i32 = 300;
const MEBIBYTE: u32 = 1 << 20;
/** Of calls that end or suspend their process, one in this many is made. */
const RARELY: u32 = 16;
/** One call in this many finds too little memory. */
const STARVES: u32 = 4;
/** At the most so many allocations succeed before one fails. */
const ALLOCATIONS: u32 = 8;
/** What sync(2) of that kernel is given: no allocation fails; or it tells the objects. */
const NONE_FAILS: u32 = 0;
const TELL_OBJECTS: u32 = 0xffffffff;

/** A byte after it belongs to nobody. */
const arena: usize = memory.data(4 * 4096, 4096);
const values: usize = memory.data(6 * 4, 4);
const listing: usize = memory.data(512, 8);
const status: usize = memory.data(4, 4);
const limit: usize = memory.data(8, 4);

/** Calls made by all processes: a word that they share with process 1. */
let counter: usize = 0;
let state: u32 = 0;
let isStarving: bool = false;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc < 3 || call(SystemCall.getpid) !== 1) return refuse(argv, 0, USAGE);
  isStarving = argc > 3 && equals(argument(argv, 3), "starving");
  return storm(parseDecimal(argument(argv, 1)), parseDecimal(argument(argv, 2)));
}

function storm(seed: u32, calls: u32): i32 {
  const rights = PROT_READ | PROT_WRITE;
  counter = call(SystemCall.mmap2, 0, PAGE_SIZE, rights, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  call(SystemCall.mkdir, cstr("/storm"), 0o777);
  call(SystemCall.chmod, cstr("/storm"), 0o777);
  warmUp();
  let number: u32 = 0;
  let frames = 0;
  let objects = 0;
  while (number <= WARM_UP || load<u32>(counter) < calls) {
    if (number === WARM_UP) {
      frames = freeFrames();
      objects = liveObjects();
    }
    state = (seed * 0x9e3779b9) ^ (number * 0x85ebca6b) ^ 1;
    const child = fork();
    if (child === 0) live((number & 1) !== 0);
    watch(child);
    cleanUp();
    number++;
  }
  frames -= freeFrames();
  objects = liveObjects() - objects;
  printDecimal(load<u32>(counter));
  print(" calls, ");
  printDecimal(number);
  print(" processes, ");
  printSigned(frames);
  print(" frames and ");
  printSigned(objects);
  printLine(" objects lost");
  flush();
  return frames === 0 && objects === 0 ? 0 : 1;
}

/**
 * Has the kernel make what it keeps: the tables of its heap, which is larger here than it will be
 * again, and the page of code to which handlers without a restorer return.
 */
function warmUp(): void {
  const child = fork();
  if (child === 0) {
    for (let i = 0; i < PIPES && call(SystemCall.pipe2, values, O_NONBLOCK) === 0; i++) {
      while (call(SystemCall.write, load<i32>(values, 4), arena, ARENA) > 0);
    }
    store<u32>(values, NOWHERE);
    memory.fill(values + 4, 0, 16);
    call(SystemCall.rt_sigaction, SIGUSR1, values, 0, 8);
    call(SystemCall.kill, call(SystemCall.getpid), SIGUSR1);
    call(SystemCall.exit_group, 0);
  }
  call(SystemCall.waitpid, child, status, 0);
}

function freeFrames(): i32 {
  updateInformation();
  return <i32>(freeBytes() / PAGE_SIZE);
}

/** The objects in the heap of a kernel that starves; of another 0. */
function liveObjects(): i32 {
  return isStarving ? call(SystemCall.sync, TELL_OBJECTS) : 0;
}

/** Waits until a process has ended, and ends it once it does nothing any more. */
function watch(child: i32): void {
  let idle: u32 = 0;
  while (call(SystemCall.waitpid, child, status, WNOHANG) === 0) {
    const seen = load<u32>(counter);
    call(SystemCall.sched_yield);
    idle = load<u32>(counter) === seen ? idle + 1 : 0;
    if (idle === PATIENCE) call(SystemCall.kill, child, SIGKILL);
  }
}

/** No process but this one is left, and no file in the folder. */
function cleanUp(): void {
  do {
    call(SystemCall.kill, -1, SIGKILL);
  } while (call(SystemCall.waitpid, -1, status, 0) > 0);
  // Who was killed in a call may have left it to this process to starve.
  if (isStarving) call(SystemCall.sync, NONE_FAILS);
  // What is mounted in the folder is another view of it, or hides it; and all may be read alone.
  call(SystemCall.mount, 0, cstr("/"), 0, MS_REMOUNT);
  while (call(SystemCall.umount2, cstr("/storm"), MNT_DETACH) === 0);
  const folder = call(SystemCall.open, cstr("/storm"), O_RDONLY | O_DIRECTORY);
  empty(folder);
  call(SystemCall.close, folder);
  call(SystemCall.chdir, cstr("/"));
}

function empty(folder: i32): void {
  while (removeFirst(folder));
}

/** Removes one entry of a folder; false: it has none. */
function removeFirst(folder: i32): bool {
  call(SystemCall.lseek, folder, 0, 0);
  let size = call(SystemCall.getdents64, folder, listing, 512);
  while (size > 0) {
    for (let at = 0; at < size; at += load<u16>(listing + at, 16)) {
      if (!isDots(listing + at + 19)) return remove(folder, listing + at + 19);
    }
    size = call(SystemCall.getdents64, folder, listing, 512);
  }
  return false;
}

/** Removes an entry, or of a folder that is not empty one of its entries; false: it cannot. */
function remove(folder: i32, name: usize): bool {
  if (call(SystemCall.unlinkat, folder, name, 0) === 0) return true;
  if (call(SystemCall.unlinkat, folder, name, AT_REMOVEDIR) === 0) return true;
  call(SystemCall.fchdir, folder);
  if (call(SystemCall.umount2, name, MNT_DETACH | UMOUNT_NOFOLLOW) === 0) return true;
  const inner = call(SystemCall.openat, folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (isErrno(inner)) return false;
  const hasRemoved = removeFirst(inner);
  call(SystemCall.close, inner);
  return hasRemoved;
}

/** In a process of its own: prepares it, and makes calls until it ends. */
function live(isRoot: bool): void {
  call(SystemCall.setsid);
  call(SystemCall.chdir, cstr("/storm"));
  setLimit(RLIMIT_AS, 32 * MEBIBYTE);
  setLimit(RLIMIT_FSIZE, MEBIBYTE);
  setLimit(RLIMIT_NPROC, 20);
  const null_ = call(SystemCall.open, cstr("/dev/null"), O_RDWR);
  for (let file = 0; file < 3; file++) call(SystemCall.dup2, null_, file);
  openSome();
  if (isRoot) call(SystemCall.chroot, cstr("."));
  else call(SystemCall.setresuid32, USER, USER, USER);
  for (let made: u32 = 0; made < LONGEST; made++) {
    if (made % ROUND === 0) fill();
    callAtRandom(isRoot);
  }
  call(SystemCall.exit_group, 0);
}

function setLimit(which: u32, most: u32): void {
  store<u32>(limit, most);
  store<u32>(limit, most, 4);
  call(SystemCall.setrlimit, which, limit);
}

/** Open files of most kinds, so that small numbers mean something. */
function openSome(): void {
  call(SystemCall.pipe2, values, 0);
  call(SystemCall.socketpair, 1, 1, 0, values);
  call(SystemCall.open, cstr("file"), O_RDWR | O_CREAT, 0o666);
  call(SystemCall.open, cstr("."), O_RDONLY | O_DIRECTORY);
  call(SystemCall.eventfd2, 1, 0);
  call(SystemCall.epoll_create1, 0);
  call(SystemCall.timerfd_create, 1, 0);
  call(SystemCall.memfd_create, cstr("memory"), 2);
  call(SystemCall.open, cstr("/dev/ptmx"), O_RDWR);
  call(SystemCall.open, cstr("/dev/zero"), O_RDWR);
  call(SystemCall.open, cstr("/proc/self/maps"), O_RDONLY);
}

/** xorshift: never 0. */
function random(): u32 {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

function below(end: u32): u32 {
  return (random() >> 3) % end;
}

/** Fills the arena with what calls may take for structures. */
function fill(): void {
  for (let at: u32 = 0; at < ARENA; at += 4) store<u32>(arena + at, value());
}

/** A number that some call may find meaning in. */
function value(): u32 {
  switch (below(14)) {
    case 0:
    case 1:
    case 2:
      return below(24);
    case 3:
    case 4:
    case 5:
      return arena + (below(ARENA) & ~3);
    case 6:
      return arena + ARENA - below(64);
    case 7:
      return 1 << below(32);
    case 8:
      return -1 - below(8);
    case 9:
      return arena + (below(16) << 12);
    case 10:
      return path(below(16));
    case 11:
      return below(16) << 12;
    case 12:
      return impossible(below(6));
    default:
      return random();
  }
}

/** Arguments of mount(2) with which there is something to mount. */
function chooseMount(): void {
  store<u32>(values, path(below(8)));
  store<u32>(values, path(below(8)), 4);
  store<u32>(values, below(3) === 0 ? cstr("proc") : cstr("tmpfs"), 8);
  store<u32>(values, mountFlags(below(6)), 12);
  store<u32>(values, below(2) === 0 ? 0 : cstr("size=64k"), 16);
}

function mountFlags(index: u32): u32 {
  switch (index) {
    case 0:
      return MS_BIND;
    case 1:
      return MS_BIND | MS_REC;
    case 2:
      return MS_MOVE;
    case 3:
      return MS_REMOUNT | MS_BIND | below(16);
    default:
      return below(2);
  }
}

function path(index: u32): usize {
  switch (index) {
    case 0:
      return cstr("a");
    case 1:
      return cstr("b");
    case 2:
      return cstr("a/b");
    case 3:
      return cstr(".");
    case 4:
      return cstr("..");
    case 5:
      return cstr("");
    case 6:
      return cstr("file");
    case 7:
      return cstr("file/");
    case 8:
      return cstr("/proc/self/maps");
    case 9:
      return cstr("/proc/self/mem");
    case 10:
      return cstr("/proc/self/fd/3");
    case 11:
      return cstr("/proc/self/status");
    case 12:
      return cstr("/dev/null");
    case 13:
      return cstr("/dev/ptmx");
    case 14:
      return cstr("/proc/self/exe");
    default:
      return cstr("/proc/1/stat");
  }
}

/** Addresses that are nobody's, or not the user's. */
function impossible(index: u32): u32 {
  switch (index) {
    case 0:
      return 0;
    case 1:
      return USER_END;
    case 2:
      return USER_END - below(PAGE_SIZE);
    case 3:
      return 0xffffffff;
    case 4:
      return 0xff800000;
    default:
      return 0x00100000 + below(MEBIBYTE);
  }
}

function callAtRandom(isRoot: bool): void {
  const number = <i32>below(SYSTEM_CALL_LIMIT + 8);
  for (let i = 0; i < 24; i += 4) store<u32>(values + i, value());
  if (isLeftOut(number, isRoot)) return;
  if (number === SystemCall.mount && below(4) !== 0) chooseMount();
  store<u32>(counter, load<u32>(counter) + 1);
  const starves = isStarving && below(STARVES) === 0;
  if (starves) call(SystemCall.sync, 1 + below(ALLOCATIONS));
  const result = call(
    number,
    load<i32>(values),
    load<i32>(values, 4),
    load<i32>(values, 8),
    load<i32>(values, 12),
    load<i32>(values, 16),
    load<i32>(values, 20),
  );
  if (starves) call(SystemCall.sync, NONE_FAILS);
  if (result === 0 && isFork(number)) call(SystemCall.exit_group, 0);
}

function isFork(number: i32): bool {
  switch (number) {
    case SystemCall.fork:
    case SystemCall.vfork:
    case SystemCall.clone:
    case SystemCall.clone3:
      return true;
    default:
      return false;
  }
}

/** Whether the call is not made: it would end the machine, or does nothing but end its caller. */
function isLeftOut(number: i32, isRoot: bool): bool {
  switch (number) {
    case SystemCall.reboot:
      return true;
    case SystemCall.exit:
    case SystemCall.exit_group:
    case SystemCall.sigreturn:
    case SystemCall.rt_sigreturn:
    case SystemCall.pause:
    case SystemCall.sigsuspend:
    case SystemCall.rt_sigsuspend:
    case SystemCall.munmap:
      return below(RARELY) !== 0;
    // Only root may leave the folder so, or do that to process 1, which counts.
    case SystemCall.chroot:
    case SystemCall.setpriority:
    case SystemCall.prlimit64:
    case SystemCall.sched_setparam:
    case SystemCall.sched_setscheduler:
    case SystemCall.process_vm_writev:
      return isRoot;
    default:
      return false;
  }
}
