// Code that takes a linker symbol for a variable: `extern uint32_t kernel_end;` in C makes an
// access to memory at the end of the kernel, where `extern char kernel_end[];` makes a number.
//
// In 32-bit code the address stands in the instruction as it is, so its bytes are looked for, and
// only the functions that have them are disassembled.

import { hex } from "../../base/address";
import { stepAt } from "./code-step";
import { findWord } from "./find-word";
import type { FileSection, FileSymbol } from "./linked-file";
import type { Finding } from "./mistake";
import type { Subject } from "./subject";

/** A linker symbol: nothing that has a size begins there. */
export function isMereAddress({ type, size, address }: FileSymbol, { symbols }: Subject): boolean {
  const isOwn = type === 0 && size === 0n;
  return isOwn && !symbols.some((each) => each.address === address && each.size > 0n);
}

/** Instructions of 32-bit code that read or write memory at `address`: one for each function. */
export function usesAsVariable(name: string, address: bigint, subject: Subject): Finding[] {
  if (subject.file.bits !== 32) return [];
  const found = new Map<string, bigint>();
  for (const section of subject.sections) {
    if (!section.execute) continue;
    for (const field of findWord(section.bytes, Number(address))) {
      const at = accessAround(section, field, address, subject);
      const of = at === undefined ? undefined : subject.nameOf(at)?.replace(/\+0x.*$/, "");
      if (at !== undefined && !found.has(of ?? "")) found.set(of ?? "", at);
    }
  }
  return [...found.values()].map((at) => ({
    within: subject.nameOf(at),
    what:
      `${subject.nameOf(at) ?? hex(at)} reads or writes memory at ${hex(address)}, where ` +
      `${name} marks an end and nothing is: C takes the symbol for a variable`,
    change: `Declare \`extern char ${name}[];\`, and use \`(uint32_t)${name}\`.`,
    subject: name,
    place: subject.placeOf(at),
  }));
}

/** The instruction of a function that has `address` at offset `field` and goes there. */
function accessAround(
  section: FileSection,
  field: number,
  address: bigint,
  { symbols }: Subject,
): bigint | undefined {
  const place = section.address + BigInt(field);
  const home = symbols.find(
    (s) => s.type === 2 && place >= s.address && place < s.address + s.size,
  );
  if (!home) return undefined;
  for (let at = home.address; at < place; ) {
    const step = stepAt(section, at, 32);
    if (!step) return undefined;
    const next = at + BigInt(step.length);
    if (next > place) {
      return step.references.some(({ to, use }) => use === "memory" && to === address)
        ? at
        : undefined;
    }
    at = next;
  }
  return undefined;
}
