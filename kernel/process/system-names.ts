// What the system is called: uname(2), sethostname(2).
//
//   six fields of 65 bytes, each NUL-terminated:
//   sysname, nodename, release, version, machine, domainname

import { textLength } from "../log/text-length";

const FIELD_SIZE: u32 = 65;
const FIELDS: u32 = 6;
export const SYSTEM_NAMES_SIZE: u32 = FIELDS * FIELD_SIZE;
/** The longest name. */
export const SYSTEM_NAME_MAX: u32 = FIELD_SIZE - 1;

export const SYSTEM: u32 = 0;
export const HOST: u32 = 1;
export const RELEASE: u32 = 2;
export const VERSION: u32 = 3;
export const MACHINE: u32 = 4;
export const DOMAIN: u32 = 5;

const names: usize = memory.data(SYSTEM_NAMES_SIZE, 4);

/** Gives every field its first name: those of the Linux whose calls these are. */
export function startSystemNames(): void {
  setText(SYSTEM, cstr("Linux"));
  setText(HOST, cstr("isthmus"));
  setText(RELEASE, cstr("6.1.0-isthmus"));
  setText(VERSION, cstr("#1 Isthmus 0.1.0"));
  setText(MACHINE, cstr("i686"));
  setText(DOMAIN, cstr("(none)"));
}

/** The address of a field; that of the first is the address of them all. */
export function systemName(field: u32): usize {
  return names + field * FIELD_SIZE;
}

/** Sets a field to `length` bytes, SYSTEM_NAME_MAX at most. */
export function setSystemName(field: u32, text: usize, length: u32): void {
  memory.fill(systemName(field), 0, FIELD_SIZE);
  memory.copy(systemName(field), text, length);
}

function setText(field: u32, text: usize): void {
  setSystemName(field, text, textLength(text));
}
