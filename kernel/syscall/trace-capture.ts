// What belongs to the arguments of a call that is traced: bytes of the program's memory, for
// src/abi/trace-event.ts.
//
// Everything is read through user-memory.ts as for any call; what cannot be read is left out.

import { DIRENT_LENGTH, PATH_MAX } from "../../src/abi/files";
import {
  ARGUMENTS_MAX,
  CAPTURE_BEFORE,
  CAPTURE_BITS,
  CAPTURE_BYTES,
  CAPTURE_ENTRY_COUNT,
  CAPTURE_FILLED,
  CAPTURE_FIXED,
  CAPTURE_FORM,
  CAPTURE_NEXT,
  CAPTURE_READ,
  CAPTURE_RESULT,
  CAPTURE_SIZE_SHIFT,
  CAPTURE_TEXT,
  CAPTURE_TEXT_COUNT,
  CAPTURE_TEXTS,
  CAPTURE_VECTORS,
  captureOf,
  PATH,
} from "../../src/abi/linux/argument-kinds";
import { TRACE_ELEMENTS } from "../../src/abi/trace-event";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyInString, readWord, userPointer } from "../memory/user-memory";
import { systemCallKind } from "./call-rows";
import { shownSize, writeByte, writeDecimal, writeEscaped, writeText } from "./trace-line";

const WORD: u32 = 4;
const VECTOR_SIZE: u32 = 8;
/** A longer list of strings is not counted to its end. */
const STRINGS_COUNTED: u32 = 0x10000;
/** No element, but the argument itself. */
const WHOLE: u32 = 0xffffffff;
const DOT: u32 = 0x2e;
const QUOTE: u32 = 0x22;
const SPACE: u32 = 0x20;
const HASH: u32 = 0x23;

const CHUNK: u32 = 64;
const chunk: usize = memory.data(CHUNK, 4);
const word: usize = memory.data(VECTOR_SIZE, 4);

/** Argument `index` of a call, from 0 on. */
export function argumentOf(frame: TrapFrame, index: u32): u32 {
  switch (index) {
    case 0:
      return frame.arg0;
    case 1:
      return frame.arg1;
    case 2:
      return frame.arg2;
    case 3:
      return frame.arg3;
    case 4:
      return frame.arg4;
    default:
      return frame.arg5;
  }
}

/** What the kernel will read. */
export function captureBefore(number: u32, frame: TrapFrame): void {
  captureArguments(number, frame, CAPTURE_READ, 0);
}

/** What the kernel has filled, in a call that succeeded with `result`. */
export function captureAfter(number: u32, frame: TrapFrame, result: u32): void {
  captureArguments(number, frame, CAPTURE_FILLED, result);
}

function captureArguments(number: u32, frame: TrapFrame, when: u32, result: u32): void {
  for (let index: u32 = 0; index < ARGUMENTS_MAX; index++) {
    const kind = systemCallKind(number, index);
    const capture = captureOf(kind);
    const address = argumentOf(frame, index);
    if ((capture & when) === 0 || address === 0) continue;
    if (kind === PATH) writeString(index, WHOLE, address, PATH_MAX);
    else captureArgument(frame, index, capture, when === CAPTURE_FILLED, result);
  }
}

function captureArgument(
  frame: TrapFrame,
  index: u32,
  capture: u32,
  isAfter: bool,
  result: u32,
): void {
  const address = argumentOf(frame, index);
  const next = argumentOf(frame, index + 1);
  const size = capture >>> CAPTURE_SIZE_SHIFT;
  switch (capture & CAPTURE_FORM) {
    case CAPTURE_FIXED:
      writeBytes(index, WHOLE, address, size);
      return;
    case CAPTURE_TEXT:
      writeString(index, WHOLE, address, shownSize + 1);
      return;
    case CAPTURE_BYTES:
      writeBytes(index, WHOLE, address, min(isAfter ? result : next, shownSize));
      return;
    case CAPTURE_TEXTS:
      writeStrings(index, address);
      return;
    case CAPTURE_TEXT_COUNT:
      writeCount(index, countWords(address));
      return;
    case CAPTURE_VECTORS:
      writeVectors(index, address, min(next, TRACE_ELEMENTS));
      return;
    case CAPTURE_NEXT:
      writeBytes(index, WHOLE, address, size * min(next, TRACE_ELEMENTS));
      return;
    case CAPTURE_BEFORE:
      writeBytes(index, WHOLE, address, size * min(argumentOf(frame, index - 1), TRACE_ELEMENTS));
      return;
    case CAPTURE_RESULT:
      writeBytes(index, WHOLE, address, size * min(result, TRACE_ELEMENTS));
      return;
    case CAPTURE_BITS:
      writeBytes(index, WHOLE, address, bytesOfBits(frame.arg0));
      return;
    case CAPTURE_ENTRY_COUNT:
      writeCount(index, countEntries(address, result));
  }
}

/** A set of files has whole words; no process has more than 1024 files to ask about. */
function bytesOfBits(count: u32): u32 {
  return ((min<u32>(count, 1024) + 31) >>> 5) * WORD;
}

function writeLabel(index: u32, element: u32): void {
  writeByte(SPACE);
  writeDecimal(index);
  if (element === WHOLE) return;
  writeByte(DOT);
  writeDecimal(element);
}

function writeCount(index: u32, count: u32): void {
  writeLabel(index, WHOLE);
  writeByte(HASH);
  writeDecimal(count);
}

/** Bytes as far as they can be read; nothing at all if the first cannot be. */
function writeBytes(index: u32, element: u32, address: u32, size: u32): void {
  let isOpen: bool = false;
  for (let done: u32 = 0; done < size || !isOpen; done += CHUNK) {
    const part = min(size - done, CHUNK);
    if (copyIn(userPointer(address + done), chunk, part) !== 0) break;
    if (!isOpen) openQuote(index, element);
    isOpen = true;
    writeEscaped(chunk, part);
  }
  if (isOpen) writeByte(QUOTE);
}

/** The bytes before a NUL, at most `limit` of them. */
function writeString(index: u32, element: u32, address: u32, limit: u32): void {
  let isOpen: bool = false;
  for (let done: u32 = 0; done < limit; done += CHUNK) {
    const room = min(limit - done, CHUNK);
    const length = copyInString(userPointer(address + done), chunk, room);
    if (length < 0 && copyIn(userPointer(address + done), chunk, room) !== 0) break;
    if (!isOpen) openQuote(index, element);
    isOpen = true;
    writeEscaped(chunk, length < 0 ? room : <u32>length);
    if (length >= 0) break;
  }
  if (isOpen) writeByte(QUOTE);
}

function openQuote(index: u32, element: u32): void {
  writeLabel(index, element);
  writeText(cstr('="'));
}

/** One more than are shown, so that it is seen that there are more. */
function writeStrings(index: u32, address: u32): void {
  for (let i: u32 = 0; i <= TRACE_ELEMENTS; i++) {
    const string = wordAt(address + i * WORD);
    if (string === 0) break;
    writeString(index, i, string, shownSize + 1);
  }
  writeCount(index, countWords(address));
}

function writeVectors(index: u32, address: u32, count: u32): void {
  writeBytes(index, WHOLE, address, count * VECTOR_SIZE);
  for (let i: u32 = 0; i < count; i++) {
    if (copyIn(userPointer(address + i * VECTOR_SIZE), word, VECTOR_SIZE) !== 0) return;
    writeBytes(index, i, load<u32>(word), min(load<u32>(word, WORD), shownSize));
  }
}

function wordAt(address: u32): u32 {
  return readWord(userPointer(address), word) === 0 ? load<u32>(word) : 0;
}

/** How many words come before one that is 0, or that cannot be read. */
function countWords(address: u32): u32 {
  let count: u32 = 0;
  while (count < STRINGS_COUNTED && wordAt(address + count * WORD) !== 0) count++;
  return count;
}

function countEntries(address: u32, size: u32): u32 {
  let count: u32 = 0;
  for (let at: u32 = 0; at < size; count++) {
    const length = wordAt(address + at + DIRENT_LENGTH) & 0xffff;
    if (length === 0) break;
    at += length;
  }
  return count;
}
