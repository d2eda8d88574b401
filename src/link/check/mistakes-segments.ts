// Mistakes about segments: permissions, overlaps, and VMAs and LMAs that do not fit each other.

import { compare, hex, PAGE, pageDown } from "../../base/address";
import type { FileSection, FileSegment } from "./linked-file";
import type { Finding, Mistake, Severity } from "./mistake";
import { describeSegment, endOf, loadEndOf, permissionText, type Subject } from "./subject";

/** From here on 32-bit addresses reach no RAM on a PC, but devices and firmware. */
const DEVICES = 0xc000_0000n;
/** An image with its VMA as LMA up here was most likely not meant to be loaded there. */
const UNLIKELY = 0x4000_0000n;

export const writableCode: Mistake = {
  code: "LAY001",
  severity: "warning",
  title: "a segment is writable and executable",
  why:
    'GNU ld says "has a LOAD segment with RWX permissions". It puts sections that follow each ' +
    "other on one page into one segment, which gets the permissions of all of them; so a stray " +
    "pointer can change code, and data can be run: seL4's stack was once executable this way.",
  wrong: ".text : { *(.text*) }\n.data : { *(.data*) }",
  right:
    ".text : { *(.text*) }\n. = ALIGN(CONSTANT(MAXPAGESIZE));\n.data : { *(.data*) }\n" +
    "or PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }",
  find(subject) {
    return subject.loads
      .filter(({ write, execute }) => write && execute)
      .map((segment) => {
        const sections = subject.sectionsOf(segment);
        const both = sections.find((section) => section.write && section.execute);
        const data = sections.find((section) => section.write);
        const name = describeSegment(segment, subject);
        return {
          what: `${name} at ${hex(segment.address)} can be written and executed`,
          change: both
            ? `Split ${both.name}: code as \`"ax"\`, writable data as \`"aw"\`.`
            : `Put \`. = ALIGN(CONSTANT(MAXPAGESIZE));\` before ${data?.name ?? ".data"}.`,
          subject: name,
          place: subject.placeOf(segment.address),
        };
      });
  },
};

export const overlap: Mistake = {
  code: "LAY005",
  severity: "error",
  loading: "image",
  milder: "segments share a page, are empty, or are not congruent with the file",
  title: "segments overlap, are empty or share a page",
  why:
    'GRUB says "overlap detected", QEMU "Some ROM regions are overlapping" or nothing, and of ' +
    "two sections one is overwritten. Where two segments meet in the middle of a page, one " +
    "page-table entry must serve for both, so it has the permissions of neither.",
  wrong: ".text 0x100000 : { … }\n.data : AT(0x100000) { … }",
  right: ".text 0x100000 : { … }\n.data ALIGN(4096) : { … }",
  find(subject) {
    return [...overlaps(subject), ...empties(subject), ...shapes(subject), ...meetings(subject)];
  },
};

function overlaps(subject: Subject): Finding[] {
  const views = [
    { of: "LMA", start: (s: FileSegment) => s.loadAddress, end: loadEndOf },
    { of: "VMA", start: (s: FileSegment) => s.address, end: endOf },
  ];
  return views.flatMap(({ of, start, end }) => {
    const sorted = [...subject.loads].sort((a, b) => compare(start(a), start(b)));
    return sorted.flatMap((upper, index) => {
      const lower = sorted[index - 1];
      if (!lower || end(lower) <= start(upper)) return [];
      const names = [lower, upper].map((segment) => describeSegment(segment, subject));
      return [
        {
          what:
            `${names[0]} (${of} up to ${hex(end(lower))}) overlaps ${names[1]} (${of} from ` +
            `${hex(start(upper))})`,
          change:
            of === "LMA"
              ? `Give the second one \`AT(ALIGN(LOADADDR(…) + SIZEOF(…), 4096))\` of its own.`
              : `Put \`. = ALIGN(4096);\` between them, and use no address that is taken.`,
          subject: `segment ${upper.index}`,
          place: { file: subject.file.name },
        },
      ];
    });
  });
}

function empties({ file, protocols }: Subject): Finding[] {
  return file.segments
    .filter(({ type, memorySize }) => type === 1 && memorySize === 0n)
    .map(({ index, address }) => ({
      // Limine passes over it, and its own template has one until there is data.
      severity: protocols.limine ? "note" : "warning",
      what: `segment ${index} at ${hex(address)} is empty`,
      change: "Remove its line from PHDRS, or the section without content that it is for.",
      subject: `segment ${index}`,
      place: { file: file.name },
    }));
}

/** What the gABI demands of p_filesz and p_align. */
function shapes(subject: Subject): Finding[] {
  return subject.loads.flatMap((segment) => {
    const { align, address, offset, fileSize, memorySize, index } = segment;
    const finding = (what: string, change: string, severity: Severity): Finding[] => [
      { severity, what, change, subject: `segment ${index}`, place: { file: subject.file.name } },
    ];
    if (BigInt(fileSize) > memorySize) {
      const what = `segment ${index} has ${fileSize} bytes in the file and ${memorySize} in memory`;
      return finding(what, "Link again: a tool has changed the program headers.", "error");
    }
    const isCongruent = align <= 1n || (address - BigInt(offset)) % align === 0n;
    if (isCongruent || fileSize === 0) return [];
    const what =
      `segment ${index} is at ${hex(address)} in memory and at offset ${offset} in the file, ` +
      `which differ modulo its alignment ${align}`;
    return finding(what, `Put \`. = ALIGN(${align});\` before it.`, "warning");
  });
}

/** Two segments with different permissions in one page. */
function meetings(subject: Subject): Finding[] {
  if (subject.protocols.limine) return []; // LAY022 says it in that protocol's words
  const sorted = [...subject.loads].sort((a, b) => compare(a.address, b.address));
  return sorted.flatMap((upper, index) => {
    const lower = sorted[index - 1];
    return lower ? meeting(lower, upper, subject) : [];
  });
}

/** The finding that `lower` and `upper` have different permissions and share a page. */
export function meeting(lower: FileSegment, upper: FileSegment, subject: Subject): Finding[] {
  const page = pageDown(upper.address);
  const isShared = endOf(lower) > page && endOf(lower) <= upper.address;
  if (!isShared || permissionText(lower) === permissionText(upper)) return [];
  const [first] = subject.sectionsOf(upper);
  return [
    {
      severity: subject.protocols.limine ? "error" : "warning",
      what:
        `${describeSegment(lower, subject)} (${permissionText(lower)}) and ` +
        `${describeSegment(upper, subject)} (${permissionText(upper)}) share the page ` +
        `${hex(page)}`,
      change: `Put \`. = ALIGN(4096);\` before ${first?.name ?? "the second one"}.`,
      subject: `segment ${upper.index}`,
      place: { file: subject.file.name },
    },
  ];
}

export const oddDistance: Mistake = {
  code: "LAY007",
  severity: "warning",
  title: "VMA - LMA is not a multiple of the page size",
  why:
    "A page table maps pages: a section can be seen at its VMA only if VMA and LMA have the " +
    "same offset in their pages. No linker warns of it. gold does not align the LMA of a " +
    "section with `>SHARED AT>KERNEL`, and parking a section by its exact size also gives such " +
    "a VMA.",
  wrong: ".shared 0x100000000 - SIZEOF(.shared) : AT(_kernel_end) { … }",
  right: ".shared 0x100000000 - ALIGN(SIZEOF(.shared), 4096) : AT(ALIGN(_kernel_end, 4096)) { … }",
  find(subject) {
    return subject.loads
      .filter(({ address, loadAddress }) => (address - loadAddress) % PAGE !== 0n)
      .map((segment) => ({
        what:
          `${describeSegment(segment, subject)} is linked at ${hex(segment.address)} and loaded ` +
          `at ${hex(segment.loadAddress)}: their offsets in a page differ, so it cannot be ` +
          "mapped",
        change: `Write \`: ALIGN(4096) AT(ALIGN(…, 4096))\` at ${firstName(segment, subject)}.`,
        subject: firstName(segment, subject),
        place: { file: subject.file.name },
      }));
  },
};

function firstName(segment: FileSegment, subject: Subject): string {
  return subject.sectionsOf(segment)[0]?.name ?? `segment ${segment.index}`;
}

export const loadedHigh: Mistake = {
  code: "LAY008",
  severity: "error",
  loading: "image",
  title: "a high section without AT is loaded at its high address",
  why:
    "The LMA is the VMA unless the script says something else. A loader then wants memory at " +
    'the high address: GRUB says "out of memory", QEMU reads gigabytes or stops silently, v86 ' +
    "leaves the section out.",
  wrong: ".shared 0xfffff000 : { … }",
  right: ".shared 0xfffff000 : AT(ALIGN(LOADADDR(.bss) + SIZEOF(.bss), 4096)) { … }",
  find(subject) {
    if (subject.protocols.limine) return []; // That loader uses the VMA, wherever it has memory.
    return subject.loads.filter(isLoadedHigh).map((segment) => ({
      what:
        `${describeSegment(segment, subject)} is loaded at ${hex(segment.loadAddress)}` +
        (segment.loadAddress >= DEVICES ? ", where a PC has no memory" : ", its virtual address"),
      change: `Write \`AT(…)\` at ${firstName(segment, subject)}: an address past the kernel's.`,
      subject: firstName(segment, subject),
      place: { file: subject.file.name },
    }));
  },
};

function isLoadedHigh({ address, loadAddress, memorySize }: FileSegment): boolean {
  if (loadAddress + memorySize > DEVICES) return true;
  return loadAddress >= UNLIKELY && address === loadAddress;
}

export const inheritedLoad: Mistake = {
  code: "LAY009",
  severity: "warning",
  title: "a section inherited the load address of another",
  why:
    "After a section with AT or AT>, GNU ld keeps the distance between VMA and LMA for what " +
    "follows in the same region, and does not for what follows in another; NOLOAD and OVERLAY " +
    "move it too. So sections that lie side by side in memory are loaded apart, and a mapping " +
    "that was right for the first is wrong for the second. NOLOAD also drops content.",
  wrong: ".text 0x100000 : { … }\n.rodata : AT(0x180000) { … }\n.data : { … }   /* LMA 0x18…! */",
  right: ".rodata : AT(ADDR(.rodata)) { … }\n.data : AT(ADDR(.data)) { … }",
  find(subject) {
    return [...distanceChanges(subject), ...droppedContent(subject)];
  },
};

/** Neighbours in memory whose distances between VMA and LMA differ. */
function distanceChanges(subject: Subject): Finding[] {
  const sorted = [...subject.loads].sort((a, b) => compare(a.address, b.address));
  return sorted.flatMap((upper, index) => {
    const lower = sorted[index - 1];
    if (!lower || upper.address - endOf(lower) > 2n * PAGE || isLoadedHigh(upper)) return [];
    // Shared sections are mapped one by one, so each may be loaded where there is room.
    if ([lower, upper].every(({ address }) => subject.shared?.contains(address))) return [];
    const before = lower.address - lower.loadAddress;
    const after = upper.address - upper.loadAddress;
    if (before === after || (after % PAGE !== 0n && before % PAGE === 0n)) return [];
    const name = firstName(upper, subject);
    return [
      {
        what:
          `${name} follows ${subject.sectionsOf(lower).at(-1)?.name ?? "the segment"} at ` +
          `${hex(upper.address)}, but is loaded at ${hex(upper.loadAddress)} and not at ` +
          `${hex(BigInt.asUintN(64, upper.address - before))}`,
        change: `Write \`AT(ADDR(${name}) - (ADDR(…) - LOADADDR(…)))\` at ${name}.`,
        subject: name,
        place: { file: subject.file.name },
      },
    ];
  });
}

const HAS_CONTENT = /^\.(text|rodata)/;

function droppedContent(subject: Subject): Finding[] {
  return subject.sections
    .filter(({ nobits, name }) => nobits && HAS_CONTENT.test(name))
    .map(({ name, address }) => ({
      what: `${name} has no content in the file: NOLOAD has made it zeros`,
      change: `Remove \`(NOLOAD)\` from ${name}.`,
      subject: name,
      place: subject.placeOf(address),
    }));
}

const SPARSE_SPAN = 16n << 20n;

export const sparseBinary: Mistake = {
  code: "LAY021",
  severity: "warning",
  title: "the load addresses are so far apart that a flat binary is huge",
  why:
    "`objcopy -O binary` writes everything from the lowest LMA to the highest, so one section " +
    "far away makes a file of gigabytes; loaders that reserve one span (QEMU) reserve that much.",
  wrong: ".text 0x100000 : { … }\n.shared 0x20000000 : { … }",
  right: ".shared 0x20000000 : AT(ALIGN(LOADADDR(.text) + SIZEOF(.text), 4096)) { … }",
  find(subject) {
    const near = subject.loads.filter((segment) => !isLoadedHigh(segment));
    const sorted = near.sort((a, b) => compare(a.loadAddress, b.loadAddress));
    const last = sorted.at(-1);
    const [first] = sorted;
    if (!first || !last || subject.protocols.limine) return [];
    const span = loadEndOf(last) - first.loadAddress;
    const bytes = near.reduce((sum, { memorySize }) => sum + memorySize, 0n);
    if (span < SPARSE_SPAN || span < 8n * bytes) return [];
    return [
      {
        what:
          `the image has ${bytes} bytes, but its load addresses span ${span}: from ` +
          `${hex(first.loadAddress)} to ${hex(loadEndOf(last))}`,
        change: `Write \`AT(…)\` at ${firstName(last, subject)}: an address past the others.`,
        subject: firstName(last, subject),
        place: { file: subject.file.name },
      },
    ];
  },
};

export const lostBss: Mistake = {
  code: "LAY014",
  severity: "warning",
  title: ".bss or COMMON is not in what is reserved and cleared",
  why:
    "What a loader zeroes is p_memsz - p_filesz of a segment, and what start-up code zeroes is " +
    "between two symbols. Zeros outside both are whatever the machine left there: variables " +
    "with random values, or a stack that GRUB has put a module into.",
  wrong: "__bss_start = .;\n.bss : { *(.bss) }\n__bss_end = .;        /* COMMON comes later */",
  right: ".bss : { __bss_start = .; *(.bss .bss.*) *(COMMON) __bss_end = .; }",
  find(subject) {
    const zeros = subject.sections.filter(({ nobits, write }) => nobits && write);
    return [
      ...zeros.filter((section) => !isCovered(section, subject)).map((s) => uncovered(s, subject)),
      ...subject.sections.filter(({ name }) => name === "COMMON").map(orphanedCommon),
      ...outsideBounds(subject),
    ];
  },
};

function isCovered({ address, size }: FileSection, { loads, modules }: Subject): boolean {
  const parts = modules.flatMap((module) => module.parts.map(({ segment }) => segment));
  return [...loads, ...parts].some(
    (segment) => address >= segment.address && address + size <= endOf(segment),
  );
}

function uncovered({ name, address, size }: FileSection, subject: Subject): Finding {
  return {
    what:
      `${name} (${hex(address)} to ${hex(address + size)}) is in no segment: no loader reserves ` +
      "or zeroes it",
    change: `Put ${name} into a segment: \`${name} : { … } :data\`, or leave PHDRS out.`,
    subject: name,
    place: subject.placeOf(address),
  };
}

function orphanedCommon({ name, address, size }: FileSection): Finding {
  return {
    what: `${size} bytes of COMMON are a section of their own at ${hex(address)}`,
    change: "Write `*(COMMON)` into .bss, or compile with -fno-common.",
    subject: name,
  };
}

const BSS_START = /^_*(s?bss_?(start|begin)|sbss|start_bss)_*$/i;
const BSS_END = /^_*(bss_?(end|stop)|ebss|end_bss)_*$/i;

/** .bss sections outside the symbols that start-up code clears between. */
function outsideBounds(subject: Subject): Finding[] {
  const [start] = subject.symbolsNamed(BSS_START);
  const [end] = subject.symbolsNamed(BSS_END);
  if (!start || !end || end.address < start.address) return [];
  return subject.sections
    .filter(({ name, nobits }) => nobits && /^\.bss/.test(name))
    .filter(({ address, size }) => address < start.address || address + size > end.address)
    .map(({ name, address, size }) => ({
      what:
        `${name} (${hex(address)} to ${hex(address + size)}) is not between ${start.name} ` +
        `(${hex(start.address)}) and ${end.name} (${hex(end.address)})`,
      change: `Move \`${start.name} = .;\` and \`${end.name} = .;\` around ${name}.`,
      subject: name,
      place: subject.placeOf(address),
    }));
}
