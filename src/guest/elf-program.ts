// What an ELF file must be for the guest to run it, as answers for people. Needs no Node.

import {
  EHDR_MACHINE,
  EHDR_PHENTSIZE,
  EHDR_PHNUM,
  EHDR_PHOFF,
  EHDR_TYPE,
  ELF_CLASS,
  ELF_CLASS_32,
  ELF_CLASS_64,
  ELF_DATA,
  ELF_DATA_LITTLE,
  ELF_MAGIC,
  EM_386,
  ET_DYN,
  ET_EXEC,
  PHDR_FILESZ,
  PHDR_OFFSET,
  PHDR_SIZE,
  PHDR_TYPE,
  PT_INTERP,
} from "../abi/elf";
import { Diagnostic } from "../base/diagnostic";

const STATUS_CANNOT_RUN = 126;
const EHDR_BYTES = 52;
const IDENT_BYTES = 20;

/** Why a program cannot run, and the status that a shell would give. */
export class CannotRun extends Diagnostic {
  constructor(
    code: string,
    text: string,
    remedy: string,
    readonly status: number = STATUS_CANNOT_RUN,
  ) {
    super(code, text, remedy);
  }
}

/**
 * Throws if a file is not a program that needs nothing but itself.
 *
 * @throws CannotRun GUEST012, GUEST013
 */
export function requireStaticProgram(bytes: Uint8Array, path: string): void {
  requireOurMachine(bytes, path);
  const interpreter = elfInterpreter(bytes, path);
  if (interpreter === undefined) return;
  throw new CannotRun(
    "GUEST013",
    `${path} needs ${interpreter} to run it, and the guest does not have that`,
    "Link it statically: `gcc -m32 -static`",
  );
}

/** Throws if `bytes` are not an ELF file of this machine. */
export function requireOurMachine(bytes: Uint8Array, path: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < IDENT_BYTES || view.getUint32(0, true) !== ELF_MAGIC) {
    const what = bytes.length === 0 ? "is empty" : "is neither an ELF file nor a script with #!";
    const remedy = "If it is a script, begin it with #!/bin/sh, or name the shell before it";
    throw new CannotRun("GUEST012", `${path} ${what}`, remedy);
  }
  const machine = view.getUint16(EHDR_MACHINE, view.getUint8(ELF_DATA) === ELF_DATA_LITTLE);
  const size = view.getUint8(ELF_CLASS);
  if (size === ELF_CLASS_64 || machine !== EM_386 || size !== ELF_CLASS_32) {
    const bits = size === ELF_CLASS_64 ? "a 64-bit program" : "a program";
    throw new CannotRun(
      "GUEST012",
      `${path} is ${bits} for ${machineName(machine)}, and the guest is a 32-bit PC`,
      "Bring the i386 build: on Debian `apt-get download PACKAGE:i386`, elsewhere `gcc -m32`",
    );
  }
  const type = view.getUint16(EHDR_TYPE, true);
  if (bytes.length >= EHDR_BYTES && (type === ET_EXEC || type === ET_DYN)) return;
  throw new CannotRun(
    "GUEST012",
    `${path} is an object file, not a program`,
    "Link it: `gcc -m32 -static FILE.o`",
  );
}

const MACHINES: Readonly<Record<number, string>> = {
  3: "i386",
  8: "MIPS",
  20: "PowerPC",
  21: "64-bit PowerPC",
  22: "S/390",
  40: "ARM",
  62: "x86-64",
  183: "64-bit ARM",
  243: "RISC-V",
};

function machineName(machine: number): string {
  return MACHINES[machine] ?? `another machine (number ${machine})`;
}

/** The interpreter that a program names, by its path, a byte string; undefined: none. */
export function elfInterpreter(bytes: Uint8Array, path: string): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = view.getUint32(EHDR_PHOFF, true);
  const count = view.getUint16(EHDR_PHNUM, true);
  const isCut = table + count * PHDR_SIZE > bytes.length;
  if (isCut || view.getUint16(EHDR_PHENTSIZE, true) !== PHDR_SIZE) {
    throw new CannotRun(
      "GUEST012",
      `${path} is damaged: its program headers lie outside the file`,
      "Copy it again",
    );
  }
  for (let at = table; at < table + count * PHDR_SIZE; at += PHDR_SIZE) {
    if (view.getUint32(at + PHDR_TYPE, true) !== PT_INTERP) continue;
    const start = view.getUint32(at + PHDR_OFFSET, true);
    const text = bytes.subarray(start, start + view.getUint32(at + PHDR_FILESZ, true));
    return String.fromCharCode(...text).replace(/\0.*$/s, "");
  }
  return undefined;
}
