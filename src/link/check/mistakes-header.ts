// Mistakes about what a boot loader reads first: its header, the program headers, the ELF class.

import { ET_DYN } from "../../abi/elf";
import { compare, hex } from "../../base/address";
import { MULTIBOOT_WINDOW, MULTIBOOT2_PC, MULTIBOOT2_WINDOW } from "./boot-protocol";
import { brokenHeaders } from "./broken-header";
import { TAG, tagOf } from "./header-tags";
import type { Finding, Mistake } from "./mistake";
import type { Subject } from "./subject";

export const headerTooFar: Mistake = {
  code: "LAY002",
  severity: "error",
  loading: "header",
  title: "the Multiboot header is where no loader looks",
  why:
    "A loader searches the first 8 KiB of the file (Multiboot 2: 32 KiB) at multiples of 4 (8) " +
    'bytes, and says "no multiboot header found". The header slips out when something is put ' +
    "before it: a build-id note, .eh_frame, a section that is aligned to a large page, or code " +
    "of an object that comes first on the command line.",
  wrong: ".text : { *(.text*) *(.multiboot) }",
  right:
    ".boot : { KEEP(*(.multiboot)) }   /* the first section of all */\n" +
    ".text : { *(.text*) }\n" +
    "gcc … -Wl,--build-id=none -z max-page-size=4096",
  find(subject) {
    const { protocols, file, sections } = subject;
    const { multiboot, multiboot2 } = protocols;
    const found: Finding[] = [];
    const tell = (name: string, offset: number, window: number, step: number) => {
      if (!isLoaded(subject, offset)) return; // LAY003
      const before = sections.find((section) => section.offset <= offset && !section.nobits);
      const where = offset % step === 0 ? `beyond the first ${window} bytes` : "not aligned";
      const pointer = pointerTo(offset, window, subject);
      if (pointer !== undefined) {
        found.push(onlyPointed(name, offset, pointer, subject));
        return;
      }
      found.push({
        what: `the ${name} header is at offset ${offset} of the file, ${where}: no loader finds it`,
        change:
          offset % step === 0
            ? `Make \`.boot : { KEEP(*(.multiboot)) }\` the first line of SECTIONS` +
              `${before ? `, before ${before.name}` : ""}, and link with -z max-page-size=4096.`
            : `Write \`.align ${step}\` before the header.`,
        subject: `${name} header`,
        place: { file: file.name },
      });
    };
    if (multiboot && !multiboot.found && !multiboot2?.found) {
      tell("Multiboot", multiboot.offset, MULTIBOOT_WINDOW, 4);
    }
    // One for another architecture is LAY034's.
    const isForPc = multiboot2?.architecture === MULTIBOOT2_PC;
    if (multiboot2 && isForPc && !multiboot2.found && !multiboot?.found) {
      tell("Multiboot 2", multiboot2.offset, MULTIBOOT2_WINDOW, 8);
    }
    return found;
  },
};

/** Where the header's address lies in its place: at a symbol, or first in a section. */
function pointerTo(offset: number, window: number, subject: Subject): bigint | undefined {
  const header = subject.addressOfByte(offset);
  const size = subject.file.bits / 8;
  const marks = new Set([...subject.sections, ...subject.symbols].map(({ address }) => address));
  return [...marks].find((address) => {
    const segment = subject.segmentAt(address);
    const at = segment && segment.offset + Number(address - segment.address);
    if (at === undefined || at >= window) return false;
    const bytes = subject.bytesAt(address, size);
    if (!bytes) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return (size === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true))) === header;
  });
}

function onlyPointed(name: string, offset: number, pointer: bigint, subject: Subject): Finding {
  const header = subject.addressOfByte(offset) ?? 0n;
  const home = subject.sectionAt(header)?.name ?? "another section";
  return {
    what:
      `the ${name} header lies in ${home}, at offset ${offset} of the file; at ${hex(pointer)}, ` +
      "where loaders look, is only its address",
    change:
      "Put the header's words themselves into .multiboot: an array or a structure, not a " +
      "pointer, a reference or a slice.",
    subject: `${name} header`,
    place: subject.placeOf(pointer),
  };
}

const HEADER_NAME = /multi_?boot|mb(oot)?_?header|limine_?req/i;

export const headerDropped: Mistake = {
  code: "LAY003",
  severity: "error",
  loading: "header",
  milder: "a symbol's name is all that speaks of a header",
  title: "the boot header was dropped or is not loaded",
  why:
    "Nothing refers to a boot header, so --gc-sections removes it unless the script says KEEP. " +
    "A section that an assembler does not know by name is not allocated unless it is declared " +
    'with "a": the linker puts it after everything that is loaded. NOLOAD makes it zeros.',
  wrong: ".section .multiboot          // no flags: not allocated\n.boot : { *(.multiboot) }",
  right: '.section .multiboot, "a"\n.boot : { KEEP(*(.multiboot)) }',
  limits:
    "A header that left no trace is missed only if you name the loader (--loader) or the objects.",
  find(subject) {
    const { protocols, file } = subject;
    const place = { file: file.name };
    const { multiboot, multiboot2, limine, pvh } = protocols;
    const named = file.sections.find(({ name, size }) => HEADER_NAME.test(name) && size > 0n);
    if (named && !named.alloc) return [notAllocated(named.name, place)];
    const header = multiboot ?? multiboot2;
    if (header) return isLoaded(subject, header.offset) ? [] : [notAllocated("the header", place)];
    if (limine || pvh) return [];
    if (brokenHeaders(file.bytes, protocols).length > 0) return []; // LAY029
    const evidence = evidenceOfHeader(subject);
    if (evidence === undefined) return [];
    const { sign, isName } = evidence;
    return [
      {
        ...(isName && { severity: "warning" }),
        what: `${sign}, but the file has no boot header`,
        change: 'Write `KEEP(*(.multiboot))` in the script, and `.section .multiboot, "a"`.',
        subject: "boot header",
        place,
      },
    ];
  },
};

function notAllocated(name: string, place: { file: string }): Finding {
  return {
    what: `${name} is in the file, but in no part of it that is loaded`,
    change: `Declare it as \`.section .multiboot, "a"\` and put it into a section of the image.`,
    subject: name,
    place,
  };
}

/** Loaders read the file, but the header's addresses and the memory manager rely on memory. */
function isLoaded(subject: Subject, offset: number): boolean {
  return subject.addressOfByte(offset) !== undefined;
}

/** Why there should be a header, and whether only a symbol's name says so. */
function evidenceOfHeader(subject: Subject): { sign: string; isName?: boolean } | undefined {
  const { layout, options, objects, sections } = subject;
  const section = sections.find(({ name }) => HEADER_NAME.test(name));
  if (section) {
    return { sign: `section ${section.name} ${section.nobits ? "is NOBITS" : "has no header"}` };
  }
  if (layout?.boot.includes("multiboot")) return { sign: 'the layout says boot: "multiboot"' };
  for (const object of objects) {
    const lost = object.sections.find(({ name }) => HEADER_NAME.test(name));
    if (lost) return { sign: `${object.name} has a section ${lost.name}` };
  }
  const [loader] = options.loaders ?? [];
  if (loader !== undefined) return { sign: `${loader} is to load it` };
  const symbol = subject.symbolsNamed(HEADER_NAME).find((each) => each.section < 0xff00);
  return symbol && { sign: `there is a symbol ${symbol.name}`, isName: true };
}

export const headersTooFar: Mistake = {
  code: "LAY004",
  severity: "error",
  loading: "image",
  title: "the program headers are where GRUB does not look",
  why:
    "GRUB reads the program headers from the same first bytes of the file as the Multiboot " +
    'header, and says "program header at a too high offset". Linkers write them right after the ' +
    "ELF header; tools that edit files (patchelf, some objcopy runs, a packer) append them.",
  wrong: "patchelf --set-rpath … kernel.elf",
  right: "Make linking the last step, and do not let a tool rewrite the headers.",
  find({ protocols, file }) {
    const { multiboot, multiboot2 } = protocols;
    if (!multiboot && !multiboot2) return [];
    const window = multiboot2 && !multiboot ? MULTIBOOT2_WINDOW : MULTIBOOT_WINDOW;
    if (file.headersEnd <= window) return [];
    return [
      {
        what: `the program headers end at offset ${file.headersEnd}; GRUB reads ${window} bytes`,
        change: "Link again, and leave out the tool that rewrote the file's headers.",
        subject: "program headers",
        place: { file: file.name },
      },
    ];
  },
};

export const wrongProtocol: Mistake = {
  code: "LAY020",
  severity: "error",
  loading: "protocol",
  title: "the ELF class and the boot protocol do not fit",
  why:
    "QEMU's -kernel takes Multiboot kernels of 32 bits only: \"Cannot load x86-64 image, give a " +
    '32bit one." It takes 64-bit files by PVH, which is a note, and a damaged note counts as ' +
    'none: "Error loading uncompressed kernel without PVH ELF Note". Limine is for 64-bit kernels.',
  wrong: "ld -m elf_x86_64 -T kernel.ld …        /* with a Multiboot 1 header */",
  right:
    "objcopy -O elf32-i386 kernel64.elf kernel.elf   /* the code stays 64-bit */\n" +
    "or a Multiboot 2 header for GRUB, or a PVH note for QEMU",
  find({ protocols, file }) {
    const place = { file: file.name };
    const found: Finding[] = [];
    const { multiboot, multiboot2, limine, pvh, tornNote } = protocols;
    if (file.bits === 64 && multiboot?.found && !multiboot2 && !limine && !pvh) {
      found.push({
        what: "a 64-bit ELF file has only a Multiboot 1 header: QEMU -kernel and v86 refuse it",
        change: "Run `objcopy -O elf32-i386 kernel.elf`, or use a Multiboot 2 header with GRUB.",
        subject: "ELF class",
        place,
      });
    }
    if (file.bits === 32 && limine && !multiboot && !multiboot2) {
      found.push({
        what: "a 32-bit ELF file speaks the Limine protocol, which is for 64-bit kernels",
        change: "Use a Multiboot header, or link with `-m elf_x86_64`.",
        subject: "ELF class",
        place,
      });
    }
    if (tornNote !== undefined) {
      found.push({
        what: `a note in ${tornNote} claims a size that it does not have`,
        change: 'Make the note\'s words name size 4, content size 4 or 8, type 18, "Xen\\0".',
        subject: tornNote,
        place,
      });
    }
    return found;
  },
};

const EFI_TAGS: readonly number[] = [TAG.efiBootServices, TAG.efiEntry32, TAG.efiEntry64];

export const fixedUnderUefi: Mistake = {
  code: "LAY024",
  severity: "warning",
  title: "a kernel for UEFI that must be loaded at a fixed address",
  why:
    "UEFI promises no memory at any address: firmware may own what lies at 1 MiB. A Multiboot 2 " +
    "kernel that asks for EFI boot services must say in the relocatable tag where it may be " +
    "put, and find out where it is before it uses any address.",
  wrong: "header: EFI boot services (7)",
  right: "header: EFI boot services (7), relocatable (10): min, max, align, preference",
  limits: "Whether the code can run elsewhere is not checked.",
  find({ protocols, file, loads }) {
    const { multiboot2 } = protocols;
    // Where tags are not aligned (LAY028), what looks like one says nothing.
    const isReadable = multiboot2?.tagsEnd === "whole";
    const wantsEfi = isReadable && multiboot2.tags.some(({ type }) => EFI_TAGS.includes(type));
    if (!wantsEfi || tagOf(multiboot2, TAG.relocatable) || file.type === ET_DYN) return [];
    const [low = 0n] = loads.map(({ loadAddress }) => loadAddress).sort(compare);
    return [
      {
        what:
          "the Multiboot 2 header has EFI tags but no relocatable tag: the kernel must be " +
          `loaded at 0x${low.toString(16)}, which UEFI may own`,
        change: "Add tag 10: `.short 10, 0; .long 24, 0x100000, 0xffffffff, 4096, 1`.",
        subject: "Multiboot 2 header",
        place: { file: file.name },
      },
    ];
  },
};
