// The two 8259A interrupt controllers: 15 lines onto vectors of the kernel's choice.
//
//   lines 0..7   the first chip, line 2 is where the second chip is wired in
//   lines 8..15  the second chip
//
// A chip that lost its request before the processor asked reports its line 7 (or 15) all the same:
// such a spurious interrupt has no in-service bit and must not be acknowledged. See the 8259A data
// sheet, "Initialization Command Words" and "Default IR7 Routine".

import { VECTOR_IRQ } from "../../src/abi/descriptors";
import { inb, outb } from "../../src/abi/x86";

export const IRQ_TIMER: u32 = 0;
export const IRQ_KEYBOARD: u32 = 1;
const IRQ_CASCADE: u32 = 2;
/** The second serial port. */
export const IRQ_WINDOW: u32 = 3;
export const IRQ_SERIAL: u32 = 4;

const FIRST_COMMAND: u32 = 0x20;
const FIRST_DATA: u32 = 0x21;
const SECOND_COMMAND: u32 = 0xa0;
const SECOND_DATA: u32 = 0xa1;

/** ICW1: edge triggered, cascaded, ICW4 follows. */
const INITIALIZE: u32 = 0x11;
/** ICW4: 8086 mode, end of interrupt by command. */
const MODE_8086: u32 = 0x01;
const END_OF_INTERRUPT: u32 = 0x20;
const READ_IN_SERVICE: u32 = 0x0b;
const LAST_LINE: u32 = 7;
const LINES_PER_CHIP: u32 = 8;

/** The lines that are masked, bit n for line n. */
let masked: u32 = 0xffff;

/** Routes the lines to VECTOR_IRQ.. and masks all of them. */
export function startPic(): void {
  outb(FIRST_COMMAND, INITIALIZE);
  outb(SECOND_COMMAND, INITIALIZE);
  outb(FIRST_DATA, VECTOR_IRQ);
  outb(SECOND_DATA, VECTOR_IRQ + LINES_PER_CHIP);
  outb(FIRST_DATA, 1 << IRQ_CASCADE);
  outb(SECOND_DATA, IRQ_CASCADE);
  outb(FIRST_DATA, MODE_8086);
  outb(SECOND_DATA, MODE_8086);
  writeMasks();
}

/** Lets line `irq` through. */
export function unmaskPic(irq: u32): void {
  masked &= ~((1 << irq) | (1 << IRQ_CASCADE));
  writeMasks();
}

/** Tells the chips that the interrupt of line `irq` is taken care of. */
export function acknowledgePic(irq: u32): void {
  if (irq >= LINES_PER_CHIP) outb(SECOND_COMMAND, END_OF_INTERRUPT);
  outb(FIRST_COMMAND, END_OF_INTERRUPT);
}

/** True for a line 7 or 15 that no device asked for; it is acknowledged as far as it must be. */
export function isSpuriousByPic(irq: u32): bool {
  if (irq === LAST_LINE) return !isInService(FIRST_COMMAND);
  if (irq !== LINES_PER_CHIP + LAST_LINE || isInService(SECOND_COMMAND)) return false;
  outb(FIRST_COMMAND, END_OF_INTERRUPT); // the first chip did see a request: the cascade's
  return true;
}

function isInService(command: u32): bool {
  outb(command, READ_IN_SERVICE);
  return (inb(command) & (1 << LAST_LINE)) !== 0;
}

function writeMasks(): void {
  outb(FIRST_DATA, masked & 0xff);
  outb(SECOND_DATA, masked >> LINES_PER_CHIP);
}
