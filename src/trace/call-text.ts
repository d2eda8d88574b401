// A system call as strace prints it: what is known when it begins, the rest, and the result.
//
//   openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3
//   read(3, | "root:x:0:0:root:/root:/bin/bash\n"..., 4096) = 1234
//
// `start` is what stands before the bar, `rest` what comes after it up to the parenthesis.

import { AT_STATX_SYNC_TYPE, O_CREAT, O_TMPFILE, S_IFBLK, S_IFCHR, S_IFMT } from "../abi/files";
import * as kinds from "../abi/linux/argument-kinds";
import { MREMAP_FIXED } from "../abi/mman";
import { argumentText, type CallFacts, cloneFlags, signed } from "./argument-text";
import {
  type Commands,
  commandArgument,
  isArgumentFilled,
  takesArgument,
} from "./command-argument";
import { errorOf, isRestart } from "./error-names";
import { quotedHexadecimal, quotedStart } from "./quoted-text";
import * as structures from "./structure-text";
import { hexadecimalOrNull } from "./structure-text";
import { type CallEvent, Captures, type ReturnEvent } from "./trace-event";
import * as names from "./word-names";
import { flagNames, hexadecimal, nameOf } from "./word-names";

/** The kinds of the arguments of each call, by its name. */
export type CallKinds = ReadonlyMap<string, readonly number[]>;

/** A call that the kernel lacks: nothing says what its arguments are. */
const UNKNOWN = [1, 2, 3, 4, 5, 6].map(() => kinds.FLAGS);

export class CallText {
  readonly name: string;
  readonly start: string;
  readonly #facts: CallFacts;
  readonly #later: number;

  constructor(event: CallEvent, table: CallKinds, shown: number) {
    const { name, captures } = event;
    const facts = {
      name,
      kinds: table.get(name) ?? UNKNOWN,
      words: event.arguments,
      captures,
      result: undefined,
      shown,
    };
    this.name = name;
    this.#facts = facts;
    this.#later = firstFilled(facts);
    const before = textsOf(facts, 0, this.#later).join(", ");
    this.start = this.#hasLater() ? before + separatorOf(facts, this.#later) : before;
  }

  /** What is printed once the call has returned. */
  rest(event: ReturnEvent): string {
    if (!this.#hasLater()) return "";
    const facts = { ...this.#facts, captures: event.captures, result: event.result };
    if (this.name === "clone") return cloneRest(facts);
    const separator = isSeparatedLater(facts) ? ", " : "";
    return separator + textsOf(facts, this.#later, shownCount(facts)).join(", ");
  }

  /** What stands after the `=`. */
  result({ result, captures }: ReturnEvent): string {
    const error = errorOf(result);
    if (error !== undefined) {
      return `${isRestart(result) ? "?" : "-1"} ${error.name} (${error.text})`;
    }
    return valueText({ ...this.#facts, captures, result }, result);
  }

  /** All arguments, each by itself: for programs that read traces. */
  arguments(event: ReturnEvent | undefined): string[] {
    const { captures } = event ?? { captures: new Captures("") };
    const after = { ...this.#facts, captures, result: event?.result };
    const count = shownCount(this.#facts);
    return [...textsOf(this.#facts, 0, this.#later), ...textsOf(after, this.#later, count)];
  }

  #hasLater(): boolean {
    return this.#later < shownCount(this.#facts);
  }
}

function textsOf(facts: CallFacts, from: number, to: number): string[] {
  if (facts.name === "clone") return from === 0 ? cloneTexts(facts).slice(0, to) : [];
  return Array.from({ length: Math.max(to - from, 0) }, (_, index) => textOf(facts, from + index))
    .flat()
    .filter((text) => text !== undefined);
}

function textOf(facts: CallFacts, index: number): string | undefined {
  const table = commandTable(facts.kinds[index]);
  const word = facts.words[index] ?? 0;
  if (table !== undefined) {
    const command = facts.words[index - 1] ?? 0;
    return commandArgument(table, command, word, facts.captures.bytes(index));
  }
  if (facts.name.startsWith("futex") && index >= 3) return futexArgument(facts, index);
  if (facts.name === "getrandom" && index === 0) return randomBytes(facts);
  if (facts.name === "getcwd" && index === 0) return directory(facts);
  if (facts.name === "statx" && index === 2) return statxFlags(word);
  return argumentText(facts, index);
}

/** The result counts the NUL. */
function directory(facts: CallFacts): string {
  const bytes = facts.captures.bytes(0);
  const length = (facts.result ?? 1) - 1;
  if (bytes === undefined) return hexadecimalOrNull(facts.words[0] ?? 0);
  return quotedStart(structures.untilNul(bytes), facts.shown, length);
}

function statxFlags(word: number): string {
  const flags = flagNames(names.AT_FLAGS, word);
  if ((word & AT_STATX_SYNC_TYPE) !== 0) return flags;
  return word === 0 ? "AT_STATX_SYNC_AS_STAT" : `AT_STATX_SYNC_AS_STAT|${flags}`;
}

function randomBytes(facts: CallFacts): string {
  const bytes = facts.captures.bytes(0);
  if (bytes === undefined) return hexadecimalOrNull(facts.words[0] ?? 0);
  return quotedHexadecimal(bytes, facts.shown, facts.result ?? 0);
}

function commandTable(kind: number | undefined): Commands | undefined {
  if (kind === kinds.DEVICE_ARGUMENT) return "device";
  if (kind === kinds.FILE_ARGUMENT) return "file";
  return kind === kinds.PROCESS_ARGUMENT ? "process" : undefined;
}

/** The first argument that is printed after the call only. */
function firstFilled(facts: CallFacts): number {
  const count = shownCount(facts);
  if (facts.name === "clone") return 2;
  for (let index = 0; index < count; index++) if (isFilled(facts, index)) return index;
  return count;
}

function isFilled(facts: CallFacts, index: number): boolean {
  const kind = facts.kinds[index] ?? 0;
  const table = commandTable(kind);
  if (table !== undefined) return isArgumentFilled(table, facts.words[index - 1] ?? 0);
  if (kind === kinds.SEGMENT) return facts.name === "get_thread_area";
  const capture = kinds.captureOf(kind);
  return (capture & kinds.CAPTURE_FILLED) !== 0 && (capture & kinds.CAPTURE_READ) === 0;
}

/** strace prints the comma before what ioctl and clone fill when it prints that. */
function isSeparatedLater({ name }: CallFacts): boolean {
  return name === "ioctl" || name === "clone";
}

function separatorOf(facts: CallFacts, later: number): string {
  return later === 0 || isSeparatedLater(facts) ? "" : ", ";
}

/** How many arguments mean something. */
function shownCount(facts: CallFacts): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = facts.words;
  switch (facts.name) {
    case "open":
      return createsFile(second) ? 3 : 2;
    case "openat":
      return createsFile(third) ? 4 : 3;
    case "mknod":
      return isDevice(second) ? 3 : 2;
    case "mknodat":
      return isDevice(third) ? 4 : 3;
    case "mremap":
      return (fourth & MREMAP_FIXED) !== 0 ? 5 : 4;
    case "ioctl":
      return takesArgument("device", second) ? 3 : 2;
    case "fcntl":
    case "fcntl64":
      return takesArgument("file", second) ? 3 : 2;
    case "prctl":
      return processCount(first);
    case "futex":
    case "futex_time64":
      return futexCount(second);
    default:
      return facts.kinds.length;
  }
}

function createsFile(flags: number): boolean {
  return (flags & O_CREAT) !== 0 || (flags & O_TMPFILE) === O_TMPFILE;
}

function isDevice(mode: number): boolean {
  return (mode & S_IFMT) === S_IFCHR || (mode & S_IFMT) === S_IFBLK;
}

function processCount(option: number): number {
  if (nameOf(names.PROCESS_OPTIONS, option) === undefined) return 5;
  return takesArgument("process", option) ? 2 : 1;
}

const FUTEX_PRIVATE_AND_CLOCK = 384;

function futexName(command: number): string {
  return nameOf(names.FUTEX_COMMANDS, command & ~FUTEX_PRIVATE_AND_CLOCK) ?? "";
}

function futexCount(command: number): number {
  switch (futexName(command)) {
    case "FUTEX_WAKE":
      return 3;
    case "FUTEX_WAIT":
    case "FUTEX_LOCK_PI":
      return 4;
    case "FUTEX_UNLOCK_PI":
      return 2;
    case "FUTEX_REQUEUE":
      return 5;
    default:
      return 6;
  }
}

const TIMED_WAIT = /WAIT|LOCK_PI/;
const ANY_BIT = 0xffffffff;

/** The fourth argument is a time or a count, the last a set of bits or a value. */
function futexArgument(facts: CallFacts, index: number): string | undefined {
  const command = futexName(facts.words[1] ?? 0);
  const word = facts.words[index] ?? 0;
  const hasBits = command === "FUTEX_WAIT_BITSET" || command === "FUTEX_WAKE_BITSET";
  if (hasBits && index === 4) return undefined;
  if (index === 3 && command === "FUTEX_WAKE_BITSET") return undefined;
  if (index === 5 && hasBits) {
    return word === ANY_BIT ? "FUTEX_BITSET_MATCH_ANY" : hexadecimal(word);
  }
  if (index === 5) return signed(word);
  if (index === 3 && !TIMED_WAIT.test(command)) return signed(word);
  return argumentText(facts, index);
}

/** clone(flags, stack, parent's word, descriptor, child's word), in strace's order. */
function cloneTexts({ words }: CallFacts): string[] {
  const [flags = 0, stack = 0] = words;
  return [`child_stack=${hexadecimalOrNull(stack)}`, `flags=${cloneFlags(flags)}`];
}

function cloneRest({ words, captures, kinds: all }: CallFacts): string {
  const [flags = 0, , parent = 0, segment = 0, child = 0] = words;
  const has = (name: string) => flagNames(names.CLONE_BITS, flags).split("|").includes(name);
  const known = all.length > 2 ? captures.bytes(2) : undefined;
  const parentText = known === undefined ? hexadecimalOrNull(parent) : structures.word(known);
  return [
    ...(has("CLONE_PARENT_SETTID") ? [`, parent_tid=${parentText}`] : []),
    ...(has("CLONE_SETTLS") ? [`, tls=${hexadecimalOrNull(segment)}`] : []),
    ...(has("CLONE_CHILD_SETTID") || has("CLONE_CHILD_CLEARTID")
      ? [`, child_tidptr=${hexadecimalOrNull(child)}`]
      : []),
  ].join("");
}

const RETURNS_ADDRESS = new Set(["brk", "mmap", "mmap2", "mremap", "shmat"]);

function valueText(facts: CallFacts, result: number): string {
  if (RETURNS_ADDRESS.has(facts.name)) return hexadecimal(result >>> 0);
  if (facts.name === "umask") return structures.octal(result);
  const note = noteText(facts, result);
  const isHexadecimal = note?.startsWith("flags ");
  const value = isHexadecimal ? hexadecimal(result) : `${result}`;
  return note === undefined ? value : `${value} (${note})`;
}

/** What the number alone does not say. */
function noteText(facts: CallFacts, result: number): string | undefined {
  const kind = facts.kinds[0];
  if (kind === kinds.POLL_FILES) return pollNote(facts, result);
  if (facts.kinds.includes(kinds.FILE_SET)) return selectNote(facts, result);
  if (facts.name === "fcntl" || facts.name === "fcntl64") return flagsNote(facts, result);
  const segment = facts.captures.bytes(0);
  if (facts.name !== "set_thread_area" || segment === undefined) return undefined;
  return `entry_number=${structures.words(segment)[0]}`;
}

function pollNote({ captures }: CallFacts, result: number): string | undefined {
  if (result === 0) return "Timeout";
  const bytes = captures.bytes(0);
  return bytes === undefined ? undefined : structures.pollResults(bytes);
}

const SETS = ["in", "out", "except"];

function selectNote({ captures, words }: CallFacts, result: number): string | undefined {
  if (result === 0) return "Timeout";
  const sets = SETS.flatMap((name, index) => {
    const bytes = captures.bytes(index + 1);
    const text = bytes === undefined ? "[]" : structures.fileSet(bytes, words[0] ?? 0);
    return text === "[]" ? [] : [`${name} ${text}`];
  });
  return sets.length === 0 ? undefined : sets.join(", ");
}

function flagsNote({ words }: CallFacts, result: number): string | undefined {
  const command = nameOf(names.FILE_COMMANDS, words[1] ?? 0);
  if (command === "F_GETFL") {
    const access = nameOf(names.ACCESS_MODES, result & 3) ?? "O_ACCMODE";
    const rest = result & ~3;
    return `flags ${rest === 0 ? access : `${access}|${flagNames(names.OPEN_FLAGS, rest)}`}`;
  }
  return command === "F_GETFD" && result === 1 ? "flags FD_CLOEXEC" : undefined;
}
