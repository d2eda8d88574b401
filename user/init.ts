// Process 1 of `isthmus run --root`: runs a program in a folder that was brought in, and leaves a
// report of what became of the folder.
//
//   task -> first listing -> fork, execve -> wait -> kill the rest -> second listing -> exit
//
// Its own file and the task are removed before the program starts, so the program never meets them.
// As process 1 it adopts what the program leaves behind, and it ignores the signals that others
// send, so the program is killed by what would kill it on Linux.
//
// The report (src/abi/guest-files.ts) stays in this process's memory: the machine's memory can be
// read after its end. Contents are not copied for it. A file that has changed is mapped, and each
// page touched, so the page tables lead the reader to the file's own frames.

import { ENOENT } from "../src/abi/errno";
import {
  AT_SYMLINK_NOFOLLOW,
  DIRENT_LENGTH,
  DIRENT_NAME,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  STAT_BLOCKS,
  STAT_BYTES,
  STAT_CTIME,
  STAT_DEV,
  STAT_GID,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_SIZE,
  STAT_UID,
} from "../src/abi/files";
import {
  CHANGE_TIMES,
  CHANGE_TIMES_END,
  CONTENTS,
  CONTENTS_END,
  ENTRY_CONTENTS,
  ENTRY_FLAGS,
  ENTRY_GROUP,
  ENTRY_INODE,
  ENTRY_IS_MOUNT,
  ENTRY_IS_TOO_LARGE,
  ENTRY_LENGTH,
  ENTRY_MODE,
  ENTRY_MODIFIED,
  ENTRY_NAME,
  ENTRY_NAME_LENGTH,
  ENTRY_OWNER,
  ENTRY_PARENT,
  ENTRY_SIZE_HIGH,
  ENTRY_SIZE_LOW,
  ENTRY_TEXT_LENGTH,
  FIRST_LISTING,
  LISTING_ROOM,
  REPORT,
  REPORT_ERROR,
  REPORT_FIRST_SIZE,
  REPORT_MAGIC,
  REPORT_SECOND_SIZE,
  SECOND_LISTING,
  TASK_ARGUMENTS,
  TASK_FLAGS,
  TASK_MAGIC,
  TASK_NO_TERMINAL,
  TASK_RAW_OUTPUT,
  TASK_STRINGS,
  TASK_VARIABLES,
  TASK_WINDOW,
} from "../src/abi/guest-files";
import { SystemCall } from "../src/abi/linux/i386";
import { PAGE_MASK, PAGE_SIZE } from "../src/abi/memory-map";
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from "../src/abi/mman";
import { POLLIN } from "../src/abi/poll";
import { SIG_BLOCK, SIG_UNBLOCK, SIGCHLD, SIGKILL, shellStatus, WNOHANG } from "../src/abi/signals";
import {
  OPOST,
  TCGETS,
  TCSETS,
  TERMIOS_OFLAG,
  TIOCSCTTY,
  TIOCSWINSZ,
  WINSIZE_COLUMNS,
  WINSIZE_ROWS,
  WINSIZE_SIZE,
} from "../src/abi/termios";
import { int80 } from "../src/abi/x86";
import { call } from "./runtime/answers";
import { argument, STATUS_USAGE } from "./runtime/arguments";
import { afterString, isDots, pointAtStrings } from "./runtime/c-strings";
import { printLine, STANDARD_ERROR, use } from "./runtime/output";
import {
  chdir,
  close,
  execve,
  exit,
  fork,
  getdents,
  ioctl,
  kill,
  read,
  waitpid,
  write,
} from "./runtime/system-calls";

const STATUS_CANNOT_RUN: i32 = 126;
const STATUS_NOT_FOUND: i32 = 127;
const DENTS_SIZE: u32 = 16384;
const DENTS_AREA: u32 = 32768;
const LINK_TEXT_MAX: u32 = 4096;
const WORD: u32 = 4;
/** A file with holes is shown only if that leaves this many bytes of memory. */
const RESERVE: u32 = 4 << 20;
const SIGNAL_SET_SIZE: u32 = 8;
const BLOCK_SHIFT: u32 = 9;
const SYSINFO_FREE: u32 = 20;
const SYSINFO_UNIT: u32 = 52;

const stat: usize = memory.data(STAT_BYTES, 8);
const scratch: usize = memory.data(64, 8);
const dents: usize = memory.data(DENTS_AREA, 8);

/** SIGCHLD alone, and two struct pollfd. */
const childSignal: usize = memory.data(SIGNAL_SET_SIZE, 8);
const polled: usize = memory.data(16, 4);

/** The listing that is being written, and how far it has come. */
let listing: usize = 0;
let listed: u32 = 0;
/** Something could not be listed. */
let isIncomplete: bool = false;
/** Whether entries get their contents. */
let showsContents: bool = false;
let nextContents: u32 = CONTENTS;
/** The ends of the pipe that a program without a terminal writes to. */
let outputFrom: i32 = 0;
let outputTo: i32 = 0;
/** The device of the root: what has another is mounted. */
let rootDevice: u32 = 0;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (argc !== 3) {
    use(STANDARD_ERROR);
    printLine("init: process 1 of `isthmus run --root`; it is of no other use");
    return STATUS_USAGE;
  }
  const task = takeTask(argument(argv, 0), argument(argv, 1), argument(argv, 2));
  if (task === 0 || !mapReport()) return STATUS_CANNOT_RUN;
  prepareTerminal(task);
  store<u32>(REPORT, list(FIRST_LISTING), REPORT_FIRST_SIZE);
  const status = runProgram(task);
  endTheRest();
  // What is left in the pipe; nobody can write there any more.
  if (outputFrom !== 0) while (passOutput());
  showsContents = true;
  store<u32>(REPORT, list(SECOND_LISTING), REPORT_SECOND_SIZE);
  if (!isIncomplete) store<u32>(REPORT, REPORT_MAGIC);
  return status;
}

/** Reads the task, and removes it, this program's file, and their directory. 0: it cannot. */
function takeTask(program: usize, path: usize, directory: usize): usize {
  const file = call(SystemCall.open, path, O_RDONLY | O_CLOEXEC, 0);
  if (file < 0 || call(SystemCall.fstat64, file, stat) !== 0) return 0;
  const size = load<u32>(stat + STAT_SIZE);
  const task = map(0, size + 1, MAP_PRIVATE | MAP_ANONYMOUS);
  if (task === 0 || read(file, task, size) !== size) return 0;
  close(file);
  call(SystemCall.unlink, path);
  call(SystemCall.unlink, program);
  call(SystemCall.rmdir, directory);
  return size > TASK_STRINGS && load<u32>(task) === TASK_MAGIC ? task : 0;
}

/** Readable and writable memory; 0: there is none. */
function map(address: u32, size: u32, flags: u32): usize {
  const result = call(SystemCall.mmap2, address, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  return <u32>result > <u32>-4096 ? 0 : <usize>result;
}

function mapReport(): bool {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  return (
    map(REPORT, PAGE_SIZE, flags) !== 0 &&
    map(FIRST_LISTING, LISTING_ROOM, flags) !== 0 &&
    map(SECOND_LISTING, LISTING_ROOM, flags) !== 0 &&
    map(CHANGE_TIMES, CHANGE_TIMES_END - CHANGE_TIMES, flags) !== 0
  );
}

/** Gives the terminal the size of the one outside. */
function prepareTerminal(task: usize): void {
  const window = load<u32>(task, TASK_WINDOW);
  if (window !== 0) {
    memory.fill(scratch, 0, WINSIZE_SIZE);
    store<u16>(scratch + WINSIZE_ROWS, window & 0xffff);
    store<u16>(scratch + WINSIZE_COLUMNS, window >> 16);
    ioctl(0, TIOCSWINSZ, scratch);
  }
  if ((load<u32>(task, TASK_FLAGS) & TASK_RAW_OUTPUT) === 0) return;
  if (ioctl(0, TCGETS, scratch) !== 0) return;
  store<u32>(scratch + TERMIOS_OFLAG, load<u32>(scratch + TERMIOS_OFLAG) & ~OPOST);
  ioctl(0, TCSETS, scratch);
}

/** Runs the task's program to its end: its status, as a shell gives it. */
function runProgram(task: usize): i32 {
  // The child tells through it why it cannot become the program.
  if (call(SystemCall.pipe2, scratch, O_CLOEXEC) !== 0) return STATUS_CANNOT_RUN;
  const from = load<i32>(scratch);
  const to = load<i32>(scratch + WORD);
  const hasTerminal = (load<u32>(task, TASK_FLAGS) & TASK_NO_TERMINAL) === 0;
  if (!hasTerminal && !makeOutput()) return STATUS_CANNOT_RUN;
  const child = fork();
  if (child === 0) {
    store<i32>(scratch, -becomeProgram(task));
    write(to, scratch, WORD);
    exit(STATUS_CANNOT_RUN);
  }
  close(to);
  if (!hasTerminal) close(outputTo);
  store<u32>(scratch, 0);
  const failed = child < 0 || read(from, scratch, WORD) === WORD;
  close(from);
  if (failed) {
    const error = child < 0 ? -child : load<i32>(scratch);
    store<u32>(REPORT, error, REPORT_ERROR);
    return error === ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
  }
  return hasTerminal ? waitForEnd(child) : waitPassingOutput(child);
}

/** The pipe that a program without a terminal writes to. */
function makeOutput(): bool {
  if (call(SystemCall.pipe2, scratch, O_CLOEXEC) !== 0) return false;
  outputFrom = load<i32>(scratch);
  outputTo = load<i32>(scratch + WORD);
  store<u64>(childSignal, 1 << (SIGCHLD - 1));
  return changeMask(SIG_BLOCK) === 0;
}

/** Waits for the child as waitForEnd() does, and passes on what is written meanwhile. */
function waitPassingOutput(child: i32): i32 {
  const ends = call(SystemCall.signalfd4, -1, <u32>childSignal, SIGNAL_SET_SIZE, O_CLOEXEC);
  while (true) {
    store<i32>(polled, outputFrom);
    store<u32>(polled, POLLIN, WORD);
    store<i32>(polled, ends, 2 * WORD);
    store<u32>(polled, POLLIN, 3 * WORD);
    call(SystemCall.poll, <u32>polled, 2, -1);
    const hasOutput = load<u32>(polled, WORD) >> 16 !== 0;
    if (hasOutput && !passOutput()) return waitForEnd(child);
    if (load<u32>(polled, 3 * WORD) >> 16 === 0) continue;
    read(ends, dents, DENTS_SIZE);
    while (true) {
      const ended = call(SystemCall.waitpid, -1, <u32>scratch, WNOHANG);
      if (ended === child) return <i32>shellStatus(load<u32>(scratch));
      if (ended <= 0) break;
    }
  }
}

/** Passes on what is there; false at the end of the output. */
function passOutput(): bool {
  const size = read(outputFrom, dents, DENTS_SIZE);
  for (let done = 0; done < size; ) {
    const count = write(1, dents + done, size - done);
    if (count <= 0) return false;
    done += count;
  }
  return size > 0;
}

function changeMask(how: u32): i32 {
  return call(SystemCall.rt_sigprocmask, how, <u32>childSignal, 0, SIGNAL_SET_SIZE);
}

/** In the child: 0, or a negative errno. */
function leaveTerminal(): i32 {
  changeMask(SIG_UNBLOCK);
  const input = call(SystemCall.open, cstr("/dev/null"), O_RDONLY | O_CLOEXEC, 0);
  if (input < 0) return input;
  call(SystemCall.dup2, input, 0);
  call(SystemCall.dup2, outputTo, 1);
  call(SystemCall.dup2, outputTo, STANDARD_ERROR);
  return 0;
}

/** The child's part: returns only if it fails, a negative errno. */
function becomeProgram(task: usize): i32 {
  // A session of its own, which takes the terminal from this one.
  call(SystemCall.setsid);
  if ((load<u32>(task, TASK_FLAGS) & TASK_NO_TERMINAL) === 0) ioctl(0, TIOCSCTTY, 1);
  else {
    const left = leaveTerminal();
    if (left !== 0) return left;
  }
  const path = task + TASK_STRINGS;
  const directory = afterString(path);
  const argumentCount = load<u32>(task, TASK_ARGUMENTS);
  const variableCount = load<u32>(task, TASK_VARIABLES);
  const room = map(0, (argumentCount + variableCount + 2) * WORD, MAP_PRIVATE | MAP_ANONYMOUS);
  if (room === 0) return -ENOENT;
  const variables = room + (argumentCount + 1) * WORD;
  const next = pointAtStrings(room, argumentCount, afterString(directory));
  pointAtStrings(variables, variableCount, next);
  const moved = chdir(directory);
  return moved !== 0 ? moved : execve(path, room, variables);
}

/** Waits for the child, and for every orphan that ends before it. */
function waitForEnd(child: i32): i32 {
  while (true) {
    const ended = waitpid(-1, scratch, 0);
    if (ended === child) return <i32>shellStatus(load<u32>(scratch));
  }
}

/** Ends what the program has left running, so that the files stay as they are. */
function endTheRest(): void {
  // Those that it sends the signal to may have forked meanwhile.
  while (true) {
    kill(-1, SIGKILL);
    if (waitpid(-1, scratch, 0) < 0) return;
  }
}

/** Lists the tree into `to`; the size of the listing. */
function list(to: usize): u32 {
  listing = to;
  listed = 0;
  const root = call(SystemCall.open, cstr("/"), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (root < 0 || call(SystemCall.fstat64, root, stat) !== 0) {
    isIncomplete = true;
    return 0;
  }
  rootDevice = load<u32>(stat + STAT_DEV);
  addEntry(0, cstr(""), root);
  listDirectory(root, 0);
  close(root);
  return listed;
}

/** Lists what is in an open directory, whose own entry is at `self`. */
function listDirectory(directory: i32, self: u32): void {
  const start = listed;
  addNames(directory, self);
  const end = listed;
  for (let at = start; at < end; at += load<u32>(listing + at)) {
    const entry = listing + at;
    if ((load<u32>(entry, ENTRY_MODE) & S_IFMT) !== S_IFDIR) continue;
    if ((load<u32>(entry, ENTRY_FLAGS) & ENTRY_IS_MOUNT) !== 0) continue;
    const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const child = call(SystemCall.openat, directory, <u32>(entry + ENTRY_NAME), flags, 0);
    if (child < 0) {
      isIncomplete = true;
      continue;
    }
    listDirectory(child, at);
    close(child);
  }
}

function addNames(directory: i32, self: u32): void {
  while (true) {
    const size = getdents(directory, dents, DENTS_SIZE);
    if (size < 0) isIncomplete = true;
    if (size <= 0) return;
    for (let at: u32 = 0; at < <u32>size; at += load<u16>(dents + at + DIRENT_LENGTH)) {
      const name = dents + at + DIRENT_NAME;
      if (isDots(name)) continue;
      const result = call(
        SystemCall.fstatat64,
        directory,
        <u32>name,
        <u32>stat,
        AT_SYMLINK_NOFOLLOW,
      );
      if (result === 0) addEntry(self, name, directory);
      else isIncomplete = true;
    }
  }
}

/** Adds the entry of the file that `stat` describes. */
function addEntry(parent: u32, name: usize, directory: i32): void {
  const length = <u32>(afterString(name) - name - 1);
  const entry = listing + listed;
  if (listed + ENTRY_NAME + length + LINK_TEXT_MAX + 8 > LISTING_ROOM) {
    isIncomplete = true;
    return;
  }
  const mode = load<u32>(stat + STAT_MODE);
  const type = mode & S_IFMT;
  const inode = load<u32>(stat + STAT_INO);
  store<u32>(entry, parent, ENTRY_PARENT);
  store<u32>(entry, inode, ENTRY_INODE);
  store<u32>(entry, mode, ENTRY_MODE);
  store<u32>(entry, load<u32>(stat + STAT_UID), ENTRY_OWNER);
  store<u32>(entry, load<u32>(stat + STAT_GID), ENTRY_GROUP);
  store<u32>(entry, load<u32>(stat + STAT_SIZE), ENTRY_SIZE_LOW);
  store<u32>(entry, load<u32>(stat + STAT_SIZE + WORD), ENTRY_SIZE_HIGH);
  store<u64>(entry, load<u64>(stat + STAT_MTIME), ENTRY_MODIFIED);
  store<u32>(entry, 0, ENTRY_CONTENTS);
  store<u32>(entry, load<u32>(stat + STAT_DEV) !== rootDevice ? ENTRY_IS_MOUNT : 0, ENTRY_FLAGS);
  store<u32>(entry, length, ENTRY_NAME_LENGTH);
  memory.copy(entry + ENTRY_NAME, name, length + 1);
  const text = entry + ENTRY_NAME + length + 1;
  let textLength: i32 = 0;
  if (type === S_IFLNK) {
    textLength = call(SystemCall.readlinkat, directory, <u32>name, <u32>text, LINK_TEXT_MAX);
    if (textLength < 0) {
      isIncomplete = true;
      textLength = 0;
    }
  }
  store<u8>(text + textLength, 0);
  store<u32>(entry, textLength, ENTRY_TEXT_LENGTH);
  const size = (ENTRY_NAME + length + 1 + textLength + 1 + 3) & ~3;
  store<u32>(entry, size, ENTRY_LENGTH);
  listed += size;
  const time = CHANGE_TIMES + (inode << 3);
  if (inode >= (CHANGE_TIMES_END - CHANGE_TIMES) >> 3) isIncomplete = true;
  else if (!showsContents) store<u64>(time, load<u64>(stat + STAT_CTIME));
  else if (type === S_IFREG && load<u64>(time) !== load<u64>(stat + STAT_CTIME)) {
    showContents(entry, directory, name);
  }
}

/** Maps the file of `entry`, and touches its pages. */
function showContents(entry: usize, directory: i32, name: usize): void {
  const size = load<u32>(entry, ENTRY_SIZE_LOW);
  if (size === 0 && load<u32>(entry, ENTRY_SIZE_HIGH) === 0) return;
  const isHuge = load<u32>(entry, ENTRY_SIZE_HIGH) !== 0 || size > CONTENTS_END - nextContents;
  if (isHuge || !hasMemoryFor(size)) {
    store<u32>(entry, load<u32>(entry, ENTRY_FLAGS) | ENTRY_IS_TOO_LARGE, ENTRY_FLAGS);
    return;
  }
  const flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
  const file = call(SystemCall.openat, directory, <u32>name, flags, 0);
  const mapped = file < 0 ? file : mapFile(file, size);
  if (file >= 0) close(file);
  if (<u32>mapped !== nextContents) {
    isIncomplete = true;
    return;
  }
  const end = nextContents + size;
  // The store is what keeps the load, which brings the page.
  for (let page = nextContents; page < end; page += PAGE_SIZE) store<u8>(scratch, load<u8>(page));
  store<u32>(entry, nextContents, ENTRY_CONTENTS);
  nextContents = (end + PAGE_MASK) & ~PAGE_MASK;
}

function mapFile(file: i32, size: u32): i32 {
  const flags = MAP_SHARED | MAP_FIXED;
  return int80(SystemCall.mmap2, nextContents, size, PROT_READ, flags, file, 0);
}

/** Whether the holes of the file that `stat` describes can be filled: pages that are looked at. */
function hasMemoryFor(size: u32): bool {
  const present = load<u32>(stat + STAT_BLOCKS) << BLOCK_SHIFT;
  if (present >= size) return true;
  if (call(SystemCall.sysinfo, <u32>scratch) !== 0) return false;
  const free = <u64>load<u32>(scratch + SYSINFO_FREE) * load<u32>(scratch + SYSINFO_UNIT);
  return free > <u64>(size - present) + RESERVE;
}
