// The commands that the shell carries out itself.

import { complain } from "../runtime/errors";
import { print, printLine, STANDARD_ERROR, STANDARD_OUTPUT, use } from "../runtime/output";
import { chdir, getcwd } from "../runtime/system-calls";
import { addressOf, fromC, toC } from "../runtime/text";
import { Environment } from "./environment";
import { Jobs } from "./jobs";
import { listPrograms } from "./search";

const STATUS_USAGE: i32 = 2;
const PATH_SIZE: u32 = 4096;

const HELP = `Commands of the shell:
  bg [JOB]      lets a program that was stopped run on in the background
  cd [FOLDER]   goes to a folder, / without one
  clear         clears the screen, as ^L
  exit [N]      ends the shell with a status
  fg [JOB]      lets a program run on with the terminal; a job is the number in [ ]
  help          this
  jobs          programs in the background, and those that ^Z stopped
  pwd           prints the folder
  wait          waits for the programs in the background
Lines: PROGRAM ARGUMENTS; next && if-good || if-bad, & in the background, < FILE, > DEVICE
Words: 'as is', "with $NAME, $? and $$", \\x
Keys:  cursor keys, Tab, ^A ^E ^U ^K ^W ^L, ^R to search, ^C, ^Z, ^D
Programs:`;

const path: usize = memory.data(4096);

/** The names of the built-in commands, sorted. */
export function builtinNames(): string[] {
  return ["bg", "cd", "clear", "exit", "fg", "help", "jobs", "pwd", "wait"];
}

export function isBuiltin(name: string): bool {
  return builtinNames().includes(name);
}

/** The folder that relative paths start from. */
export function workingDirectory(): string {
  return getcwd(path, PATH_SIZE) > 0 ? fromC(path) : "?";
}

export class Builtins {
  /** Whether `exit` was called. */
  isOver: bool = false;

  constructor(
    private readonly environment: Environment,
    private readonly jobs: Jobs,
  ) {}

  /** Carries out a built-in command but fg and bg; returns its status. */
  run(words: string[]): i32 {
    const name = words[0];
    if (name === "cd") return changeDirectory(words.length > 1 ? words[1] : "/");
    if (name === "exit") return this.exit(words);
    if (name === "help") return this.help();
    if (name === "clear") print("\x1b[H\x1b[2J");
    if (name === "pwd") printLine(workingDirectory());
    if (name === "jobs") this.jobs.printAll();
    if (name === "wait") this.jobs.waitForAll();
    return 0;
  }

  private exit(words: string[]): i32 {
    if (words.length < 2) {
      this.isOver = true;
      return this.environment.status;
    }
    const status = parseDecimal(words[1]);
    if (status < 0) {
      use(STANDARD_ERROR);
      printLine("exit: the status must be a number");
      use(STANDARD_OUTPUT);
      return STATUS_USAGE;
    }
    this.isOver = true;
    return status & 0xff;
  }

  private help(): i32 {
    printLine(HELP);
    const names = listPrograms(this.environment.path);
    for (let i = 0; i < names.length; i++) {
      print(i % 8 === 0 ? "  " : " ");
      print(names[i]);
      if (i % 8 === 7 || i === names.length - 1) printLine("");
    }
    return 0;
  }
}

function changeDirectory(to: string): i32 {
  const folder = toC(to);
  const error = chdir(addressOf(folder));
  if (error === 0) return 0;
  complain("cd", addressOf(folder), error);
  return 1;
}

/** A decimal number without a sign; -1 if it is not one. */
export function parseDecimal(text: string): i32 {
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9 || value > 0xffffff) return -1;
    value = value * 10 + digit;
  }
  return text.length === 0 ? -1 : value;
}
