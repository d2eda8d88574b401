// Structures of Linux on i386 as strace prints them: what is at an argument's address.
//
// Each function takes the bytes that the kernel captured. Those are complete, or there are none.

import * as abi from "../abi/files";
import { quoted } from "./quoted-text";
import * as names from "./word-names";
import { flagNames, hexadecimal, nameOf, nameOrNumber } from "./word-names";

/** Little-endian numbers in bytes. */
class Fields {
  readonly #view: DataView;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  unsigned(at: number): number {
    return this.#view.getUint32(at, true);
  }

  signed(at: number): number {
    return this.#view.getInt32(at, true);
  }

  short(at: number): number {
    return this.#view.getUint16(at, true);
  }

  wide(at: number): bigint {
    return this.#view.getBigInt64(at, true);
  }

  wideUnsigned(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }
}

export function word(bytes: Uint8Array): string {
  return `[${new Fields(bytes).signed(0)}]`;
}

export function offset(bytes: Uint8Array): string {
  return `[${new Fields(bytes).wide(0)}]`;
}

export function filePair(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  return `[${fields.signed(0)}, ${fields.signed(4)}]`;
}

export function groups(bytes: Uint8Array): string {
  return `[${words(bytes).join(", ")}]`;
}

export function words(bytes: Uint8Array): number[] {
  const fields = new Fields(bytes);
  return Array.from({ length: bytes.length >> 2 }, (_, index) => fields.signed(4 * index));
}

/** The type by name, the permissions in octal: `S_IFREG|0644`. */
export function modeText(mode: number): string {
  const type = nameOf(names.FILE_TYPES, mode & abi.S_IFMT);
  const special = [
    ...((mode & abi.S_ISUID) !== 0 ? ["S_ISUID"] : []),
    ...((mode & abi.S_ISGID) !== 0 ? ["S_ISGID"] : []),
    ...((mode & abi.S_ISVTX) !== 0 ? ["S_ISVTX"] : []),
  ];
  const rest = octal(mode & 0o777);
  return type === undefined ? octal(mode) : [type, ...special, rest].join("|");
}

export function octal(value: number): string {
  const digits = (value >>> 0).toString(8);
  return digits.length < 3 ? digits.padStart(3, "0") : `0${digits}`;
}

export function deviceText(device: number): string {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  return `makedev(${hexadecimal(major)}, ${hexadecimal(minor)})`;
}

function isDevice(mode: number): boolean {
  const type = mode & abi.S_IFMT;
  return type === abi.S_IFCHR || type === abi.S_IFBLK;
}

export function status(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const mode = fields.unsigned(abi.STAT_MODE);
  const size = fields.wideUnsigned(abi.STAT_SIZE);
  const device = deviceText(fields.unsigned(abi.STAT_RDEV));
  const last = isDevice(mode) ? `st_rdev=${device}` : `st_size=${size}`;
  return `{st_mode=${modeText(mode)}, ${last}, ...}`;
}

export function oldStatus(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const mode = fields.short(8);
  const device = deviceText(fields.unsigned(16));
  const last = isDevice(mode) ? `st_rdev=${device}` : `st_size=${fields.unsigned(20)}`;
  return `{st_mode=${modeText(mode)}, ${last}, ...}`;
}

export function statx(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const mask = flagNames(names.STATX_FIELDS, fields.unsigned(abi.STATX_MASK));
  const mode = modeText(fields.short(abi.STATX_MODE));
  const size = fields.wideUnsigned(abi.STATX_SIZE);
  const attributes = hexadecimal(fields.unsigned(8));
  const start = `stx_mask=${mask}, stx_attributes=${attributes}`;
  return `{${start}, stx_mode=${mode}, stx_size=${size}, ...}`;
}

const FILE_SYSTEMS: names.Names = [
  ["TMPFS_MAGIC", 0x01021994],
  ["PROC_SUPER_MAGIC", 0x9fa0],
  ["SYSFS_MAGIC", 0x62656572],
  ["EXT2_SUPER_MAGIC", 0xef53],
  ["RAMFS_MAGIC", 0x858458f6],
  ["DEVPTS_SUPER_MAGIC", 0x1cd1],
  ["PIPEFS_MAGIC", 0x50495045],
];

export function fileSystem(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const counts = ["f_bsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree"];
  const type = nameOrNumber(FILE_SYSTEMS, fields.unsigned(0));
  const rest = counts.map((name, index) => `${name}=${fields.unsigned(4 + 4 * index)}`);
  return `{f_type=${type}, ${rest.join(", ")}, ...}`;
}

export function fileSystem64(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const counts = ["f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree"];
  const type = nameOrNumber(FILE_SYSTEMS, fields.unsigned(0));
  const rest = counts.map((name, index) => `${name}=${fields.wideUnsigned(8 + 8 * index)}`);
  return `{f_type=${type}, f_bsize=${fields.unsigned(4)}, ${rest.join(", ")}, ...}`;
}

/** `{tv_sec=1, tv_nsec=5}`: `part` is `nsec` or `usec`. */
export function time(bytes: Uint8Array, part: "nsec" | "usec" = "nsec"): string {
  const fields = new Fields(bytes);
  return `{tv_sec=${fields.signed(0)}, tv_${part}=${fields.signed(4)}}`;
}

export function time64(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  return `{tv_sec=${fields.wide(0)}, tv_nsec=${fields.signed(8)}}`;
}

export function timeval(bytes: Uint8Array): string {
  return time(bytes, "usec");
}

function special(nanoseconds: number): string | undefined {
  if (nanoseconds === abi.UTIME_NOW) return "UTIME_NOW";
  return nanoseconds === abi.UTIME_OMIT ? "UTIME_OMIT" : undefined;
}

export function twoTimes(bytes: Uint8Array): string {
  const [first, second] = halves(bytes);
  const one = (half: Uint8Array) => special(new Fields(half).unsigned(4)) ?? time(half);
  return `[${one(first)}, ${one(second)}]`;
}

export function twoTimes64(bytes: Uint8Array): string {
  const [first, second] = halves(bytes);
  const one = (half: Uint8Array) => special(new Fields(half).unsigned(8)) ?? time64(half);
  return `[${one(first)}, ${one(second)}]`;
}

export function twoTimevals(bytes: Uint8Array): string {
  const [first, second] = halves(bytes);
  return `[${timeval(first)}, ${timeval(second)}]`;
}

export function fileTimes(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  return `{actime=${fields.signed(0)}, modtime=${fields.signed(4)}}`;
}

function halves(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  return [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)];
}

export function interval(bytes: Uint8Array): string {
  const [first, second] = halves(bytes);
  return `{it_interval=${timeval(first)}, it_value=${timeval(second)}}`;
}

export function timer(bytes: Uint8Array): string {
  const [first, second] = halves(bytes);
  return `{it_interval=${time(first)}, it_value=${time(second)}}`;
}

export function timer64(bytes: Uint8Array): string {
  const [first, second] = halves(bytes);
  return `{it_interval=${time64(first)}, it_value=${time64(second)}}`;
}

function handlerName(handler: number): string {
  return handler === 0 ? "SIG_DFL" : handler === 1 ? "SIG_IGN" : hexadecimal(handler);
}

/** The kernel's own form: handler, flags, restorer, a set of 64 bits. */
export function action(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  return actionText(fields, fields.unsigned(4), fields.unsigned(8), bytes.subarray(12, 20));
}

/** The old call's: handler, a set of 32 bits, flags, restorer. */
export function oldAction(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  return actionText(fields, fields.unsigned(8), fields.unsigned(12), bytes.subarray(4, 8));
}

function actionText(fields: Fields, flags: number, restorer: number, set: Uint8Array): string {
  const handler = handlerName(fields.unsigned(0));
  const mask = names.signalSet(set);
  const bits = flagNames(names.ACTION_FLAGS, flags);
  const hasRestorer = (flags & names.ACTION_HAS_RESTORER) !== 0;
  const last = hasRestorer ? `, sa_restorer=${hexadecimal(restorer)}` : "";
  return `{sa_handler=${handler}, sa_mask=${mask}, sa_flags=${bits}${last}}`;
}

export function signalStack(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const flags = flagNames(names.STACK_FLAGS, fields.unsigned(4));
  const start = hexadecimalOrNull(fields.unsigned(0));
  return `{ss_sp=${start}, ss_flags=${flags}, ss_size=${fields.unsigned(8)}}`;
}

/** What siginfo_t says, from its fields: strace shows what belongs to the signal. */
export function signalInfo(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const [signal, code] = [fields.signed(0), fields.signed(8)];
  return signalText({
    signal,
    code,
    sender: fields.signed(12),
    user: fields.unsigned(16),
    value: isFault(signal, code) ? fields.unsigned(12) : fields.unsigned(20),
  });
}

export interface SignalFields {
  readonly signal: number;
  readonly code: number;
  readonly sender: number;
  readonly user: number;
  readonly value: number;
}

/** A signal of the processor's: SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, by what caused it. */
function isFault(signal: number, code: number): boolean {
  return code > 0 && code < 0x80 && [4, 5, 7, 8, 11].includes(signal);
}

export function signalText({ signal, code, sender, user, value }: SignalFields): string {
  const name = names.signalName(signal);
  const start = `{si_signo=${name}, si_code=${names.signalCode(signal, code)}`;
  if (isFault(signal, code)) return `${start}, si_addr=${hexadecimalOrNull(value)}}`;
  if (code === 0x80) return `${start}}`;
  const from = `${start}, si_pid=${sender}, si_uid=${user}`;
  if (name === "SIGCHLD" && code > 0) {
    const isExit = names.signalCode(signal, code) === "CLD_EXITED";
    const ended = isExit ? `${value}` : names.signalName(value);
    return `${from}, si_status=${ended}, si_utime=0, si_stime=0}`;
  }
  const isQueued = code === -1;
  return isQueued
    ? `${from}, si_int=${value | 0}, si_ptr=${hexadecimalOrNull(value)}}`
    : `${from}}`;
}

export function hexadecimalOrNull(address: number): string {
  return address === 0 ? "NULL" : hexadecimal(address);
}

/** `[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]` */
export function waitStatus(bytes: Uint8Array): string {
  const value = new Fields(bytes).unsigned(0);
  const signal = value & 0x7f;
  if (value === 0xffff) return "[{WIFCONTINUED(s)}]";
  if (signal === 0x7f) {
    const by = names.signalName((value >>> 8) & 0xff);
    return `[{WIFSTOPPED(s) && WSTOPSIG(s) == ${by}}]`;
  }
  if (signal === 0) return `[{WIFEXITED(s) && WEXITSTATUS(s) == ${(value >>> 8) & 0xff}}]`;
  return `[{WIFSIGNALED(s) && WTERMSIG(s) == ${names.signalName(signal)}}]`;
}

export function usage(bytes: Uint8Array): string {
  const [user, system] = [timeval(bytes.subarray(0, 8)), timeval(bytes.subarray(8, 16))];
  return `{ru_utime=${user}, ru_stime=${system}, ...}`;
}

/** As strace: a number of KiB is written as a product. */
function limitValue(value: bigint, none: bigint, prefix: string): string {
  if (value === none) return `${prefix}INFINITY`;
  return value > 1024n && value % 1024n === 0n ? `${value / 1024n}*1024` : `${value}`;
}

export function limit(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const one = (at: number) => limitValue(BigInt(fields.unsigned(at)), 0xffffffffn, "RLIM_");
  return `{rlim_cur=${one(0)}, rlim_max=${one(4)}}`;
}

export function limit64(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const one = (at: number) => limitValue(fields.wideUnsigned(at), 2n ** 64n - 1n, "RLIM64_");
  return `{rlim_cur=${one(0)}, rlim_max=${one(8)}}`;
}

const NAME_SIZE = 65;

export function systemName(bytes: Uint8Array): string {
  const name = (index: number) => quoted(untilNul(bytes.subarray(NAME_SIZE * index)));
  return `{sysname=${name(0)}, nodename=${name(1)}, ...}`;
}

export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

export function systemInfo(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const loads = [4, 8, 12].map((at) => fields.unsigned(at)).join(", ");
  const names = "totalram freeram sharedram bufferram totalswap freeswap".split(" ");
  const memory = names.map((name, index) => `${name}=${fields.unsigned(16 + 4 * index)}`);
  const high = `totalhigh=${fields.unsigned(44)}, freehigh=${fields.unsigned(48)}`;
  const start = `uptime=${fields.signed(0)}, loads=[${loads}], ${memory.join(", ")}`;
  const unit = fields.unsigned(52);
  return `{${start}, procs=${fields.short(40)}, ${high}, mem_unit=${unit}}`;
}

/** What is asked of files. */
export function pollFiles(bytes: Uint8Array, count: number): string {
  const each = pollRecords(bytes).map(({ file, events }) =>
    file < 0 ? `{fd=${file}}` : `{fd=${file}, events=${flagNames(names.POLL_EVENTS, events)}}`,
  );
  return `[${each.join(", ")}${count > each.length ? ", ..." : ""}]`;
}

/** What is true of them: `[{fd=0, revents=POLLIN}]`. */
export function pollResults(bytes: Uint8Array): string {
  const ready = pollRecords(bytes).filter(({ file, results }) => file >= 0 && results !== 0);
  const each = ready.map(
    ({ file, results }) => `{fd=${file}, revents=${flagNames(names.POLL_EVENTS, results)}}`,
  );
  return `[${each.join(", ")}]`;
}

function pollRecords(bytes: Uint8Array) {
  const fields = new Fields(bytes);
  return Array.from({ length: bytes.length >> 3 }, (_, index) => ({
    file: fields.signed(8 * index),
    events: fields.short(8 * index + 4),
    results: fields.short(8 * index + 6),
  }));
}

/** `[0 3]`: the files below `count` that are in a set. */
export function fileSet(bytes: Uint8Array, count: number): string {
  const all = Array.from({ length: Math.min(count, bytes.length * 8) }, (_, file) => file);
  const inside = all.filter((file) => (((bytes[file >> 3] ?? 0) >> (file & 7)) & 1) === 1);
  return `[${inside.join(" ")}]`;
}

export function epollEvents(bytes: Uint8Array): string {
  const count = Math.floor(bytes.length / 12);
  const all = Array.from({ length: count }, (_, index) =>
    epollEvent(bytes.subarray(12 * index, 12 * index + 12)),
  );
  return `[${all.join(", ")}]`;
}

export function epollEvent(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const events = flagNames(names.EPOLL_EVENTS, fields.unsigned(0));
  return `{events=${events}, data={u32=${fields.unsigned(4)}, u64=${fields.wideUnsigned(4)}}}`;
}

const SEGMENT_BITS = [
  ...[["seg_32bit", 0, 1] as const, ["contents", 1, 3] as const, ["read_exec_only", 3, 1] as const],
  ...[["limit_in_pages", 4, 1] as const, ["seg_not_present", 5, 1] as const],
  ["useable", 6, 1] as const,
];

/** struct user_desc. */
export function segment(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const limitText = `0x${fields.unsigned(8).toString(16).padStart(6, "0")}`;
  const base = hexadecimal(fields.unsigned(4));
  const start = `entry_number=${fields.signed(0)}, base_addr=${base}, limit=${limitText}`;
  const flags = fields.unsigned(12);
  const bits = SEGMENT_BITS.map(([name, shift, mask]) => `${name}=${(flags >>> shift) & mask}`);
  return `{${start}, ${bits.join(", ")}}`;
}

export function terminal(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const [input, output, control, local] = [0, 4, 8, 12].map((at) => fields.unsigned(at));
  const speed = nameOf(names.SPEEDS, (control ?? 0) & 0o10017);
  const delays = "NL0|CR0|TAB0|BS0|VT0|FF0";
  const outputs = flagsAfter(delays, names.OUTPUT_MODES, output ?? 0);
  const size = nameOrNumber(names.CHARACTER_SIZES, (control ?? 0) & 0o60);
  const controls = flagsAfter(
    `${speed ?? "EXTA"}|${size}`,
    names.CONTROL_MODES,
    (control ?? 0) & ~0o10077,
  );
  const inputs = flagNames(names.INPUT_MODES, input ?? 0);
  const locals = flagNames(names.LOCAL_MODES, local ?? 0);
  return `{c_iflag=${inputs}, c_oflag=${outputs}, c_cflag=${controls}, c_lflag=${locals}, ...}`;
}

function flagsAfter(first: string, table: names.Names, value: number): string {
  return value === 0 ? first : `${first}|${flagNames(table, value)}`;
}

export function windowSize(bytes: Uint8Array): string {
  const fields = new Fields(bytes);
  const [rows, columns, width, height] = [0, 2, 4, 6].map((at) => fields.short(at));
  return `{ws_row=${rows}, ws_col=${columns}, ws_xpixel=${width}, ws_ypixel=${height}}`;
}

/** struct flock, and flock64 where `isWide`. */
export function lock(bytes: Uint8Array, isWide: boolean): string {
  const fields = new Fields(bytes);
  const type = nameOrNumber(names.LOCK_TYPES, fields.short(0));
  const whence = nameOrNumber(names.WHENCES, fields.short(2));
  const start = isWide ? fields.wide(4) : fields.signed(4);
  const length = isWide ? fields.wide(12) : fields.signed(8);
  return `{l_type=${type}, l_whence=${whence}, l_start=${start}, l_len=${length}}`;
}
