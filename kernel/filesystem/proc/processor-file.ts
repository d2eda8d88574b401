// cpuinfo: what the processor says of itself by CPUID. See Intel's SDM, volume 2A.

import * as x86 from "../../../src/abi/x86";
import { Process } from "../../process/process";
import { put, putByte } from "./text";

const EBX: usize = 4;
const ECX: usize = 8;
const EDX: usize = 12;
const answer: usize = memory.data(16, 4);
/** The twelve letters of the maker's name, and a NUL. */
const maker: usize = memory.data(16, 4);
/** The names of the bits of EDX's halves, a blank after each; `-` for a bit without a name. */
const LOW: usize = cstr("fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov ");
const HIGH: usize = cstr("pat pse36 pn clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe ");
const HALF: u32 = 16;
/** The family in a byte of EAX that says to look further. */
const EXTENDED_FAMILY: u32 = 15;

/** cpuinfo: there is one processor. */
export function putProcessor(_process: Process, _subject: u32): void {
  x86.cpuid(0, 0, answer);
  store<u32>(maker, load<u32>(answer, EBX));
  store<u32>(maker, load<u32>(answer, EDX), 4);
  store<u32>(maker, load<u32>(answer, ECX), 8);
  x86.cpuid(1, 0, answer);
  const version = load<u32>(answer);
  const base = (version >> 8) & 15;
  const family = base === EXTENDED_FAMILY ? base + ((version >> 20) & 255) : base;
  const model = ((version >> 4) & 15) | (base >= 6 ? (version >> 12) & 0xf0 : 0);
  put(cstr("processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\n"), <u32>maker, family);
  put(cstr("model\t\t: %u\nmodel name\t: %s i686\n"), model, <u32>maker);
  put(cstr("stepping\t: %u\nfpu\t\t: yes\nwp\t\t: yes\nflags\t\t:"), version & 15);
  const features = load<u32>(answer, EDX);
  putFeatures(features, LOW);
  putFeatures(features >> HALF, HIGH);
  put(cstr("\n\n"));
}

/** The names of the lowest HALF bits that are set. */
function putFeatures(bits: u32, names: usize): void {
  let at = names;
  for (let bit: u32 = 0; bit < HALF; bit++) {
    const isThere = ((bits >> bit) & 1) !== 0 && load<u8>(at) !== 0x2d;
    if (isThere) putByte(0x20);
    for (; load<u8>(at) !== 0x20; at++) if (isThere) putByte(load<u8>(at));
    at++;
  }
}
