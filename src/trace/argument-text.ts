// An argument of a system call as strace prints it, by its kind.
//
// A kind that src/abi/linux/argument-kinds.ts has and this file does not is printed as a number in
// hexadecimal, or as an address: a test names those.

import { AT_FDCWD } from "../abi/files";
import * as kinds from "../abi/linux/argument-kinds";
import { quoted, quotedStart } from "./quoted-text";
import * as structures from "./structure-text";
import { hexadecimalOrNull } from "./structure-text";
import { Captures } from "./trace-event";
import * as names from "./word-names";
import { flagNames, hexadecimal, nameOf, nameOrNumber } from "./word-names";

/** All that is known of a call when one of its arguments is printed. */
export interface CallFacts {
  readonly name: string;
  /** The kinds of its arguments; the registers; what belongs to them. */
  readonly kinds: readonly number[];
  readonly words: readonly number[];
  readonly captures: Captures;
  /** Once it has returned. */
  readonly result: number | undefined;
  /** How much of a buffer is shown. */
  readonly shown: number;
}

type WordText = (word: number) => string;

/** Kinds that are one word, and nothing more. */
const WORDS: ReadonlyMap<number, WordText> = new Map<number, WordText>([
  [kinds.INTEGER, signed],
  [kinds.FILE, signed],
  [kinds.SIZE, (word) => `${word}`],
  [kinds.FLAGS, hexadecimal],
  [kinds.POINTER, hexadecimalOrNull],
  [kinds.ADDRESS, hexadecimalOrNull],
  [kinds.DIRECTORY, (word) => (word === AT_FDCWD ? "AT_FDCWD" : signed(word))],
  [kinds.MODE, structures.modeText],
  [kinds.OPEN_FLAGS, openFlags],
  [kinds.FILE_FLAGS, (word) => flagNames(names.OPEN_FLAGS, word)],
  [kinds.ACCESS_MODE, (word) => (word === 0 ? "F_OK" : flagNames(names.ACCESS_BITS, word))],
  [kinds.AT_FLAGS, (word) => flagNames(names.AT_FLAGS, word)],
  [kinds.UNLINK_FLAGS, (word) => flagNames(names.UNLINK_FLAGS, word)],
  [kinds.ACCESS_FLAGS, (word) => flagNames(names.ACCESS_FLAGS, word)],
  [kinds.WHENCE, (word) => nameOrNumber(names.WHENCES, word)],
  [kinds.FILE_COMMAND, (word) => nameOrNumber(names.FILE_COMMANDS, word)],
  [kinds.DEVICE_COMMAND, (word) => nameOrNumber(names.DEVICE_COMMANDS, word)],
  [kinds.PROTECTION, (word) => (word === 0 ? "PROT_NONE" : flagNames(names.PROTECTIONS, word))],
  [kinds.MAP_FLAGS, mapFlags],
  [kinds.REMAP_FLAGS, (word) => flagNames(names.REMAP_FLAGS, word)],
  [kinds.ADVICE, (word) => nameOrNumber(names.ADVICE, word)],
  [kinds.SYNC_FLAGS, (word) => flagNames(names.SYNC_FLAGS, word)],
  [kinds.LOCK_FLAGS, (word) => flagNames(names.LOCK_ALL_FLAGS, word)],
  [kinds.SIGNAL, names.signalName],
  [kinds.MASK_COMMAND, (word) => nameOrNumber(names.MASK_COMMANDS, word)],
  [kinds.WAIT_FLAGS, (word) => flagNames(names.WAIT_FLAGS, word)],
  [kinds.WAIT_KIND, (word) => nameOrNumber(names.WAIT_KINDS, word)],
  [kinds.CLONE_FLAGS, cloneFlags],
  [kinds.CLOCK, (word) => nameOrNumber(names.CLOCKS, word)],
  [kinds.TIMER_FLAGS, (word) => flagNames(names.TIMER_FLAGS, word)],
  [kinds.RESOURCE, (word) => nameOrNumber(names.RESOURCES, word)],
  [kinds.USAGE_OF, (word) => nameOrNumber(names.USAGES, word)],
  [kinds.INTERVAL_TIMER, (word) => nameOrNumber(names.INTERVAL_TIMERS, word)],
  [kinds.USER, signed],
  [kinds.PAGE_OFFSET, (word) => pageOffset(word)],
  [kinds.DEVICE, structures.deviceText],
  [kinds.PROCESS_OPTION, (word) => nameOrNumber(names.PROCESS_OPTIONS, word)],
  [kinds.RANDOM_FLAGS, (word) => flagNames(names.RANDOM_FLAGS, word)],
  [kinds.RENAME_FLAGS, (word) => flagNames(names.RENAME_FLAGS, word)],
  [kinds.STATX_FIELDS, (word) => flagNames(names.STATX_FIELDS, word)],
  [kinds.FUTEX_COMMAND, futexCommand],
  [kinds.EPOLL_COMMAND, (word) => nameOrNumber(names.EPOLL_COMMANDS, word)],
  [kinds.LOCK_COMMAND, (word) => flagNames(names.LOCK_COMMANDS, word)],
  [kinds.FILE_ADVICE, (word) => nameOrNumber(names.FILE_ADVICE, word)],
  [kinds.TIMER_FILE_FLAGS, (word) => flagNames(names.TIMER_FILE_FLAGS, word)],
]);

type BytesText = (bytes: Uint8Array) => string;

/** Kinds that are the address of a structure which says all of itself. */
const STRUCTURES: ReadonlyMap<number, BytesText> = new Map<number, BytesText>([
  [kinds.WORD, structures.word],
  [kinds.WORD_FILLED, structures.word],
  [kinds.OFFSET_FILLED, structures.offset],
  [kinds.FILES_FILLED, structures.filePair],
  [kinds.WAIT_STATUS, structures.waitStatus],
  [kinds.OLD_STATUS, structures.oldStatus],
  [kinds.STATUS, structures.status],
  [kinds.STATX, structures.statx],
  [kinds.FILE_SYSTEM, structures.fileSystem],
  [kinds.FILE_SYSTEM64, structures.fileSystem64],
  [kinds.TIME, structures.time],
  [kinds.TIME_FILLED, structures.time],
  [kinds.TIME64, structures.time64],
  [kinds.TIME64_FILLED, structures.time64],
  [kinds.TWO_TIMES, structures.twoTimes],
  [kinds.TWO_TIMES64, structures.twoTimes64],
  [kinds.TIMEVAL, structures.timeval],
  [kinds.TIMEVAL_FILLED, structures.timeval],
  [kinds.TWO_TIMEVALS, structures.twoTimevals],
  [kinds.FILE_TIMES, structures.fileTimes],
  [kinds.INTERVAL, structures.interval],
  [kinds.INTERVAL_FILLED, structures.interval],
  [kinds.TIMER, structures.timer],
  [kinds.TIMER_FILLED, structures.timer],
  [kinds.TIMER64, structures.timer64],
  [kinds.TIMER64_FILLED, structures.timer64],
  [kinds.SIGNALS, names.signalSet],
  [kinds.SIGNALS_FILLED, names.signalSet],
  [kinds.OLD_SIGNALS, names.signalSet],
  [kinds.OLD_SIGNALS_FILLED, names.signalSet],
  [kinds.ACTION, structures.action],
  [kinds.ACTION_FILLED, structures.action],
  [kinds.OLD_ACTION, structures.oldAction],
  [kinds.OLD_ACTION_FILLED, structures.oldAction],
  [kinds.SIGNAL_INFO, structures.signalInfo],
  [kinds.SIGNAL_INFO_FILLED, structures.signalInfo],
  [kinds.SIGNAL_STACK, structures.signalStack],
  [kinds.SIGNAL_STACK_FILLED, structures.signalStack],
  [kinds.USAGE, structures.usage],
  [kinds.LIMIT, structures.limit],
  [kinds.LIMIT_FILLED, structures.limit],
  [kinds.LIMIT64, structures.limit64],
  [kinds.LIMIT64_FILLED, structures.limit64],
  [kinds.SYSTEM_NAME, structures.systemName],
  [kinds.SYSTEM_INFO, structures.systemInfo],
  [kinds.SEGMENT, structures.segment],
  [kinds.GROUPS, structures.groups],
  [kinds.GROUPS_FILLED, structures.groups],
  [kinds.EPOLL_EVENT, structures.epollEvent],
  [kinds.EPOLL_EVENTS_FILLED, structures.epollEvents],
]);

type ArgumentText = (call: CallFacts, index: number, bytes: Uint8Array) => string;

/** Kinds whose bytes need other arguments, or the result, to be understood. */
const WITH_OTHERS: ReadonlyMap<number, ArgumentText> = new Map<number, ArgumentText>([
  [kinds.PATH, (_call, _index, bytes) => quoted(bytes)],
  [kinds.INPUT, (call, index, bytes) => buffer(bytes, call, call.words[index + 1] ?? 0)],
  [kinds.OUTPUT, (call, _index, bytes) => buffer(bytes, call, call.result ?? 0)],
  [kinds.POLL_FILES, (call, i, bytes) => structures.pollFiles(bytes, call.words[i + 1] ?? 0)],
  [kinds.FILE_SET, (call, _index, bytes) => structures.fileSet(bytes, call.words[0] ?? 0)],
  [kinds.VECTORS, vectors],
  [kinds.VECTORS_FILLED, vectors],
  [kinds.MAP_ARGUMENTS, (_call, _index, bytes) => mapArguments(structures.words(bytes))],
  [kinds.SELECT_ARGUMENTS, (_call, _index, bytes) => selectArguments(structures.words(bytes))],
  [kinds.CLONE_ARGUMENTS, (_call, _index, bytes) => cloneArguments(bytes)],
]);

/** Kinds that this file knows: the test that compares them with those that there are. */
export function isKnownKind(kind: number): boolean {
  return WORDS.has(kind) || STRUCTURES.has(kind) || WITH_OTHERS.has(kind) || BY_HAND.has(kind);
}

/** Kinds that argumentText() itself, or call-text.ts, understands. */
const BY_HAND = new Set([
  ...[kinds.STRINGS, kinds.ENVIRONMENT, kinds.ENTRIES],
  ...[kinds.OFFSET_LOW, kinds.OFFSET_HIGH, kinds.OTHER_HALF],
  ...[kinds.DEVICE_ARGUMENT, kinds.FILE_ARGUMENT, kinds.PROCESS_ARGUMENT],
]);

/** Argument `index` of a call; undefined: it was printed with the one before. */
export function argumentText(call: CallFacts, index: number): string | undefined {
  const kind = call.kinds[index] ?? kinds.POINTER;
  const word = call.words[index] ?? 0;
  if (kind === kinds.OTHER_HALF) return undefined;
  if (kind === kinds.OFFSET_LOW) return wide(word, call.words[index + 1] ?? 0);
  if (kind === kinds.OFFSET_HIGH) return wide(call.words[index + 1] ?? 0, word);
  const asWord = WORDS.get(kind);
  if (asWord !== undefined) return asWord(word);
  if (kind === kinds.STRINGS) return strings(call, index);
  const count = call.captures.count(index);
  if (count !== undefined) return `${hexadecimal(word)} /* ${count} ${counted(kind, count)} */`;
  const bytes = call.captures.bytes(index);
  if (bytes === undefined) return hexadecimalOrNull(word);
  // wait4 with WNOHANG: no child, no status.
  if (kind === kinds.WAIT_STATUS && call.result === 0) return hexadecimalOrNull(word);
  const structure = STRUCTURES.get(kind);
  if (structure !== undefined) return structure(bytes);
  return WITH_OTHERS.get(kind)?.(call, index, bytes) ?? hexadecimalOrNull(word);
}

function counted(kind: number, count: number): string {
  if (kind === kinds.ENTRIES) return "entries";
  return count === 1 ? "var" : "vars";
}

export function signed(word: number): string {
  return `${word | 0}`;
}

function wide(low: number, high: number): string {
  return `${BigInt.asIntN(64, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0))}`;
}

function pageOffset(pages: number): string {
  return pages === 0 ? "0" : `0x${(BigInt(pages >>> 0) * 4096n).toString(16)}`;
}

function openFlags(word: number): string {
  const access = nameOrNumber(names.ACCESS_MODES, word & 3);
  const rest = word & ~3;
  return rest === 0 ? access : `${access}|${flagNames(names.OPEN_FLAGS, rest)}`;
}

function mapFlags(word: number): string {
  const type = nameOf(names.MAP_TYPES, word & names.MAP_TYPE_MASK);
  const rest = type === undefined ? word : word & ~names.MAP_TYPE_MASK;
  const flags = rest === 0 ? [] : [flagNames(names.MAP_FLAGS, rest)];
  return [type ?? [], flags].flat().join("|") || "0";
}

/** The flags, and the signal at the end. */
export function cloneFlags(word: number): string {
  const signal = word & names.CLONE_SIGNAL_MASK;
  const flags = (word & ~names.CLONE_SIGNAL_MASK) >>> 0;
  if (flags === 0) return names.signalName(signal);
  const named = flagNames(names.CLONE_BITS, flags);
  return signal === 0 ? named : `${named}|${names.signalName(signal)}`;
}

const FUTEX_PRIVATE = 128;
const FUTEX_REALTIME = 256;

function futexCommand(word: number): string {
  const command = nameOf(names.FUTEX_COMMANDS, word & ~(FUTEX_PRIVATE | FUTEX_REALTIME));
  if (command === undefined) return hexadecimal(word);
  const name = (word & FUTEX_PRIVATE) !== 0 ? `${command}_PRIVATE` : command;
  return (word & FUTEX_REALTIME) !== 0 ? `${name}|FUTEX_CLOCK_REALTIME` : name;
}

function buffer(bytes: Uint8Array, call: CallFacts, total: number): string {
  return quotedStart(bytes, call.shown, total);
}

/** `["ls", "-l"]`, a string that cannot be read as its end. */
function strings(call: CallFacts, index: number): string {
  const count = call.captures.count(index);
  if (count === undefined) return hexadecimalOrNull(call.words[index] ?? 0);
  const all: string[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = call.captures.bytes(index, i);
    if (bytes === undefined || i === SHOWN_STRINGS) return `[${[...all, "..."].join(", ")}]`;
    all.push(quotedStart(bytes, call.shown));
  }
  return `[${all.join(", ")}]`;
}

const SHOWN_STRINGS = 32;

function vectors(call: CallFacts, index: number, bytes: Uint8Array): string {
  const words = structures.words(bytes);
  let left = call.result ?? Number.POSITIVE_INFINITY;
  const isFilled = call.kinds[index] === kinds.VECTORS_FILLED;
  const all = Array.from({ length: words.length >> 1 }, (_, i) => {
    const [base = 0, size = 0] = words.slice(2 * i, 2 * i + 2);
    const filled = isFilled ? Math.min(left, size >>> 0) : size >>> 0;
    left -= filled;
    const content = call.captures.bytes(index, i)?.subarray(0, filled);
    const text = content ? buffer(content, call, filled) : hexadecimalOrNull(base >>> 0);
    return `{iov_base=${text}, iov_len=${size >>> 0}}`;
  });
  return `[${all.join(", ")}]`;
}

/** The arguments of mmap as those of mmap2. */
function mapArguments(words: readonly number[]): string {
  const [address = 0, size = 0, protection = 0, flags = 0, file = 0, at = 0] = words;
  const call: CallFacts = {
    name: "mmap",
    kinds: [kinds.ADDRESS, kinds.SIZE, kinds.PROTECTION, kinds.MAP_FLAGS, kinds.FILE, kinds.FLAGS],
    words: [address, size, protection, flags, file, at].map((word) => word >>> 0),
    captures: NOTHING,
    result: undefined,
    shown: 0,
  };
  return call.kinds.map((_, index) => argumentText(call, index)).join(", ");
}

const NOTHING = new Captures("");

function selectArguments([count = 0, ...sets]: readonly number[]): string {
  return [signed(count), ...sets.map((set) => hexadecimalOrNull(set >>> 0))].join(", ");
}

/** struct clone_args: what is 0 is left out, but for the stack. */
function cloneArguments(bytes: Uint8Array): string {
  const words = structures.words(bytes);
  const field = (index: number) => (words[2 * index] ?? 0) >>> 0;
  const optional = (name: string, index: number) =>
    field(index) === 0 ? [] : [`${name}=${hexadecimal(field(index))}`];
  return `{${[
    `flags=${field(0) === 0 ? "0" : flagNames(names.CLONE_BITS, field(0))}`,
    ...optional("child_tid", 2),
    ...optional("parent_tid", 3),
    `exit_signal=${names.signalName(field(4))}`,
    `stack=${hexadecimalOrNull(field(5))}`,
    `stack_size=${hexadecimal(field(6))}`,
    ...optional("tls", 7),
  ].join(", ")}}`;
}
