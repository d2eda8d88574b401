// execve: another program in the same process.
//
//   scripts -> judge the file -> its interpreter -> new space: segments, heap, stack
//     -> the other threads end -> point of no return -> drop the old space
//
// Everything that can fail comes before the point of no return, in a space that no thread runs on
// yet; a caller that gets an error goes on as if nothing had happened, except that a thread which
// waits for the others to end can be killed. The price is that both programs take memory for a
// moment.

import {
  EACCES,
  EAGAIN,
  ELIBBAD,
  ELOOP,
  ENOEXEC,
  ENOMEM,
  ETXTBSY,
  isErrno,
} from "../../src/abi/errno";
import { O_RDONLY, PATH_MAX, X_OK } from "../../src/abi/files";
import { PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import { readContents } from "../file/contents";
import { DirectoryEntry } from "../file/directory-entry";
import { noteSeen } from "../file/mount";
import { OpenFile, openFile } from "../file/open-file";
import { PathEnd, resolvePath } from "../file/path";
import { accessRefusal } from "../file/permission";
import { inform, warn } from "../log/log";
import { clearFloatingPoint, loadFloatingPoint } from "../machine/i686/floating-point";
import { findRoom, mapRange } from "../memory/map-range";
import { REGION_GROWS_DOWN, REGION_READ, REGION_WRITE } from "../memory/region";
import { AddressSpace, createSpace } from "../memory/space";
import { endOtherThreads } from "../process/exit";
import { returnSpace } from "../process/fork";
import { applyLimits } from "../process/limits";
import { currentProcess, Process } from "../process/process";
import { deleteProgramTimers } from "../process/program-timers";
import { leaveSpace } from "../process/robust-list";
import { unshareSignalActions } from "../process/signal-actions";
import { contextOf, unshareFiles } from "../process/thread-files";
import { processOf } from "../process/thread-group";
import { noteReturn } from "../thread/interrupted";
import { currentThread, Thread } from "../thread/thread";
import { ArgumentBlock } from "./argument-block";
import { interpreterSegment } from "./elf";
import { buildInitialStack } from "./initial-stack";
import { createProgramFile, ProgramFile } from "./program-file";
import { isScript, readScript, scriptArgument, scriptInterpreter } from "./script";
import { programCredentials, takeCredentials } from "./set-id";

/** An errno as an unsigned number is above this; no stack pointer is. */
const HIGHEST_ESP: u32 = USER_END;
/** How many scripts may run each other. */
const MOST_SCRIPTS: u32 = 5;
/** Where a position-independent program lies: as Linux has it for 32-bit programs. */
const MOVABLE_BASE: u32 = 0x56555000;

/** The path of a script, or of an interpreter. */
const path: usize = memory.data(PATH_MAX, 4);

/**
 * Makes `thread` run `program` with the arguments of `block` when it next returns to user mode, as
 * the only thread of its process. 0, or -errno as execve(2) has it, and nothing has changed.
 */
export function executeProgram(thread: Thread, program: DirectoryEntry, block: ArgumentBlock): i32 {
  let entry = program;
  entry.retain();
  let result = fileRefusal(entry);
  for (let depth: u32 = 0; result === 0 && isScript(entry.inode); depth++) {
    result = depth === MOST_SCRIPTS ? -ELOOP : readArguments(entry, depth, block);
    if (result !== 0) break;
    const found = find(thread, scriptInterpreter);
    if (isErrno(<u32>found)) {
      result = <i32>found;
      inform(
        cstr("exec: %s: its interpreter %s cannot be found"),
        nameOf(block),
        <u32>scriptInterpreter,
      );
      break;
    }
    entry.release();
    entry = changetype<DirectoryEntry>(found);
    result = fileRefusal(entry);
  }
  if (result === 0) result = executeFile(thread, entry, block);
  entry.release();
  return result;
}

/** Why a file must not be run; 0: it may. */
function fileRefusal(entry: DirectoryEntry): i32 {
  const inode = entry.inode;
  if (!inode.isRegular) return -EACCES;
  noteSeen(entry);
  const refusal = accessRefusal(inode, X_OK);
  if (refusal !== 0) return refusal;
  return inode.writers > 0 ? -ETXTBSY : 0;
}

/** Reads a script's first line, and gives its interpreter the arguments. */
function readArguments(entry: DirectoryEntry, depth: u32, block: ArgumentBlock): i32 {
  if (!readScript(entry.inode)) return -ENOEXEC;
  // Of a script that runs a script, the path is the first argument already.
  if (depth !== 0) return block.putInterpreter(scriptInterpreter, scriptArgument, 0);
  copyText(path, block.strings + block.path);
  return block.putInterpreter(scriptInterpreter, scriptArgument, path);
}

/** The entry that the thread's path `text` leads to, retained, or -errno. */
function find(thread: Thread, text: usize): usize {
  const context = contextOf(thread)!;
  return resolvePath(context.root, context.directory, text, PathEnd.file);
}

function executeFile(thread: Thread, entry: DirectoryEntry, block: ArgumentBlock): i32 {
  const opened = openProgram(entry);
  if (isErrno(<u32>opened)) return <i32>opened;
  const program = changetype<ProgramFile>(opened);
  const problem = program.read();
  let result = -ENOEXEC;
  if (problem !== 0) inform(cstr("exec: %s: %s"), nameOf(block), <u32>problem);
  else result = executeWithInterpreter(thread, entry, program, block);
  program.release();
  return result;
}

/** The program of a file: its address, or -errno. */
function openProgram(entry: DirectoryEntry): usize {
  const opened = openFile(entry, entry.inode, O_RDONLY);
  if (isErrno(<u32>opened)) return opened;
  const program = createProgramFile(changetype<OpenFile>(opened));
  return program === null ? -ENOMEM : changetype<usize>(program);
}

function executeWithInterpreter(
  thread: Thread,
  entry: DirectoryEntry,
  program: ProgramFile,
  block: ArgumentBlock,
): i32 {
  const segment = interpreterSegment(program.image);
  if (segment === null) return start(thread, entry, program, null, block);
  const size = segment.fileSize;
  const isWhole =
    size > 1 &&
    size <= PATH_MAX &&
    readContents(entry.inode, segment.offset, path, size) === size &&
    load<u8>(path + size - 1) === 0;
  if (!isWhole) {
    inform(cstr("exec: %s: it does not name its interpreter"), nameOf(block));
    return -ENOEXEC;
  }
  const opened = openInterpreter(thread);
  if (isErrno(<u32>opened)) {
    warn(cstr("exec: %s: its interpreter %s cannot be loaded"), nameOf(block), <u32>path);
    return <i32>opened;
  }
  const interpreter = changetype<ProgramFile>(opened);
  const result = start(thread, entry, program, interpreter, block);
  interpreter.release();
  return result;
}

/** The program at `path`: its address, or -errno. */
function openInterpreter(thread: Thread): usize {
  const found = find(thread, path);
  if (isErrno(<u32>found)) return found;
  const entry = changetype<DirectoryEntry>(found);
  const refusal = fileRefusal(entry);
  const opened = refusal !== 0 ? <usize>refusal : openProgram(entry);
  entry.release();
  if (isErrno(<u32>opened)) return opened;
  const interpreter = changetype<ProgramFile>(opened);
  const problem = interpreter.read();
  if (problem === 0) return opened;
  inform(cstr("exec: %s: %s"), <u32>path, <u32>problem);
  interpreter.release();
  return -ELIBBAD;
}

/** Builds the new space, and goes over to it. */
function start(
  thread: Thread,
  entry: DirectoryEntry,
  program: ProgramFile,
  interpreter: ProgramFile | null,
  block: ArgumentBlock,
): i32 {
  const space = createSpace();
  if (space === null) return -ENOMEM;
  const who = programCredentials(thread, entry);
  if (who === null) {
    space.release();
    return -ENOMEM;
  }
  let esp: u32 = 0;
  let result = fillSpace(space, program, interpreter);
  if (result === 0) {
    const base = interpreter === null ? 0 : interpreter.bias;
    esp = buildInitialStack(space, program, base, block, who);
    if (esp > HIGHEST_ESP) result = <i32>esp;
  }
  if (result === 0 && thread === currentThread) result = becomeAlone();
  if (result !== 0) {
    who.free();
    space.release();
    return result;
  }

  // The point of no return.
  const process = processOf(thread);
  applyLimits(process.limits, space);
  leaveSpace(process, thread);
  process.setSpace(space);
  returnSpace(thread);
  deleteProgramTimers(process);
  clearFloatingPoint(thread.floatingPoint);
  thread.segments.clear();
  if (thread === currentThread) {
    loadFloatingPoint(thread.floatingPoint);
    thread.segments.load();
  }
  process.setProgram(entry);
  process.programs++;
  takeCredentials(thread, who);
  nameProcess(process, block.strings + block.path);
  const first = interpreter === null ? program.entry : interpreter.entry;
  thread.frame.startProgram(first, esp);
  noteReturn(first);
  return 0;
}

/** The running thread shares nothing any more that a new program must not share. 0 or -errno. */
function becomeAlone(): i32 {
  if (!unshareFiles() || !unshareSignalActions(currentProcess())) return -ENOMEM;
  return endOtherThreads() ? 0 : -EAGAIN;
}

/** Segments, heap and stack of programs that were judged good. 0 or -errno. */
function fillSpace(
  space: AddressSpace,
  program: ProgramFile,
  interpreter: ProgramFile | null,
): i32 {
  if (program.isMovable) program.moveTo(MOVABLE_BASE);
  const loaded = program.load(space);
  if (loaded !== 0) return loaded;
  space.breakStart = program.end;
  space.breakEnd = space.breakStart;
  const stack = USER_END - PAGE_SIZE;
  const rights = REGION_READ | REGION_WRITE;
  if (mapRange(space, stack, USER_END, rights, REGION_GROWS_DOWN) !== 0) return -ENOMEM;
  if (interpreter === null) return 0;
  if (interpreter.isMovable) {
    const room = findRoom(space, 0, interpreter.span);
    if (room === 0) return -ENOMEM;
    interpreter.moveTo(room);
  }
  return interpreter.load(space);
}

function nameOf(block: ArgumentBlock): u32 {
  return <u32>(block.strings + block.path);
}

function copyText(to: usize, from: usize): void {
  let length: u32 = 0;
  while (load<u8>(from + length) !== 0 && length < PATH_MAX - 1) length++;
  memory.copy(to, from, length);
  store<u8>(to + length, 0);
}

/** The process is called what its path ends with. */
function nameProcess(process: Process, path: usize): void {
  let name = path;
  let end = path;
  for (; load<u8>(end) !== 0; end++) {
    if (load<u8>(end) === 0x2f && load<u8>(end + 1) !== 0) name = end + 1;
  }
  process.setName(name, <u32>(end - name));
}
