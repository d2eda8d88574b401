// Page tables that are part of the image: found by name, read as the processor would read them.

import { hex, PAGE } from "../../base/address";
import type { FileSymbol } from "./linked-file";
import type { Finding } from "./mistake";
import type { Subject } from "./subject";

const TABLE_NAME = /(page_?(dir|table|map)|(^|_)(pml4|pdpt?|pgd|pgdir|ptes?|pdir|ptab)(_|\d|$))/i;
const PRESENT = 1n;
const USER = 4n;
const LARGE = 0x80n;
const ADDRESS = 0x000f_ffff_ffff_f000n;
const SHOWN = 3;

/** What is wrong with the tables of `subject`. */
export function staticTables(subject: Subject): Finding[] {
  const tables = subject.symbolsNamed(TABLE_NAME).filter(({ type, size, section }) => {
    return type !== 2 && section < 0xff00 && size > 0n && size % PAGE === 0n;
  });
  return tables.flatMap((table) => [...misaligned(table, subject), ...userEntries(table, subject)]);
}

function misaligned({ name, address }: FileSymbol, subject: Subject): Finding[] {
  if (address % PAGE === 0n) return [];
  return [
    {
      what: `${name} at ${hex(address)} does not begin a page: the processor takes another address`,
      change: `Write \`.balign 4096\` before it, or \`__attribute__((aligned(4096)))\`.`,
      subject: name,
      place: subject.placeOf(address),
    },
  ];
}

/** Entries that give user mode a frame that the kernel's image is loaded to. */
function userEntries({ name, address, size }: FileSymbol, subject: Subject): Finding[] {
  const bytes = subject.bytesAt(address, Number(size));
  if (!bytes) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = subject.file.bits / 8;
  const found: Finding[] = [];
  for (let at = 0; at + width <= bytes.length && found.length < SHOWN; at += width) {
    const entry = width === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
    if ((entry & PRESENT) === 0n || (entry & USER) === 0n) continue;
    const frame = entry & ADDRESS;
    const reach = (entry & LARGE) !== 0n ? 4n << 20n : PAGE;
    const hit = subject.loads.find(({ loadAddress, memorySize }) => {
      return loadAddress < frame + reach && loadAddress + memorySize > frame;
    });
    if (!hit) continue;
    found.push({
      what:
        `entry ${at / width} of ${name} (${hex(entry)}) gives user mode the frame ` +
        `${hex(frame)}, which holds the kernel`,
      change: `Clear bit 2 (U/S): \`${hex(entry & ~USER)}\`.`,
      subject: name,
      place: subject.placeOf(address),
    });
  }
  return found;
}
