// The argument after a command (ioctl, fcntl, prctl), which is whatever the command says.

import { quoted } from "./quoted-text";
import * as structures from "./structure-text";
import { hexadecimalOrNull } from "./structure-text";
import * as names from "./word-names";
import { flagNames, hexadecimal, nameOf } from "./word-names";

/** How an argument is printed: its word, and its bytes if they could be read. */
type CommandText = (word: number, bytes: Uint8Array | undefined) => string;

const number: CommandText = (word) => `${word | 0}`;
const structure =
  (text: (bytes: Uint8Array) => string): CommandText =>
  (word, bytes) =>
    bytes === undefined ? hexadecimalOrNull(word) : text(bytes);
const firstWord = structure((bytes) => structures.word(bytes.subarray(0, 4)));
const terminal = structure(structures.terminal);
const windowSize = structure(structures.windowSize);

interface Command {
  readonly text: CommandText;
  /** The kernel fills it: it is printed after the call. */
  readonly isFilled: boolean;
}

const filled = (text: CommandText): Command => ({ text, isFilled: true });
const read = (text: CommandText): Command => ({ text, isFilled: false });

const DEVICE: Readonly<Record<string, Command>> = {
  TCGETS: filled(terminal),
  TCSETS: read(terminal),
  TCSETSW: read(terminal),
  TCSETSF: read(terminal),
  TIOCGWINSZ: filled(windowSize),
  TIOCSWINSZ: read(windowSize),
  TIOCGPGRP: filled(firstWord),
  TIOCSPGRP: read(firstWord),
  TIOCGSID: filled(firstWord),
  TIOCGPTN: filled(firstWord),
  TIOCSPTLCK: read(firstWord),
  FIONREAD: filled(firstWord),
  FIONBIO: read(firstWord),
  TCXONC: read(number),
  TCFLSH: read(number),
  TIOCSCTTY: read(number),
};

const FILE: Readonly<Record<string, Command>> = {
  F_DUPFD: read(number),
  F_DUPFD_CLOEXEC: read(number),
  F_SETFD: read((word) => (word === 1 ? "FD_CLOEXEC" : hexadecimal(word))),
  F_SETFL: read((word) => openFlags(word)),
  F_GETLK: filled(structure((bytes) => structures.lock(bytes, false))),
  F_SETLK: read(structure((bytes) => structures.lock(bytes, false))),
  F_SETLKW: read(structure((bytes) => structures.lock(bytes, false))),
  F_GETLK64: filled(structure((bytes) => structures.lock(bytes, true))),
  F_SETLK64: read(structure((bytes) => structures.lock(bytes, true))),
  F_SETLKW64: read(structure((bytes) => structures.lock(bytes, true))),
  F_SETPIPE_SZ: read(number),
  F_ADD_SEALS: read((word) => flagNames(names.SEALS, word)),
  F_SETOWN: read(number),
  F_SETSIG: read(names.signalName),
};

const PROCESS: Readonly<Record<string, Command>> = {
  PR_SET_NAME: read(structure((bytes) => quoted(bytes.subarray(0, 15)))),
  PR_GET_NAME: filled(structure((bytes) => quoted(bytes.subarray(0, 15)))),
  PR_SET_PDEATHSIG: read(names.signalName),
  PR_GET_PDEATHSIG: filled(firstWord),
  PR_SET_DUMPABLE: read(number),
  PR_CAPBSET_READ: read(hexadecimal),
  PR_CAPBSET_DROP: read(hexadecimal),
};

/** Commands that take nothing. */
const WITHOUT =
  /^(F_GET(FD|FL|OWN|SIG|PIPE_SZ|_SEALS)|PR_GET_(DUMPABLE|KEEPCAPS|SECCOMP|TIMERSLACK)|TIOCNOTTY)$/;

function openFlags(word: number): string {
  const access = nameOf(names.ACCESS_MODES, word & 3) ?? "O_ACCMODE";
  const rest = word & ~3;
  return rest === 0 ? access : `${access}|${flagNames(names.OPEN_FLAGS, rest)}`;
}

export type Commands = "device" | "file" | "process";

const TABLES = {
  device: { names: names.DEVICE_COMMANDS, commands: DEVICE },
  file: { names: names.FILE_COMMANDS, commands: FILE },
  process: { names: names.PROCESS_OPTIONS, commands: PROCESS },
};

const UNKNOWN = read((word) => hexadecimal(word));

function commandOf(table: Commands, command: number): Command {
  const name = nameOf(TABLES[table].names, command) ?? "";
  return TABLES[table].commands[name] ?? UNKNOWN;
}

/** Whether the command has an argument. */
export function takesArgument(table: Commands, command: number): boolean {
  return !WITHOUT.test(nameOf(TABLES[table].names, command) ?? "");
}

/** Whether the kernel fills it. */
export function isArgumentFilled(table: Commands, command: number): boolean {
  return commandOf(table, command).isFilled;
}

export function commandArgument(
  table: Commands,
  command: number,
  word: number,
  bytes: Uint8Array | undefined,
): string {
  return commandOf(table, command).text(word, bytes);
}
