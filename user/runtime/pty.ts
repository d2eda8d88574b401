// Pseudo-terminals, for programs that compare this kernel with Linux: one is made, typed at, and
// looked at.
//
//   const pair = openPair();           pair: the master, and the slave 4 bytes on
//   type("ls\x03"); …

import { O_NOCTTY, O_NONBLOCK, O_RDWR } from "../../src/abi/files";
import { SystemCall } from "../../src/abi/linux/i386";
import { TIOCGPTN, TIOCSPTLCK } from "../../src/abi/termios";
import { call, expect } from "./answers";
import { print, printDecimal, printLine } from "./output";

const BUFFER_SIZE: u32 = 8192;
const NEWLINE: i32 = 0x0a;
const SLAVES: usize = cstr("/dev/pts/");

const buffer: usize = memory.data(8192, 4);
const word: usize = memory.data(4, 4);
const path: usize = memory.data(32, 4);

/** The two ends of the pty that was opened last: neither waits. */
export let master: i32 = -1;
export let slave: i32 = -1;

/** Opens a pty whose ends do not wait, and do not become anybody's controlling terminal. */
export function openPair(): void {
  master = openMaster();
  slave = call(SystemCall.open, slavePath(master), O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
}

export function closePair(): void {
  call(SystemCall.close, slave);
  call(SystemCall.close, master);
}

/** A master whose slave can be opened. */
export function openMaster(): i32 {
  const opened = call(SystemCall.open, cstr("/dev/ptmx"), O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
  store<u32>(word, 0);
  call(SystemCall.ioctl, opened, TIOCSPTLCK, word);
  return opened;
}

/** The address of the path of a master's slave. */
export function slavePath(opened: i32): usize {
  call(SystemCall.ioctl, opened, TIOCGPTN, word);
  let length: u32 = 0;
  for (; load<u8>(SLAVES + length) !== 0; length++) {
    store<u8>(path + length, load<u8>(SLAVES + length));
  }
  const digits = load<u32>(word).toString();
  for (let i = 0; i < digits.length; i++) store<u8>(path + length++, digits.charCodeAt(i));
  store<u8>(path + length, 0);
  return path;
}

/** Types bytes: what the master writes. */
export function type(text: string): void {
  const bytes = String.UTF8.encode(text);
  call(SystemCall.write, master, changetype<usize>(bytes), bytes.byteLength);
}

/** What a program writes to the slave: how many bytes went. */
export function show(text: string): i32 {
  const bytes = String.UTF8.encode(text);
  return call(SystemCall.write, slave, changetype<usize>(bytes), bytes.byteLength);
}

/** A read of the slave gets this. */
export function expectRead(what: string, wanted: string): void {
  compare(what, call(SystemCall.read, slave, buffer, BUFFER_SIZE), wanted);
}

/** A read of the slave gives an error, or a number of bytes. */
export function expectReadResult(what: string, wanted: i32): void {
  compareNumbers(what, call(SystemCall.read, slave, buffer, BUFFER_SIZE), wanted);
}

/** The master has got this since it was looked at last. */
export function expectShown(what: string, wanted: string): void {
  compare(what, takeShown(), wanted);
}

/** The first byte of what a master in packet mode reads, or an error. */
export function packet(): i32 {
  const count = call(SystemCall.read, master, buffer, BUFFER_SIZE);
  return count > 0 ? load<u8>(buffer) : count;
}

/** Takes what is shown, whatever it is. */
export function drop(): void {
  takeShown();
}

/**
 * Reads all that is shown into the buffer: how many bytes, or an error if there is nothing. Linux
 * brings it to the master later, so that a read may get a part; one that finds nothing has waited
 * for the rest.
 */
function takeShown(): i32 {
  let size: u32 = 0;
  while (true) {
    const count = call(SystemCall.read, master, buffer + size, BUFFER_SIZE - size);
    if (count <= 0) return size === 0 ? count : size;
    size += count;
  }
}

export function compareNumbers(what: string, got: i32, wanted: i32): void {
  const name = String.UTF8.encode(what, true);
  expect(changetype<usize>(name), got, wanted);
}

function compare(what: string, got: i32, wanted: string): void {
  const bytes = String.UTF8.encode(wanted);
  const length = bytes.byteLength;
  const isEqual =
    got === length && memory.compare(buffer, changetype<usize>(bytes), <usize>length) === 0;
  compareNumbers(what, isEqual ? 1 : 0, 1);
  if (!isEqual) explain(got);
}

/** Prints what came instead. */
function explain(got: i32): void {
  print("  got ");
  if (got < 0) print("an error");
  for (let i = 0; i < got; i++) {
    const byte = <i32>load<u8>(buffer + i);
    if (byte >= 0x20 && byte < 0x7f) print(String.fromCharCode(byte));
    else if (byte === NEWLINE) print("\\n");
    else {
      print("<");
      printDecimal(byte);
      print(">");
    }
  }
  printLine("");
}
