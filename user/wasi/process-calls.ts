// The calls of WASI about the process: arguments, environment, clocks, random numbers, its end; and
// what the start code calls first.

import { O_CLOEXEC, O_DIRECTORY } from "../../src/abi/files";
import { ALL_RIGHTS, add, clear, FileType, preopen, Right, typeOfFile } from "./descriptors";
import { errorOf, WasiError } from "./error";
import { address, has, hasArray } from "./guest";
import * as host from "./host";
import { PREOPEN_SIZE, SETTINGS_COUNT, SETTINGS_PREOPENS } from "./storage";
import { wasi_scratch, wasi_settings } from "./symbols";

let argumentList: usize = 0;
let environment: usize = 0;

const TCGETS: u32 = 0x5401;
/** What a terminal cannot do: it is by their absence that programs know one. */
const SEEKING: u32 = Right.FD_SEEK | Right.FD_TELL;

/** Opens what the program finds at its start: standard files as they are, then directories. */
export function wasi_start(_count: u32, argv: usize, envp: usize): void {
  argumentList = argv;
  environment = envp;
  clear();
  for (let file = 0; file < 3; file++) {
    const isTerminal = host.ioctl(file, TCGETS, wasi_scratch()) >= 0;
    add(file, typeOfFile(file), isTerminal ? ALL_RIGHTS & ~SEEKING : ALL_RIGHTS, 0);
  }
  const settings = wasi_settings();
  const count = load<u32>(settings + SETTINGS_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const each = settings + SETTINGS_PREOPENS + i * PREOPEN_SIZE;
    const opened = host.open(load<u32>(each, 8), O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) continue;
    const fd = add(opened, FileType.DIRECTORY, ALL_RIGHTS, ALL_RIGHTS);
    if (fd >= 0) preopen(fd, load<u32>(each), load<u32>(each, 4));
  }
}

// --- arguments and environment ---

function countOf(list: usize): u32 {
  let count: u32 = 0;
  while (load<u32>(list + 4 * count) !== 0) count++;
  return count;
}

/** Bytes with the NUL. */
function sizeOf(text: usize): u32 {
  let size: u32 = 1;
  while (load<u8>(text + size - 1) !== 0) size++;
  return size;
}

function sizes(list: usize, count: u32, size: u32): i32 {
  if (!has(count, 4) || !has(size, 4)) return WasiError.FAULT;
  const texts = countOf(list);
  let bytes: u32 = 0;
  for (let i: u32 = 0; i < texts; i++) bytes += sizeOf(load<u32>(list + 4 * i));
  store<u32>(address(count), texts);
  store<u32>(address(size), bytes);
  return WasiError.SUCCESS;
}

function texts(list: usize, pointers: u32, buffer: u32): i32 {
  const count = countOf(list);
  if (!hasArray(pointers, count, 4)) return WasiError.FAULT;
  let at = buffer;
  for (let i: u32 = 0; i < count; i++) {
    const text = load<u32>(list + 4 * i);
    const size = sizeOf(text);
    if (!has(at, size)) return WasiError.FAULT;
    store<u32>(address(pointers) + 4 * i, at);
    memory.copy(address(at), text, size);
    at += size;
  }
  return WasiError.SUCCESS;
}

export function args_sizes_get(count: u32, size: u32): i32 {
  return sizes(argumentList, count, size);
}

export function args_get(pointers: u32, buffer: u32): i32 {
  return texts(argumentList, pointers, buffer);
}

export function environ_sizes_get(count: u32, size: u32): i32 {
  return sizes(environment, count, size);
}

export function environ_get(pointers: u32, buffer: u32): i32 {
  return texts(environment, pointers, buffer);
}

// --- clocks, chance, the end ---

/** WASI's clocks have Linux's numbers: time of day, monotonic, of the process, of the thread. */
const CLOCKS: u32 = 4;
export const SECOND: u64 = 1_000_000_000;

/** Nanoseconds on a clock. */
export function now(clock: u32): u64 {
  host.clockTime(clock, wasi_scratch());
  return load<u64>(wasi_scratch()) * SECOND + load<u32>(wasi_scratch(), 8);
}

export function clock_time_get(clock: u32, _precision: u64, result: u32): i32 {
  if (clock >= CLOCKS) return WasiError.INVAL;
  if (!has(result, 8)) return WasiError.FAULT;
  store<u64>(address(result), now(clock));
  return WasiError.SUCCESS;
}

export function clock_res_get(clock: u32, result: u32): i32 {
  if (clock >= CLOCKS) return WasiError.INVAL;
  if (!has(result, 8)) return WasiError.FAULT;
  const got = host.clockResolution(clock, wasi_scratch());
  const seconds = <u64>load<u32>(wasi_scratch());
  if (got >= 0) store<u64>(address(result), seconds * SECOND + load<u32>(wasi_scratch(), 4));
  return errorOf(got);
}

export function random_get(buffer: u32, size: u32): i32 {
  if (!has(buffer, size)) return WasiError.FAULT;
  let done: u32 = 0;
  while (done < size) {
    const got = host.getrandom(address(buffer) + done, size - done);
    if (got < 0) return errorOf(got);
    done += got;
  }
  return WasiError.SUCCESS;
}

export function sched_yield(): i32 {
  return errorOf(host.yieldProcessor());
}

export function proc_exit(status: i32): void {
  host.exit(status);
}
