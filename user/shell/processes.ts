// Starts programs and learns how they end.
//
// Each program is a process group of its own, and the terminal's foreground group while the shell
// waits for it, so ^C and ^Z reach the program and not the shell. Background programs read
// /dev/null. The shell ignores what stops those who use the terminal from the background, as it
// takes the terminal back from there.
//
//   shell                          new process                          the terminal is
//   fork                                                                raw, the shell's
//                                  setpgid, give itself the terminal    raw, the program's
//                                  leaveRawMode                         as the program finds it
//                                  write the newline after the line
//                                  signals as usual
//                                  execve … exit
//   waitpid, return to raw mode                                         raw, the program's
//   take the terminal                                                   raw, the shell's
//   write the prompt
//
// So what is typed after the newline or after the prompt meets the mode that belongs to it, and ^C
// is a signal only while it is a program's.

import { ENOENT } from "../../src/abi/errno";
import { O_APPEND, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from "../../src/abi/files";
import {
  SIG_DFL,
  SIG_IGN,
  SIGCONT,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  WNOHANG,
  WUNTRACED,
} from "../../src/abi/signals";
import { complain } from "../runtime/errors";
import { flush, forgetOutput, STANDARD_INPUT, STANDARD_OUTPUT } from "../runtime/output";
import {
  close,
  dup2,
  execve,
  exit,
  fork,
  getpgrp,
  kill,
  open,
  setpgid,
  setSignal,
  waitpid,
} from "../runtime/system-calls";
import {
  leaveRawMode,
  lendTerminal,
  returnToRawMode,
  setForegroundGroup,
} from "../runtime/terminal";
import { addressOf, toC } from "../runtime/text";
import { Command } from "./command";

/** The statuses of a program that could not be started. */
export const STATUS_CANNOT_RUN: i32 = 126;
export const STATUS_NOT_FOUND: i32 = 127;

const FILE_MODE: u32 = 0o644;

const status: usize = memory.data(4);

/** What the last wait reported, undecoded. */
export function lastWaitStatus(): u32 {
  return load<u32>(status);
}

/**
 * Starts the program at `path`; returns its process or a negative errno. What goes wrong in the new
 * process is reported there, and it ends with 126 or 127.
 */
export function startProgram(command: Command, path: string, environment: usize): i32 {
  if (command.isBackground) flush();
  const child = fork();
  if (child === 0) becomeProgram(command, path, environment);
  if (child > 0) {
    setpgid(child, child);
    forgetOutput();
  }
  return child;
}

/** For the shell: what stops programs does not stop it. */
export function ignoreStops(): void {
  setStops(SIG_IGN);
}

function setStops(handler: u32): void {
  setSignal(SIGTSTP, handler);
  setSignal(SIGTTIN, handler);
  setSignal(SIGTTOU, handler);
}

/** Lets a program that was stopped run on, with the terminal if it is to have that. */
export function continueProgram(process: i32, isForeground: bool): void {
  if (isForeground) {
    setForegroundGroup(process);
    lendTerminal();
  }
  flush();
  kill(-process, SIGCONT);
}

/** Takes the terminal back from a program; `isBroken`: it may not have restored the mode. */
export function takeTerminal(isBroken: bool): void {
  returnToRawMode(isBroken);
  setForegroundGroup(getpgrp());
}

/** In the new process: makes the terminal the program's, in the mode that programs find. */
function giveTerminal(): void {
  setForegroundGroup(getpgrp());
  leaveRawMode();
  flush();
}

/** A process that has ended or was stopped, or 0 if none has; lastWaitStatus says how. */
export function reap(): i32 {
  return max(waitpid(-1, status, WNOHANG | WUNTRACED), 0);
}

/** Waits for any process to end or to be stopped; 0 if there is none. */
export function waitForAny(): i32 {
  return max(waitpid(-1, status, WUNTRACED), 0);
}

/** In the new process: never returns. */
function becomeProgram(command: Command, path: string, environment: usize): void {
  setpgid(0, 0);
  if (!command.isBackground) giveTerminal();
  setStops(SIG_DFL);
  const input = command.isBackground && command.input.length === 0 ? "/dev/null" : command.input;
  if (!redirect(input, O_RDONLY, STANDARD_INPUT)) exit(STATUS_CANNOT_RUN);
  const mode = command.appends ? O_APPEND : O_TRUNC;
  if (!redirect(command.output, O_WRONLY | O_CREAT | mode, STANDARD_OUTPUT)) {
    exit(STATUS_CANNOT_RUN);
  }
  const words = command.words;
  const strings: ArrayBuffer[] = [];
  const argv = new StaticArray<usize>(words.length + 1);
  for (let i = 0; i < words.length; i++) {
    strings.push(toC(words[i]));
    argv[i] = addressOf(strings[i]);
  }
  const program = toC(path);
  const error = execve(addressOf(program), changetype<usize>(argv), environment);
  complain("shell", addressOf(program), error);
  exit(error === -ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

/** Opens a file as descriptor `to`; does nothing if the name is empty. */
function redirect(name: string, flags: u32, to: i32): bool {
  if (name.length === 0) return true;
  const path = toC(name);
  const file = open(addressOf(path), flags, FILE_MODE);
  if (file < 0) {
    complain("shell", addressOf(path), file);
    return false;
  }
  dup2(file, to);
  if (file !== to) close(file);
  return true;
}
