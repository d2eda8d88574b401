// Runs command lines: built-in commands here, programs in processes of their own.

import { isStopped, SIGINT, shellStatus } from "../../src/abi/signals";
import {
  flush,
  print,
  printDecimal,
  printLine,
  STANDARD_ERROR,
  STANDARD_OUTPUT,
  use,
} from "../runtime/output";
import { Builtins, isBuiltin, parseDecimal } from "./builtins";
import { Command, CommandParser, Condition } from "./command";
import { Environment } from "./environment";
import { Jobs } from "./jobs";
import { ignoreStops, STATUS_NOT_FOUND, startProgram } from "./processes";
import { findProgram } from "./search";
import { signalName } from "./signal-name";
import { Splitter } from "./words";

const STATUS_SYNTAX: i32 = 2;
const STATUS_NO_JOB: i32 = 1;
const STATUS_CANNOT_FORK: i32 = 126;

export class Shell {
  readonly jobs: Jobs;
  private readonly builtins: Builtins;

  constructor(
    readonly environment: Environment,
    private readonly isInteractive: bool,
  ) {
    const jobs = new Jobs();
    this.jobs = jobs;
    this.builtins = new Builtins(environment, jobs);
    ignoreStops();
  }

  /** Whether `exit` was called; the status is in the environment. */
  get isOver(): bool {
    return this.builtins.isOver;
  }

  /** Runs the commands of a line, or of several lines. */
  run(line: string): void {
    const splitter = new Splitter(line);
    const parser = new CommandParser();
    if (!splitter.split()) this.refuse(splitter.error);
    else if (!parser.parse(splitter.tokens)) this.refuse(parser.error);
    else this.runAll(parser.commands);
  }

  private refuse(error: string): void {
    use(STANDARD_ERROR);
    print("shell: ");
    printLine(error);
    use(STANDARD_OUTPUT);
    this.environment.status = STATUS_SYNTAX;
  }

  private runAll(commands: Command[]): void {
    const environment = this.environment;
    for (let i = 0; i < commands.length && !this.isOver; i++) {
      const command = commands[i];
      if (command.condition === Condition.ifZero && environment.status !== 0) continue;
      if (command.condition === Condition.ifNotZero && environment.status === 0) continue;
      command.expandWith(environment);
      environment.status = this.runCommand(command);
      // What `exit` leaves appears when the terminal is as the shell found it.
      if (!this.isOver) flush();
    }
  }

  private runCommand(command: Command): i32 {
    if (command.words.length === 0) return 0;
    const name = command.words[0];
    if (name === "fg" || name === "bg") return this.continueJob(command.words);
    if (isBuiltin(name)) return this.builtins.run(command.words);
    const path = findProgram(name, this.environment.path);
    if (path.length === 0) {
      this.report(name, "there is no such program; help lists those that there are");
      return STATUS_NOT_FOUND;
    }
    const process = startProgram(command, path, this.environment.address);
    if (process < 0) {
      this.report(name, "there are too many processes, or too little memory");
      return STATUS_CANNOT_FORK;
    }
    if (command.isBackground) return this.runInBackground(process, name);
    return this.reportEnd(name, this.jobs.waitInForeground(process, name));
  }

  /** `fg` and `bg`, with the process of the job, or without for the last one. */
  private continueJob(words: string[]): i32 {
    const number = words.length < 2 ? 0 : parseJob(words[1]);
    const job = this.jobs.find(number);
    if (job === null) {
      this.report(words[0], "there is no such job; jobs lists those that there are");
      return STATUS_NO_JOB;
    }
    if (words[0] === "fg") return this.reportEnd(job.name, this.jobs.bringToForeground(job));
    this.jobs.resume(job);
    return 0;
  }

  private reportEnd(name: string, status: u32): i32 {
    if (!isStopped(status)) this.reportSignal(name, status);
    return <i32>shellStatus(status);
  }

  private runInBackground(process: i32, name: string): i32 {
    this.jobs.add(process, name);
    if (!this.isInteractive) return 0;
    print("[");
    printDecimal(process);
    printLine("]");
    return 0;
  }

  private report(name: string, error: string): void {
    use(STANDARD_ERROR);
    print(name);
    print(": ");
    printLine(error);
    use(STANDARD_OUTPUT);
  }

  /** Reports what killed a program; after ^C the terminal only needs a new line. */
  private reportSignal(name: string, status: u32): void {
    const signal = status & 0x7f;
    if (signal === 0) return;
    if (signal === SIGINT) printLine("");
    else this.report(name, `killed by ${signalName(signal)}`);
  }
}

/** The process of a job as it is written: 7, %7 or [7]; -1 if that is none. */
function parseJob(text: string): i32 {
  if (text.startsWith("[") && text.endsWith("]")) return parseDecimal(text.slice(1, -1));
  return parseDecimal(text.startsWith("%") ? text.slice(1) : text);
}
