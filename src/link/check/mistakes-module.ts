// Mistakes about a separate ELF file that the boot loader loads as a module.

import { compare, hex } from "../../base/address";
import { TAG, tagOf } from "./header-tags";
import type { FileSymbol } from "./linked-file";
import type { Finding, Mistake } from "./mistake";
import type { ModuleFile } from "./module-file";
import { describeSegment, endOf, type Subject } from "./subject";

/** Multiboot 1, flags: modules must begin on pages. */
const PAGE_ALIGNED = 1;
/** How many of the symbols that moved are named. */
const SHOWN = 3;

export const strangeModule: Mistake = {
  code: "LAY027",
  severity: "error",
  milder: "the header does not ask for modules on pages; a note if the module was not given",
  title: "the module and the kernel do not match",
  why:
    "A trampoline in a file of its own is linked together with the kernel: each has the other's " +
    "addresses in it. A module from another build sends the kernel, at the first interrupt, to " +
    "wherever the code was. And it is mapped by the kernel, page by page: that needs addresses " +
    "that nothing else has, and a module that begins on a page, which a Multiboot header asks " +
    "for with bit 0 of its flags (Multiboot 2: tag 6).",
  wrong: "make kernel.elf          # and trampoline.elf of yesterday\n.long MAGIC, 0, -(MAGIC + 0)",
  right: "make kernel.elf trampoline.elf\n.long MAGIC, 1, -(MAGIC + 1)",
  limits:
    "Give the module after the kernel: `isthmus check kernel.elf trampoline.elf`. Two builds " +
    "are told apart by symbols that both files have, so not if the files are stripped.",
  find(subject) {
    return [
      ...missing(subject),
      ...subject.modules.flatMap((module) => [
        ...strangers(module, subject),
        ...moved(module, subject),
        ...overlaps(module, subject),
        ...unaligned(module, subject),
      ]),
    ];
  },
};

/** The layout names modules, and the check got none of that name or none with those sections. */
function missing({ layout, sections, file }: Subject): Finding[] {
  const plans = layout?.sections.filter(({ module }) => module !== undefined) ?? [];
  return [...new Set(plans.map(({ module }) => module))].flatMap((module) => {
    const names = plans.filter((plan) => plan.module === module).map(({ name }) => name);
    if (sections.some(({ name }) => names.includes(name))) return [];
    return [
      {
        severity: "note",
        what: `the layout puts ${names.join(", ")} into ${module}.elf, which was not given`,
        change: `Check both: \`npx isthmus check ${file.name} ${module}.elf\`.`,
        subject: `${module}.elf`,
        place: { file: file.name },
      },
    ];
  });
}

function strangers({ file, parts }: ModuleFile, subject: Subject): Finding[] {
  const finding = (what: string, change: string): Finding[] => [
    { what, change, subject: file.name, place: { file: file.name } },
  ];
  if (file.bits !== subject.file.bits) {
    const what = `${file.name} has ${file.bits} bits, the kernel ${subject.file.bits}`;
    return finding(what, "Link both for the same machine.");
  }
  if (parts.length > 0) return [];
  return finding(`${file.name} has no segment to map`, "Put the shared sections into it.");
}

/** Symbols of the module that the kernel's file has at other addresses. */
function moved({ file, symbols }: ModuleFile, subject: Subject): Finding[] {
  const kernel = new Map<string, FileSymbol[]>();
  for (const symbol of subject.file.symbols) {
    if (symbol.section === 0 || symbol.binding === 0) continue;
    kernel.set(symbol.name, [...(kernel.get(symbol.name) ?? []), symbol]);
  }
  const wrong = symbols.filter(({ name, address, binding }) => {
    const same = binding === 0 || name === "" ? undefined : kernel.get(name);
    return same !== undefined && !same.some((each) => each.address === address);
  });
  return wrong.slice(0, SHOWN).map(({ name, address }, index) => {
    const more = index === SHOWN - 1 ? wrong.length - SHOWN : 0;
    const others = more > 0 ? `; so are ${more} others` : "";
    return {
      what:
        `${name} is at ${hex(address)} in ${file.name}, but the kernel was linked with it at ` +
        `${hex(kernel.get(name)?.[0]?.address ?? 0n)}${others}`,
      change: "Link both again with one command, and let the boot loader load both.",
      subject: name,
      place: { file: file.name },
    };
  });
}

function overlaps({ file, parts }: ModuleFile, subject: Subject): Finding[] {
  const others = [
    ...subject.loads.map((segment) => ({ segment, of: describeSegment(segment, subject) })),
    ...subject.modules
      .filter((module) => module.file !== file)
      .flatMap((module) =>
        module.parts.map(({ segment }) => ({
          segment,
          of: `segment ${segment.index} of ${module.file.name}`,
        })),
      ),
  ].sort((a, b) => compare(a.segment.address, b.segment.address));
  return parts.flatMap(({ segment, names }) => {
    const hit = others.find((other) => {
      return segment.address < endOf(other.segment) && endOf(segment) > other.segment.address;
    });
    if (!hit) return [];
    return [
      {
        what:
          `${names.join(", ") || `segment ${segment.index}`} of ${file.name}, at ` +
          `${hex(segment.address)}, overlaps ${hit.of} at ${hex(hit.segment.address)}`,
        change: "Give the module's sections a region of their own.",
        subject: names[0] ?? file.name,
        place: { file: file.name },
      },
    ];
  });
}

/** Pages can be mapped only if the file begins on one. */
function unaligned({ file, parts }: ModuleFile, { protocols, file: kernel }: Subject): Finding[] {
  const { multiboot, multiboot2 } = protocols;
  const asks =
    (multiboot && (multiboot.flags & PAGE_ALIGNED) !== 0) ||
    tagOf(multiboot2, TAG.moduleAlignment) !== undefined;
  const isMapped = parts.some(({ mustCopy }) => mustCopy === undefined);
  if (asks || !isMapped || !(multiboot || multiboot2)) return [];
  return [
    {
      severity: "warning",
      what: `the boot header does not ask for modules on pages, which ${file.name} needs`,
      change: multiboot
        ? "Set bit 0 of the flags: `.long MAGIC, 1, -(MAGIC + 1)`."
        : "Add tag 6: `.short 6, 0; .long 8`.",
      subject: "boot header",
      place: { file: kernel.name },
    },
  ];
}
