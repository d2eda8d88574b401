// The mistake that a Multiboot 2 header is for another architecture.

import { MULTIBOOT2_PC } from "./boot-protocol";
import type { Mistake } from "./mistake";

const MIPS = 4;

export const foreignHeader: Mistake = {
  code: "LAY034",
  severity: "error",
  loading: "header",
  title: "the Multiboot 2 header is for another architecture",
  why:
    "The second word of the header says what machine it is for: 0 is protected mode of the PC, " +
    "for 64-bit kernels too, 4 is MIPS. On a PC GRUB passes over a header with any other number " +
    'and says "no multiboot header found".',
  wrong: ".long 0xe85250d6, 4, length, -(0xe85250d6 + 4 + length)      // 4: MIPS",
  right: ".long 0xe85250d6, 0, length, -(0xe85250d6 + length)",
  find(subject) {
    const { multiboot2 } = subject.protocols;
    if (!multiboot2 || multiboot2.architecture === MULTIBOOT2_PC) return [];
    const { architecture, offset } = multiboot2;
    const address = subject.addressOfByte(offset);
    const which = architecture === MIPS ? "MIPS" : "no machine that is known";
    return [
      {
        what:
          `the architecture in the Multiboot 2 header is ${architecture}, ${which}: GRUB on a PC ` +
          "passes over it",
        change: "Write 0 there, and add as much to the checksum.",
        subject: "Multiboot 2 header",
        place: address === undefined ? { file: subject.file.name } : subject.placeOf(address),
      },
    ];
  },
};
