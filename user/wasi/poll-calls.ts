// Waiting for files and for clocks: poll_oneoff.
//
//   subscription   0  userdata   8  what   16 a clock's number, or a file
//                  24 timeout    32 precision   40 flags                    48 bytes
//   event          0  userdata   8  error  10 what   16 bytes  24 flags     32 bytes

import { failure, find, Right } from "./descriptors";
import { errorOf, WasiError } from "./error";
import { address, has, hasArray } from "./guest";
import * as host from "./host";
import { now } from "./process-calls";
import { SCRATCH_SIZE } from "./storage";
import { wasi_scratch } from "./symbols";

const SUBSCRIPTION_SIZE: u32 = 48;
const EVENT_SIZE: u32 = 32;

const CLOCK: u32 = 0;
const FD_READ: u32 = 1;

/** Of a clock: the timeout is a time, not a distance. */
const IS_TIME: u32 = 1;
/** Of an event of a file: the other side is gone. */
const HANGUP: u32 = 1;

const POLLIN: u32 = 1;
const POLLOUT: u32 = 4;
const POLLHUP: u32 = 0x10;
const FIONREAD: u32 = 0x541b;

/** pollfd: 0 file, 4 wanted, 6 found. */
const POLL_SIZE: u32 = 8;
/** The scratch buffer begins with what calls return; the files to wait for come after that. */
const FILES: u32 = 64;
const MAX_SUBSCRIPTIONS: u32 = (SCRATCH_SIZE - FILES) / POLL_SIZE;

const MILLISECOND: u64 = 1_000_000;
const MONOTONIC: u32 = 1;

export function poll_oneoff(from: u32, to: u32, count: u32, result: u32): i32 {
  if (count === 0 || count > MAX_SUBSCRIPTIONS) return WasiError.INVAL;
  if (!hasArray(from, count, SUBSCRIPTION_SIZE)) return WasiError.FAULT;
  if (!hasArray(to, count, EVENT_SIZE) || !has(result, 4)) return WasiError.FAULT;
  const start = now(MONOTONIC);
  let events: u32 = 0;
  while (true) {
    const wait = prepare(address(from), count, start);
    const got = host.poll(wasi_scratch() + FILES, count, wait);
    if (got < 0) return errorOf(got);
    events = report(address(from), address(to), count, start);
    if (events > 0) break;
  }
  store<u32>(address(result), events);
  return WasiError.SUCCESS;
}

/** Nanoseconds until a clock's subscription is due. */
function left(subscription: usize, start: u64): u64 {
  const clock = load<u32>(subscription, 16);
  const timeout = load<u64>(subscription, 24);
  const isTime = (load<u16>(subscription, 40) & IS_TIME) !== 0;
  const passed = isTime ? now(clock) : now(MONOTONIC) - start;
  return passed >= timeout ? 0 : timeout - passed;
}

/** Fills the list of files, -1 for what is not one; returns milliseconds to wait, or -1. */
function prepare(from: usize, count: u32, start: u64): i32 {
  let wait: i32 = -1;
  for (let i: u32 = 0; i < count; i++) {
    const subscription = from + i * SUBSCRIPTION_SIZE;
    const entry = wasi_scratch() + FILES + i * POLL_SIZE;
    const kind = load<u8>(subscription, 8);
    store<i32>(entry, -1);
    store<u32>(entry, 0, 4);
    let own: i32 = -1;
    if (kind === CLOCK) {
      const milliseconds = (left(subscription, start) + MILLISECOND - 1) / MILLISECOND;
      own = <i32>min<u64>(milliseconds, i32.MAX_VALUE);
    } else {
      const file = find(load<u32>(subscription, 16), Right.POLL_FD_READWRITE);
      if (failure !== 0) own = 0;
      else {
        store<i32>(entry, file.host);
        store<u16>(entry, kind === FD_READ ? POLLIN : POLLOUT, 4);
      }
    }
    if (own >= 0 && (wait < 0 || own < wait)) wait = own;
  }
  return wait;
}

/** Writes the events that have happened; returns how many. */
function report(from: usize, to: usize, count: u32, start: u64): u32 {
  let events: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const subscription = from + i * SUBSCRIPTION_SIZE;
    const entry = wasi_scratch() + FILES + i * POLL_SIZE;
    const kind = load<u8>(subscription, 8);
    const found = <u32>load<u16>(entry, 6);
    const isWrong = kind !== CLOCK && load<i32>(entry) < 0;
    if (kind === CLOCK ? left(subscription, start) > 0 : found === 0 && !isWrong) continue;
    const event = to + events * EVENT_SIZE;
    memory.fill(event, 0, EVENT_SIZE);
    store<u64>(event, load<u64>(subscription));
    store<u8>(event, kind, 10);
    if (isWrong) {
      find(load<u32>(subscription, 16), Right.POLL_FD_READWRITE);
      store<u16>(event, failure, 8);
    } else if (kind !== CLOCK) {
      if (kind === FD_READ && host.ioctl(load<i32>(entry), FIONREAD, wasi_scratch()) >= 0) {
        store<u64>(event, load<u32>(wasi_scratch()), 16);
      }
      if ((found & POLLHUP) !== 0) store<u16>(event, HANGUP, 24);
    }
    events++;
  }
  return events;
}
