// The static storage of the WASI runtime; storage.ts says what is where.

import type { Assembler } from "../../src/x86/assembler";
import { symbol } from "../../src/x86/operand";
import { DESCRIPTOR_SIZE, DESCRIPTORS, PATH_SIZE, PATHS, SCRATCH_SIZE } from "./storage";

/** A directory that a program can use from the start. */
export interface Preopen {
  /** What the program calls it. */
  readonly guest: string;
  readonly host: string;
}

export interface WasiSettings {
  /** The address of linear memory. */
  readonly memoryBase: number;
  readonly preopens: readonly Preopen[];
}

export function writeWasiStorage(a: Assembler, settings: WasiSettings): void {
  const { memoryBase, preopens } = settings;
  const encoder = new TextEncoder();
  a.section(".rodata");
  a.align(4);
  a.global("wasi_settings", "object");
  a.long(memoryBase, preopens.length);
  for (const [i, { guest }] of preopens.entries()) {
    a.long(symbol(`wasi_guest_${i}`), encoder.encode(guest).length, symbol(`wasi_host_${i}`));
  }
  for (const [i, { guest, host }] of preopens.entries()) {
    a.local(`wasi_guest_${i}`, "object");
    a.bytes(encoder.encode(`${guest}\0`));
    a.local(`wasi_host_${i}`, "object");
    a.bytes(encoder.encode(`${host}\0`));
  }
  a.section(".bss");
  const reserve = (name: string, size: number): void => {
    a.align(16);
    a.global(name, "object");
    a.space(size);
  };
  reserve("wasi_descriptors", DESCRIPTORS * DESCRIPTOR_SIZE);
  reserve("wasi_paths", PATHS * PATH_SIZE);
  reserve("wasi_scratch", SCRATCH_SIZE);
}
