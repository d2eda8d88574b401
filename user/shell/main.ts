// shell [-c COMMANDS | FILE]: the command line. The kernel runs it as process 1.
//
// At a terminal it edits lines; if the terminal has no raw mode, the kernel's line editing has to
// do. Other input is a script: there is no prompt, and lines are read byte by byte, because the
// rest is for the programs that they run.

import { O_RDONLY } from "../../src/abi/files";
import { argument, equals, STATUS_USAGE, wantsHelp } from "../runtime/arguments";
import { complain } from "../runtime/errors";
import {
  flush,
  print,
  printBytes,
  printLine,
  STANDARD_ERROR,
  STANDARD_INPUT,
  use,
} from "../runtime/output";
import { close, dup2, open, read } from "../runtime/system-calls";
import { enterRawMode, isTerminalInput, leaveRawMode } from "../runtime/terminal";
import { fromC } from "../runtime/text";
import { builtinNames, workingDirectory } from "./builtins";
import { ShellCompleter } from "./completion";
import { Environment } from "./environment";
import { History } from "./history";
import { readByte } from "./keyboard";
import { Ending, LineEditor } from "./line-editor";
import { Shell } from "./shell";

const USAGE = `usage: shell [-c COMMANDS | FILE]
Runs commands from the terminal, from COMMANDS or from FILE; type help at the prompt.`;
const NEWLINE: i32 = 0x0a;
const STATUS_INTERRUPTED: i32 = 130;
const MESSAGE_SIZE: u32 = 256;

const message: usize = memory.data(256);

export function main(argc: i32, argv: usize, envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const environment = new Environment(envp);
  const option = argc > 1 ? argument(argv, 1) : 0;
  if (option !== 0 && equals(option, "-c")) {
    if (argc !== 3) return refuse();
    const shell = new Shell(environment, false);
    shell.run(fromC(argument(argv, 2)));
    return environment.status;
  }
  if (argc > 2) return refuse();
  if (option !== 0 && !readFrom(option)) return 127;
  if (option === 0 && isTerminalInput()) talk(new Shell(environment, true));
  else obey(new Shell(environment, false));
  return environment.status;
}

function refuse(): i32 {
  use(STANDARD_ERROR);
  printLine(USAGE);
  return STATUS_USAGE;
}

/** Makes a file standard input. */
function readFrom(path: usize): bool {
  const file = open(path, O_RDONLY, 0);
  if (file < 0) {
    complain("shell", path, file);
    return false;
  }
  dup2(file, STANDARD_INPUT);
  close(file);
  return true;
}

/** Runs a script. */
function obey(shell: Shell): void {
  while (!shell.isOver) {
    const line = readLine();
    if (line === null) return;
    shell.run(line);
    shell.jobs.reapAll(false);
  }
}

/** Runs what a user types. */
function talk(shell: Shell): void {
  const history = new History();
  const completer = new ShellCompleter(shell.environment.path, builtinNames());
  const editor = new LineEditor(history, completer);
  enterRawMode();
  greet();
  while (!shell.isOver) {
    shell.jobs.reapAll(true);
    const line = ask(shell, editor);
    if (line === null) break;
    history.add(line);
    shell.run(line);
  }
  leaveRawMode();
  flush();
}

/** Prints the message of the day, if there is one. */
function greet(): void {
  const file = open(cstr("/etc/motd"), O_RDONLY, 0);
  if (file < 0) return;
  for (
    let size = read(file, message, MESSAGE_SIZE);
    size > 0;
    size = read(file, message, MESSAGE_SIZE)
  ) {
    printBytes(message, size);
  }
  close(file);
}

/** A line from the user; null at the end. */
function ask(shell: Shell, editor: LineEditor): string | null {
  if (!enterRawMode()) {
    print(prompt(shell));
    flush();
    return readLine();
  }
  const ending = editor.edit(prompt(shell));
  if (ending === Ending.endOfInput) return null;
  if (ending === Ending.entered) return editor.line;
  shell.environment.status = STATUS_INTERRUPTED;
  return "";
}

/** `/bin [1]$ `: the folder, and the last status if it is not 0. */
function prompt(shell: Shell): string {
  const status = shell.environment.status;
  const note = status === 0 ? "" : ` [${status}]`;
  return `${workingDirectory()}${note}$ `;
}

/** The next line of standard input without its newline; null at the end. */
function readLine(): string | null {
  let bytes = new Uint8Array(128);
  let length = 0;
  while (true) {
    const byte = readByte();
    if (byte < 0 && length === 0) return null;
    if (byte < 0 || byte === NEWLINE) return String.UTF8.decodeUnsafe(bytes.dataStart, length);
    if (length === bytes.length) {
      const longer = new Uint8Array(2 * length);
      longer.set(bytes);
      bytes = longer;
    }
    bytes[length++] = <u8>byte;
  }
}
