// /proc/sys: what can be asked, and in a few cases set, of the kernel's workings. See sysctl(8).

import { EINVAL } from "../../../src/abi/errno";
import { LAST_CAPABILITY } from "../../../src/abi/linux/capability";
import { PAGE_SIZE } from "../../../src/abi/memory-map";
import { fillRandom } from "../../device/random";
import { LARGEST_COUNT } from "../../file/file-table";
import { listedName, listedValue, listName } from "../../file/name-list";
import { MOST_REGIONS } from "../../memory/region-list";
import { Process } from "../../process/process";
import { PID_LIMIT } from "../../process/process-ids";
import {
  DOMAIN,
  HOST,
  RELEASE,
  SYSTEM,
  SYSTEM_NAME_MAX,
  setSystemName,
  systemName,
  VERSION,
} from "../../process/system-names";
import { PIPE_SIZE } from "../pipe/pipe";
import { parseNumber } from "./parse";
import { declareDirectory, declareText, Row } from "./row";
import { put, putByte } from "./text";

const MOST_GROUPS: u32 = 65536;
const OVERFLOW_ID: u32 = 65534;
const ENTROPY_BITS: u32 = 256;
const MOST_FILES: u32 = 0x7fffffff;

const READ: u32 = 0o444;
const WRITE: u32 = 0o644;

const NUMBERS: u32 = 18;
const UUID_SIZE: u32 = 16;
const bootId: usize = memory.data(UUID_SIZE, 4);
const newId: usize = memory.data(UUID_SIZE, 4);

/** Declares the rows of `sys` in the root. */
export function declareSettings(root: Row): void {
  const sys = declareDirectory(root, cstr("sys"), 0o555);
  // All numbers in one list, so that it is a table in the kernel's image.
  listName(0, cstr("pid_max"), PID_LIMIT);
  listName(1, cstr("threads-max"), PID_LIMIT - 1);
  listName(2, cstr("cap_last_cap"), LAST_CAPABILITY);
  listName(3, cstr("ngroups_max"), MOST_GROUPS);
  listName(4, cstr("overflowuid"), OVERFLOW_ID);
  listName(5, cstr("overflowgid"), OVERFLOW_ID);
  listName(6, cstr("randomize_va_space"), 0);
  listName(7, cstr("tainted"), 0);
  const random: u32 = 8;
  listName(8, cstr("entropy_avail"), ENTROPY_BITS);
  listName(9, cstr("poolsize"), ENTROPY_BITS);
  const files: u32 = 10;
  listName(10, cstr("file-max"), MOST_FILES);
  listName(11, cstr("nr_open"), LARGEST_COUNT);
  listName(12, cstr("pipe-max-size"), PIPE_SIZE);
  listName(13, cstr("suid_dumpable"), 0);
  const memory: u32 = 14;
  // Memory is given when it is touched, however much was asked for.
  listName(14, cstr("overcommit_memory"), 1);
  listName(15, cstr("max_map_count"), MOST_REGIONS);
  listName(16, cstr("mmap_min_addr"), PAGE_SIZE);
  listName(17, cstr("nr_hugepages"), 0);
  const kernel = declareDirectory(sys, cstr("kernel"), 0o555);
  declareString(kernel, cstr("ostype"), systemName(SYSTEM));
  declareString(kernel, cstr("osrelease"), systemName(RELEASE));
  declareString(kernel, cstr("version"), systemName(VERSION));
  declareString(kernel, cstr("hostname"), systemName(HOST), writeHostName.index);
  declareString(kernel, cstr("domainname"), systemName(DOMAIN), writeDomainName.index);
  declareString(kernel, cstr("core_pattern"), cstr("core"));
  declareNumbers(kernel, 0, random);
  const randomDirectory = declareDirectory(kernel, cstr("random"), 0o555);
  fillRandom(bootId, UUID_SIZE);
  declareText(randomDirectory, cstr("boot_id"), READ, putBootId.index);
  declareText(randomDirectory, cstr("uuid"), READ, putNewId.index);
  declareNumbers(randomDirectory, random, files);
  declareNumbers(declareDirectory(sys, cstr("fs"), 0o555), files, memory);
  declareNumbers(declareDirectory(sys, cstr("vm"), 0o555), memory, NUMBERS);
}

/**
 * Declares numbers of the list, which are what they are: who writes one down and puts it back later
 * may do so.
 */
function declareNumbers(directory: Row, first: u32, end: u32): void {
  for (let i = first; i < end; i++) {
    const row = declareText(directory, listedName(i), WRITE, putValue.index);
    row.value = listedValue(i);
    row.write = keepValue.index;
  }
}

function keepValue(_process: Process, value: u32, bytes: usize, size: u32): i32 {
  return parseNumber(bytes, size, <i32>value, <i32>value);
}

function declareString(directory: Row, name: usize, text: usize, write: u32 = 0): void {
  const row = declareText(directory, name, write === 0 ? READ : WRITE, putString.index);
  row.value = <u32>text;
  row.write = write;
}

function putValue(_process: Process, value: u32): void {
  put(cstr("%u\n"), value);
}

function putString(_process: Process, text: u32): void {
  put(cstr("%s\n"), text);
}

function writeHostName(_process: Process, _subject: u32, bytes: usize, size: u32): i32 {
  return writeSystemName(HOST, bytes, size);
}

function writeDomainName(_process: Process, _subject: u32, bytes: usize, size: u32): i32 {
  return writeSystemName(DOMAIN, bytes, size);
}

function writeSystemName(field: u32, bytes: usize, size: u32): i32 {
  let length: u32 = 0;
  while (length < size && load<u8>(bytes + length) > 0x20) length++;
  if (length > SYSTEM_NAME_MAX) return -EINVAL;
  setSystemName(field, bytes, length);
  return 0;
}

function putBootId(_process: Process, _subject: u32): void {
  putUuid(bootId);
}

function putNewId(_process: Process, _subject: u32): void {
  fillRandom(newId, UUID_SIZE);
  putUuid(newId);
}

/** A random UUID: version 4, variant 1 (RFC 4122). */
function putUuid(bytes: usize): void {
  for (let i: u32 = 0; i < UUID_SIZE; i++) {
    let byte: u32 = load<u8>(bytes + i);
    if (i === 6) byte = (byte & 0x0f) | 0x40;
    if (i === 8) byte = (byte & 0x3f) | 0x80;
    if (i === 4 || i === 6 || i === 8 || i === 10) putByte(0x2d);
    put(cstr("%02x"), byte);
  }
  put(cstr("\n"));
}
