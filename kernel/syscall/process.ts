// System calls about processes.

import {
  EACCES,
  EAGAIN,
  ECHILD,
  EINVAL,
  ELOOP,
  ENOMEM,
  EPERM,
  ESRCH,
  isErrno,
} from "../../src/abi/errno";
import { O_NONBLOCK } from "../../src/abi/files";
import { CAP_SYS_TTY_CONFIG } from "../../src/abi/linux/capability";
import { CLONE_FILES, CLONE_FS, CLONE_SYSVSEM } from "../../src/abi/linux/clone";
import { SIGINFO_SIZE } from "../../src/abi/signal-frame";
import {
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  CONTINUED_STATUS,
  exitedStatus,
  SIGCHLD,
  SIGCONT,
  WAIT_KINDS,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WUNTRACED,
} from "../../src/abi/signals";
import { DirectoryEntry } from "../file/directory-entry";
import { PathEnd } from "../file/path";
import { TrapFrame } from "../machine/i686/trap-frame";
import {
  clearUser,
  copyOut,
  UserPointer,
  userAddress,
  userPointer,
  writeWord,
} from "../memory/user-memory";
import { exitProcess, exitThread } from "../process/exit";
import { forkProcess } from "../process/fork";
import { currentProcess, findInGroup, findProcess, Process } from "../process/process";
import {
  controllingTerminal,
  hangUpTerminal,
  isSessionLeader,
  startSession,
} from "../process/session";
import { resetSignalActions } from "../process/signal-actions";
import { SignalNote } from "../process/signal-note";
import { currentFiles, unshareContext, unshareFiles } from "../process/thread-files";
import {
  newsStatus,
  P_ALL,
  P_PGID,
  P_PID,
  takeNews,
  waitForNews,
  waitResult,
} from "../process/wait";
import { createArgumentBlock } from "../program/argument-block";
import { executeProgram } from "../program/execute";
import { putInfo } from "../program/signal-frame";
import { currentCredentials } from "../thread/credentials";
import { yieldProcessor } from "../thread/schedule";
import { currentThread } from "../thread/thread";
import { fileArgument } from "./descriptor";
import { entryAt, pathArgument, userPath } from "./path-argument";
import { processArgument } from "./process-file";
import { sendUsage } from "./resource";

/** What waitid's id is, besides what wait.ts knows: a file's that stands for a process. */
const P_PIDFD: u32 = 3;
const info: usize = memory.data(SIGINFO_SIZE, 8);
const news = changetype<SignalNote>(memory.data(offsetof<SignalNote>(), 4));

/** exit(code): the thread ends. */
export function exit(frame: TrapFrame): i32 {
  exitThread(exitedStatus(frame.arg0));
  return 0;
}

/** exit_group(code): all threads end. */
export function exitGroup(frame: TrapFrame): i32 {
  exitProcess(exitedStatus(frame.arg0));
  return 0;
}

export function fork(_frame: TrapFrame): i32 {
  return forkProcess();
}

/** waitpid(pid, status, options) */
export function waitpid(frame: TrapFrame): i32 {
  return wait(<i32>frame.arg0, userPointer(frame.arg1), frame.arg2, userPointer(0));
}

/** wait4(pid, status, options, rusage) */
export function wait4(frame: TrapFrame): i32 {
  const usage = userPointer(frame.arg3);
  return wait(<i32>frame.arg0, userPointer(frame.arg1), frame.arg2, usage);
}

/** waitid(which, id, info, options, rusage): P_ALL, P_PID, P_PGID, P_PIDFD. */
export function waitid(frame: TrapFrame): i32 {
  let options = frame.arg3;
  let which = frame.arg0;
  let id = frame.arg1;
  const kinds = WEXITED | WUNTRACED | WCONTINUED;
  if ((options & ~(kinds | WNOHANG | WNOWAIT | WAIT_KINDS)) !== 0) return -EINVAL;
  if ((options & kinds) === 0 || which > P_PIDFD) return -EINVAL;
  if (which !== P_ALL && (<i32>id < 0 || (which === P_PID && id === 0))) return -EINVAL;
  if (which === P_PGID && id === 0) id = currentProcess().group;
  if (which === P_PIDFD) {
    const found = processArgument(frame.arg1);
    if (isErrno(<u32>found)) return <i32>found === -ESRCH ? -ECHILD : <i32>found;
    which = P_PID;
    id = changetype<Process>(found).pid;
    if ((fileArgument(frame.arg1)!.flags & O_NONBLOCK) !== 0) options |= WNOHANG;
  }
  const child = waitForNews(which, id, options);
  const info = userPointer(frame.arg2);
  if (child === null) {
    if (waitResult === 0 && options !== frame.arg3) return -EAGAIN;
    const isQuiet = waitResult === 0 && userAddress(info) !== 0;
    return isQuiet ? clearUser(info, SIGINFO_SIZE) : waitResult;
  }
  const usage = userPointer(frame.arg4);
  let result = userAddress(info) === 0 ? 0 : sendNews(child, info);
  if (result === 0 && userAddress(usage) !== 0) result = sendUsage(child, usage);
  if (result === 0) takeNews(child, options);
  return result;
}

function wait(pid: i32, status: UserPointer, options: u32, usage: UserPointer): i32 {
  if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_KINDS)) !== 0) return -EINVAL;
  if (pid === i32.MIN_VALUE) return -ESRCH; // there is no -pid
  const which = pid === -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
  const group = pid === 0 ? currentProcess().group : <u32>-pid;
  const child = waitForNews(which, pid > 0 ? <u32>pid : group, options | WEXITED);
  if (child === null) return waitResult;
  let result: i32 = userAddress(status) === 0 ? 0 : writeWord(status, newsStatus);
  if (result === 0 && userAddress(usage) !== 0) result = sendUsage(child, usage);
  if (result !== 0) return result;
  const found = <i32>child.pid;
  takeNews(child, options);
  return found;
}

/** A siginfo_t of what became of a child. */
function sendNews(child: Process, to: UserPointer): i32 {
  const killer = newsStatus & 0x7f;
  news.signal = SIGCHLD;
  news.pid = child.pid;
  if (newsStatus === CONTINUED_STATUS) {
    news.code = CLD_CONTINUED;
    news.value = SIGCONT;
  } else if (killer === 0x7f) {
    news.code = CLD_STOPPED;
    news.value = newsStatus >> 8;
  } else {
    news.code = killer === 0 ? CLD_EXITED : CLD_KILLED;
    news.value = killer === 0 ? newsStatus >> 8 : killer;
  }
  memory.fill(info, 0, SIGINFO_SIZE);
  putInfo(info, news);
  return copyOut(to, info, SIGINFO_SIZE);
}

/** execve(path, argv, envp) */
export function execve(frame: TrapFrame): i32 {
  const found = pathArgument(userPointer(frame.arg0), PathEnd.file);
  return start(found, userPointer(frame.arg1), userPointer(frame.arg2));
}

/** execveat(directory, path, argv, envp, flags) */
export function execveat(frame: TrapFrame): i32 {
  const found = entryAt(frame.arg0, userPointer(frame.arg1), frame.arg4);
  if (!isErrno(<u32>found) && changetype<DirectoryEntry>(found).inode.isLink) {
    changetype<DirectoryEntry>(found).release();
    return -ELOOP;
  }
  return start(found, userPointer(frame.arg2), userPointer(frame.arg3));
}

/** Starts the program that was found. */
function start(found: usize, argv: UserPointer, envp: UserPointer): i32 {
  if (isErrno(<u32>found)) return <i32>found;
  const program = changetype<DirectoryEntry>(found);
  const result = execute(program, argv, envp);
  program.release();
  if (result !== 0) return result;
  currentFiles().closeOnExecute();
  currentProcess().hasExecuted = true;
  resetSignalActions(currentProcess());
  currentProcess().endSignal = SIGCHLD;
  currentThread.alternativeSize = 0;
  // The new program's registers are in the frame already: EAX, like the others, is 0.
  return 0;
}

function execute(program: DirectoryEntry, argv: UserPointer, envp: UserPointer): i32 {
  const block = createArgumentBlock();
  if (block === null) return -ENOMEM;
  let result = block.collect(argv, envp, userPath);
  if (result === 0) result = executeProgram(currentThread, program, block);
  block.release();
  return result;
}

export function getpid(_frame: TrapFrame): i32 {
  return <i32>currentProcess().pid;
}

/** 0 for process 1. */
export function getppid(_frame: TrapFrame): i32 {
  const parent = currentProcess().parent;
  return parent === null ? 0 : <i32>parent.pid;
}

/** vhangup(): the terminal that the caller's session has hangs up. */
export function vhangup(_frame: TrapFrame): i32 {
  if (!currentCredentials().has(CAP_SYS_TTY_CONFIG)) return -EPERM;
  const terminal = controllingTerminal(currentProcess());
  if (terminal !== null) hangUpTerminal(terminal);
  return 0;
}

/** unshare(flags): files and their context of the caller's own. There are no name spaces. */
export function unshare(frame: TrapFrame): i32 {
  const flags = frame.arg0;
  if ((flags & ~(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM)) !== 0) return -EINVAL;
  if ((flags & CLONE_FS) !== 0 && !unshareContext()) return -ENOMEM;
  return (flags & CLONE_FILES) !== 0 && !unshareFiles() ? -ENOMEM : 0;
}

export function schedYield(_frame: TrapFrame): i32 {
  yieldProcessor();
  return 0;
}

/**
 * setpgid(pid, group): the caller or a child of it; 0 stands for the caller, and for the process's
 * id.
 */
export function setpgid(frame: TrapFrame): i32 {
  const process = selfOr(frame.arg0);
  if (<i32>(frame.arg1 === 0 ? frame.arg0 : frame.arg1) < 0) return -EINVAL;
  if (process === null) return -ESRCH;
  const caller = currentProcess();
  if (process.parent === caller) {
    if (process.session !== caller.session) return -EPERM;
    if (process.hasExecuted) return -EACCES;
  } else if (process !== caller) return -ESRCH;
  if (isSessionLeader(process)) return -EPERM;
  const group = frame.arg1 === 0 ? process.pid : frame.arg1;
  if (group !== process.pid) {
    const member = findInGroup(group);
    if (member === null || member.session !== caller.session) return -EPERM;
  }
  process.group = group;
  return 0;
}

/** setsid(): the new session's id. */
export function setsid(_frame: TrapFrame): i32 {
  const process = currentProcess();
  if (isSessionLeader(process) || findInGroup(process.pid) !== null) return -EPERM;
  startSession(process);
  return <i32>process.session;
}

/** getsid(pid): 0 stands for the caller. */
export function getsid(frame: TrapFrame): i32 {
  const process = selfOr(frame.arg0);
  return process === null ? -ESRCH : <i32>process.session;
}

export function getpgid(frame: TrapFrame): i32 {
  const process = selfOr(frame.arg0);
  return process === null ? -ESRCH : <i32>process.group;
}

export function getpgrp(_frame: TrapFrame): i32 {
  return <i32>currentProcess().group;
}

function selfOr(pid: u32): Process | null {
  return pid === 0 ? currentProcess() : findProcess(pid);
}
