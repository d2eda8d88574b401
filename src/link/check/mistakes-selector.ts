// The mistake that CS keeps the boot loader's selector after the kernel has loaded its own GDT.

import { hex } from "../../base/address";
import { placesOfLoad } from "./loaded-tables";
import type { Mistake } from "./mistake";
import { afterLoad } from "./segment-reload";
import type { Subject } from "./subject";

const JUMP_FAR = 0xea;
const JUMP_SIZE = 7;

export const oldSelector: Mistake = {
  code: "LAY032",
  severity: "warning",
  title: "CS is not reloaded after LGDT",
  why:
    "LGDT changes no segment register: CS keeps the loader's selector, which is 0x10 under GRUB " +
    "and 0x08 under qemu -kernel. The first interrupt pushes it, and IRET looks it up in the new " +
    "table, where it is another segment or none: a general protection fault for every interrupt, " +
    "with one loader and not with the other.",
  wrong: "lgdt gdt_descriptor\nmov $0x10, %ax\nmov %ax, %ds",
  right: "lgdt gdt_descriptor\nljmp $0x08, $1f\n1: mov $0x10, %ax\nmov %ax, %ds",
  limits:
    "32-bit kernels in which no code reloads CS after LGDT, and STI or INT follows it on a path " +
    "without calls through pointers.",
  find(subject) {
    const { multiboot, multiboot2, pvh } = subject.protocols;
    const isByLoader = multiboot?.found || multiboot2?.found || pvh;
    if (subject.file.bits !== 32 || !isByLoader || jumpsFar(subject)) return [];
    const loads = placesOfLoad("GDT", subject).map(({ from, length }) => ({
      from,
      outcome: afterLoad(from, length, subject),
    }));
    // With its own selector in CS, a kernel may load a table that has it in the same place.
    if (loads.some(({ outcome }) => outcome.reloads)) return [];
    const [first] = loads.filter(({ outcome }) => outcome.interrupt !== undefined);
    if (!first) return [];
    const { from, outcome } = first;
    const interrupt = outcome.interrupt ?? from;
    return [
      {
        what:
          `CS is not reloaded after LGDT at ${subject.nameOf(from) ?? hex(from)}: its value is ` +
          `the loader's when ${subject.nameOf(interrupt) ?? hex(interrupt)} lets interrupts in`,
        change: "Write `ljmp $0x08, $1f` and `1:` right after `lgdt`, with your code selector.",
        subject: subject.nameOf(from)?.replace(/\+0x.*$/, "") ?? "LGDT",
        place: subject.placeOf(from),
      },
    ];
  },
};

/** Whether there is a far jump to code of the image, wherever it stands. */
function jumpsFar(subject: Subject): boolean {
  return subject.sections.some(({ execute, bytes }) => {
    if (!execute) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = bytes.indexOf(JUMP_FAR); at >= 0; at = bytes.indexOf(JUMP_FAR, at + 1)) {
      if (at + JUMP_SIZE > bytes.length) return false;
      const selector = view.getUint16(at + 5, true);
      const target = BigInt(view.getUint32(at + 1, true));
      const isSelector = selector > 0 && selector % 8 === 0 && selector < 0x100;
      if (isSelector && subject.linkedAddressOf(target) !== undefined) return true;
    }
    return false;
  });
}
