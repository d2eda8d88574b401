// Mistakes about addresses: orphans, the end of the address space, the end of the kernel.

import { STT_NOTYPE } from "../../abi/elf";
import { hex, PAGE, pageUp } from "../../base/address";
import { isMereAddress, usesAsVariable } from "./end-as-variable";
import type { FileSection, FileSymbol } from "./linked-file";
import type { Finding, Mistake } from "./mistake";
import { endOf, loadEndOf, type Subject } from "./subject";

/** Names that compilers give to input sections, and no script to output sections. */
const COMPILERS_NAME = new RegExp(
  [
    "^\\.rodata\\.(str|cst)\\d",
    "^\\.text\\.(unlikely|startup|hot|exit)$",
    "^\\.data\\.rel(\\.local)?$",
    "^\\.(text|rodata|data|bss)\\._Z",
    "^\\.gnu\\.linkonce\\.",
  ].join("|"),
);
const WANDERER = /^\.(eh_frame|note\.|comment|gcc_except_table|init_array|fini_array|got)/;
const CONSTRUCTORS = /^\.(init_array|ctors)/;

export const orphan: Mistake = {
  code: "LAY006",
  severity: "warning",
  title: "an orphan section landed where no rule put it",
  why:
    "What a script does not name, the linker places by a rule of its own: after a section with " +
    "the same flags, or at address 0. So .eh_frame comes before the Multiboot header, " +
    ".rodata.str1.1 into the shared pages, .note.gnu.property in front of everything, and " +
    "constructors where nothing calls them; ucore's GDT was overwritten by one.",
  wrong: ".rodata : { *(.rodata) }",
  right:
    ".rodata : { *(.rodata .rodata.*) }\n/DISCARD/ : { *(.comment .note*) *(.eh_frame*) }\n" +
    "ld --orphan-handling=error",
  find(subject) {
    return subject.sections.flatMap((section) => {
      const why = reasonOfOrphan(section, subject);
      if (why === undefined) return [];
      return [
        {
          what: `${section.name} (${hex(section.address)}, ${section.size} bytes) ${why}`,
          change: changeFor(section),
          subject: section.name,
          place: subject.placeOf(section.address),
        },
      ];
    });
  },
};

function reasonOfOrphan(section: FileSection, subject: Subject): string | undefined {
  const { layout, shared, sections, loads } = subject;
  const { name, address } = section;
  const isDeclared = layout?.sections.some((each) => isPartOf(name, each.name));
  if (isDeclared) return undefined;
  if (layout) return "is in no section of the layout";
  if (COMPILERS_NAME.test(name)) return "is an input section that the script does not name";
  if (loads.length > 0 && !subject.hasContent(address) && !section.nobits) {
    return "is in no segment: it is not loaded";
  }
  if (CONSTRUCTORS.test(name) && subject.hasSymbols && !isBounded(section, subject)) {
    return "holds constructors, but no symbol marks its start: nothing calls them";
  }
  if (!WANDERER.test(name)) return undefined;
  if (shared?.contains(address)) return "has landed among the shared sections";
  if (sections[0] === section && sections.length > 1) return "lies before the whole kernel";
  return undefined;
}

/** Ours splits a section with holes into `.data`, `.data.zero`, `.data.2000`. */
function isPartOf(name: string, declared: string): boolean {
  return name === declared || name.startsWith(`${declared}.`);
}

function isBounded({ address, size }: FileSection, { symbols }: Subject): boolean {
  return symbols.some((symbol) => {
    return symbol.address === address || symbol.address === address + size;
  });
}

function changeFor({ name }: FileSection): string {
  if (CONSTRUCTORS.test(name)) {
    return `Write \`init_start = .; KEEP(*(SORT(.init_array.*) .init_array)) init_end = .;\`.`;
  }
  const stem = /^\.(text|rodata|data|bss)\b/.exec(name)?.[0];
  return stem
    ? `Write \`${stem} : { *(${stem} ${stem}.*) }\`.`
    : `Write \`/DISCARD/ : { *(${name}) }\`, or name it in a section.`;
}

export const pastTheEnd: Mistake = {
  code: "LAY010",
  severity: "error",
  loading: "image",
  milder: "a symbol for an end is 0",
  title: "something lies at or past the end of the address space",
  why:
    "After a section that ends at 4 GiB the location counter is 0. GNU ld and gold put what " +
    'follows at VMA 0 silently, even the entry point; QEMU then says "Some ROM regions are ' +
    'overlapping". lld refuses the section. A symbol for that end is 0, so `for (p = start; p < ' +
    "end; p++)` never runs.",
  wrong: ".shared 0xfffff000 : { *(.shared) . = ALIGN(4096); shared_end = .; }\n.text : { … }",
  right:
    ".text 0x100000 : { … }\n.shared 0xfffff000 : { … }   /* last */\n" +
    "shared_size = SIZEOF(.shared);",
  find(subject) {
    return [...wrapped(subject), ...zeroEnds(subject), ...beyond(subject)];
  },
};

function endsAtTop({ loads, sections, spaceEnd }: Subject): boolean {
  return (
    loads.some((segment) => endOf(segment) > spaceEnd - PAGE) ||
    sections.some(({ address, size }) => address + size > spaceEnd - PAGE)
  );
}

/** Sections that begin in page 0, and what follows them there: they came after one at the top. */
function wrapped(subject: Subject): Finding[] {
  if (!endsAtTop(subject)) return [];
  const low: FileSection[] = [];
  let next = PAGE;
  for (const section of subject.sections) {
    if (section.address >= next) break;
    low.push(section);
    next = pageUp(section.address + section.size) + PAGE;
  }
  return low.map(({ name, address }) => ({
    what:
      `${name} is linked at ${hex(address)}: it follows a section that ends at the end of the ` +
      "address space, and the address has wrapped to 0",
    change: `Move ${name} before the section that ends there, or write \`${name} 0x100000 : …\`.`,
    subject: name,
    place: subject.placeOf(address),
  }));
}

/** `shared_end = .` is 0. A `_size` beside it means that the author knew. */
function zeroEnds(subject: Subject): Finding[] {
  if (!endsAtTop(subject)) return [];
  return subject.symbols
    .filter(({ name, address }) => address === 0n && /end/i.test(name))
    .filter(({ name }) => {
      const sizeName = name.replace(/end/i, (word) => (word === "END" ? "SIZE" : "size"));
      return subject.symbolNamed(sizeName) === undefined;
    })
    .map(({ name }) => ({
      severity: "warning",
      what: `the symbol ${name} is 0: it stands for the end of the address space`,
      change: `Define \`${name.replace(/end/i, "size")} = SIZEOF(…);\` and count with it.`,
      subject: name,
      place: { file: subject.file.name },
    }));
}

function beyond({ sections, spaceEnd }: Subject): Finding[] {
  return sections
    .filter(({ address, size }) => address + size > spaceEnd)
    .map(({ name, address, size }) => ({
      what:
        `${name} reaches from ${hex(address)} to ${hex(address + size)}, beyond the last ` +
        "address",
      change: `Write \`${name} ${hex(spaceEnd)} - ALIGN(SIZEOF(${name}), 4096) : …\`.`,
      subject: name,
    }));
}

/** Larger holes part one stretch of sections from the next. */
const RUN_GAP = 1n << 20n;
/** Names that mean the end of the whole kernel. */
const KERNEL_END =
  /^_*(kernel|image|link|k)_?end(_addr|_virt(ual)?)?_*$|^_*end_?(of_)?kernel_*$|^_?end$/i;
const PHYSICAL_END = /^_*(kernel|image|k)_?(phys(ical)?_?end|end_?phys(ical)?)_*$/i;

export const earlyEnd: Mistake = {
  code: "LAY015",
  severity: "warning",
  title: "the end of the kernel is marked before its end",
  why:
    "A memory manager takes what lies past `kernel_end`. If .bss, an orphan or the load image " +
    "of a shared section comes after the symbol, it is given away and overwritten. In C the " +
    "symbol is an address: declared as `extern uint32_t kernel_end`, its use reads memory there.",
  wrong: ".data : { … }\nkernel_end = .;\n.bss : { … }",
  right:
    ".bss : { … }\nkernel_end = .;                 /* after everything that is loaded */\n" +
    "extern char kernel_end[];       // in C: an array, never an integer",
  limits:
    "That C takes the symbol for a variable is seen in 32-bit code, where an instruction reads " +
    "or writes memory at the symbol's address, but not in 64-bit code.",
  find(subject) {
    const virtual = subject
      .symbolsNamed(KERNEL_END)
      .filter(isMark)
      .flatMap((symbol) => {
        return pastVirtualEnd(symbol.name, symbol.address, subject);
      });
    const physical = subject
      .symbolsNamed(PHYSICAL_END)
      .filter(isMark)
      .flatMap((symbol) => {
        return pastPhysicalEnd(symbol.name, symbol.address, subject);
      });
    const variables = [...subject.symbolsNamed(KERNEL_END), ...subject.symbolsNamed(PHYSICAL_END)]
      .filter((symbol) => isMereAddress(symbol, subject))
      .flatMap(({ name, address }) => usesAsVariable(name, address, subject));
    return [...virtual, ...physical, ...variables];
  },
};

/** A kernel may have a variable or a function of that name; what marks an end has no size. */
function isMark({ type, size }: FileSymbol): boolean {
  return type === STT_NOTYPE && size === 0n;
}

/**
 * The first section of the run around `end` that reaches beyond it, or else what is loaded past it.
 */
function pastVirtualEnd(name: string, end: bigint, subject: Subject): Finding[] {
  const run = runAround(end, subject);
  if (!run) return [];
  const late = run.sections.filter(({ address, size }) => address + size > end);
  const [first] = late;
  if (first) return [early(name, end, first.name, first.address + first.size, subject)];
  return run.isIdentity ? pastPhysicalEnd(name, end, subject) : [];
}

/** Sections without a large gap between them, with `end` among or right after them. */
function runAround(end: bigint, subject: Subject) {
  const runs: FileSection[][] = [];
  let last = 0n;
  for (const section of subject.sections) {
    const run = runs.at(-1);
    if (run && section.address <= last + RUN_GAP) run.push(section);
    else runs.push([section]);
    last = section.address + section.size;
  }
  const sections = runs.find(([first, ...rest]) => {
    const top = rest.at(-1) ?? first;
    return first && top && end > first.address && end <= top.address + top.size + RUN_GAP;
  });
  const [first] = sections ?? [];
  return (
    sections && first && { sections, isIdentity: subject.loadAddressOf(first) === first.address }
  );
}

/** What is loaded at or past `end`, in the same stretch of physical memory. */
function pastPhysicalEnd(name: string, end: bigint, subject: Subject): Finding[] {
  const late = subject.loads.find((segment) => {
    const isNear = segment.loadAddress <= pageUp(end) + 16n * PAGE;
    return loadEndOf(segment) > end && isNear && segment.address !== segment.loadAddress;
  });
  if (!late) return [];
  const what = subject.sectionsOf(late)[0]?.name ?? `segment ${late.index}`;
  return [early(name, end, `the load image of ${what}`, loadEndOf(late), subject)];
}

function early(name: string, end: bigint, what: string, to: bigint, subject: Subject): Finding {
  return {
    what: `${name} is ${hex(end)}, but ${what} reaches up to ${hex(to)}`,
    change: `Move \`${name} = .;\` after ${what}.`,
    subject: name,
    place: { file: subject.file.name },
  };
}

/** Physical memory below 1 MiB that is not a kernel's, and whose it is. */
const RESERVED = [
  { start: 0x0n, end: 0x500n, owner: "the BIOS's vectors and data" },
  { start: 0x7c00n, end: 0x7d00n, owner: "v86's Multiboot record" },
  { start: 0x9000n, end: 0x9800n, owner: "QEMU's Multiboot record" },
  { start: 0x8_0000n, end: 0x10_0000n, owner: "the BIOS's data, video memory and ROM" },
];

export const loadersMemory: Mistake = {
  code: "LAY016",
  severity: "warning",
  title: "the kernel is loaded over memory of the firmware or the loader",
  why:
    "Below 1 MiB firmware and loaders keep their own data: a kernel there overwrites the " +
    "Multiboot record that it is about to read, or is itself overwritten. A record or a module " +
    "that lies past the kernel is lost in another way: once paging is on, unless it is mapped.",
  wrong: ". = 0x7c00;",
  right: ". = 1M;",
  limits: "Only a run shows where record and modules will lie, and whether the kernel maps them.",
  find(subject) {
    const { protocols } = subject;
    if (!protocols.multiboot && !protocols.multiboot2 && !protocols.pvh) return [];
    return subject.loads.flatMap((segment) => {
      const taken = RESERVED.find(({ start, end }) => {
        return segment.loadAddress < end && loadEndOf(segment) > start;
      });
      if (!taken) return [];
      const name = subject.sectionsOf(segment)[0]?.name ?? `segment ${segment.index}`;
      return [
        {
          what:
            `${name} is loaded at ${hex(segment.loadAddress)} to ${hex(loadEndOf(segment))}, ` +
            `over ${taken.owner} (${hex(taken.start)} to ${hex(taken.end)})`,
          change: `Load ${name} at 1 MiB or above: \`. = 1M;\`, or \`AT(1M)\`.`,
          subject: name,
          place: { file: subject.file.name },
        },
      ];
    });
  },
};
