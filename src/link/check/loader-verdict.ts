// What each boot loader will do with the file: load it, load a part of it, or refuse it, and why.
//
// The rules are those of the loaders' sources (GRUB 2.06 loader/multiboot_elfxx.c, QEMU 7.2
// hw/i386/multiboot.c and include/hw/elf_ops.h, v86 0.5 src/cpu.js, Limine 8.2 common/lib/elf.c);
// test/link/check/loader-verdict.test.ts boots each case and compares, except for Limine.
//
//   address used     GRUB, QEMU, v86: p_paddr. Limine: p_vaddr, wherever it has memory
//   what it costs    GRUB: each segment for itself, and all sections without an address (debug
//                    information) besides. QEMU: one buffer from the lowest to the highest address
//   entry            translated by the segment that it lies in: GRUB any header, QEMU what is in
//                    the file and executable, v86 what was loaded; else QEMU and v86 jump to
//                    e_entry. By PVH: what the note says, a physical address
//   modules          GRUB and QEMU load any number, on pages; v86 one
//   Multiboot 2      GRUB alone; with a relocatable tag the image goes where there is room

import { ET_DYN, ET_EXEC, SHT_REL, SHT_RELA } from "../../abi/elf";
import { compare, hex } from "../../base/address";
import { MULTIBOOT_ADDRESSES, MULTIBOOT_WINDOW, MULTIBOOT2_WINDOW } from "./boot-protocol";
import { headerAddresses, notLoaded } from "./header-addresses";
import { type HeaderTag, TAG, tagOf } from "./header-tags";
import { limineRefusal, limineSpan, uncountedByLimine } from "./judge-limine";
import type { FileSegment } from "./linked-file";
import { describeSegment, endOf, loadEndOf, type Subject } from "./subject";

export const LOADERS = ["grub", "qemu", "v86", "limine"] as const;
export type Loader = (typeof LOADERS)[number];

export type GrubCommand = "multiboot" | "multiboot2";
const COMMANDS = { 1: "multiboot", 2: "multiboot2" } as const;

export interface LoaderVerdict {
  readonly loader: Loader;
  /** partly: it starts, but something of the image is not where it should be. */
  readonly outcome: "loads" | "partly" | "refuses";
  /** GRUB's command for the header that it is about. */
  readonly command?: GrubCommand;
  /** Whether our tests boot that loader and compare, or only its source's rules are known. */
  readonly basis: "booted" | "rules";
  /** In the loader's own words where it has any. */
  readonly reasons: readonly string[];
  /** Physical memory from the lowest to the highest load address. */
  readonly span: { readonly start: bigint; readonly end: bigint } | undefined;
  /** The physical address where execution begins. */
  readonly entry: bigint | undefined;
}

/** RAM below the devices: what a 32-bit address can reach at the most. */
const MEMORY_MAX = 0xc000_0000n;
/** What QEMU gives a machine by default. */
const USUAL_MEMORY = 128n << 20n;
/** QEMU wants room for the largest header. */
const QEMU_WINDOW = MULTIBOOT_WINDOW - 48;
const GRUB_UNKNOWN_FLAGS = 0xfff8;
/** The firmware, which includes QEMU's loader, and the hole in RAM that it and the screen make. */
const FIRMWARE = 0xc_0000n;
const HOLE = { start: 0xa_0000n, end: 0x10_0000n };

/**
 * What `loader` does by the first protocol that it finds.
 *
 * @param memory bytes of RAM that the machine has; default: as much as a PC can have below 4
 * GiB
 */
export function judgeLoader(loader: Loader, subject: Subject, memory = MEMORY_MAX): LoaderVerdict {
  const judges = { grub: judgeGrub, qemu: judgeQemu, v86: judgeV86, limine: judgeLimine };
  return judges[loader](subject, memory);
}

/** What `loader` does by each protocol: GRUB has a command for either version of Multiboot. */
export function judgeProtocols(
  loader: Loader,
  subject: Subject,
  memory = MEMORY_MAX,
): LoaderVerdict[] {
  const { multiboot, multiboot2 } = subject.protocols;
  const first = judgeLoader(loader, subject, memory);
  if (loader !== "grub" || !multiboot?.found || !multiboot2?.found) return [first];
  return [first, judgeGrub(subject, memory, 2)];
}

function verdict(
  loader: Loader,
  subject: Subject,
  outcome: LoaderVerdict["outcome"],
  reasons: readonly string[],
  entry?: bigint,
): LoaderVerdict {
  const span = outcome === "refuses" ? undefined : spanOf(subject);
  const isLarge = span && outcome === "loads" && span.end > USUAL_MEMORY;
  const need = isLarge ? [`only with memory up to ${hex(span.end)}`] : [];
  return { loader, outcome, basis: basisOf(loader), reasons: [...reasons, ...need], span, entry };
}

function basisOf(loader: Loader): LoaderVerdict["basis"] {
  return loader === "limine" ? "rules" : "booted";
}

/** @param version of the header; default: the first that there is */
function judgeGrub(subject: Subject, memory: bigint, version?: 1 | 2): LoaderVerdict {
  const { multiboot, multiboot2 } = subject.protocols;
  const found = multiboot?.found ? 1 : multiboot2?.found ? 2 : undefined;
  const own = version ?? found;
  if (own === undefined) {
    return verdict("grub", subject, "refuses", ['"no multiboot header found"']);
  }
  return { ...judgeMultiboot(subject, memory, own), command: COMMANDS[own] };
}

function judgeMultiboot(subject: Subject, memory: bigint, version: 1 | 2): LoaderVerdict {
  const { file, protocols } = subject;
  const refuse = (...reasons: string[]) => verdict("grub", subject, "refuses", reasons);
  const one = version === 1 ? protocols.multiboot : undefined;
  const two = version === 2 ? protocols.multiboot2 : undefined;
  if (one && (one.flags & GRUB_UNKNOWN_FLAGS) !== 0) {
    return refuse(`"unsupported flag: ${hex(BigInt(one.flags & GRUB_UNKNOWN_FLAGS))}"`);
  }
  if (one && (one.flags & MULTIBOOT_ADDRESSES) !== 0) return judgeAddresses("grub", subject, 1);
  const unknown = two?.tags.find(({ type, optional }) => !optional && !isKnownToGrub(type));
  if (unknown) return refuse(`"unsupported tag: 0x${unknown.type.toString(16)}"`);
  if (two?.tagsEnd === "endless") return refuse("it hangs: a tag of the header has no size");
  if (tagOf(two, TAG.address)) return judgeAddresses("grub", subject, 2);
  if (file.isFlat) return refuse('"invalid arch-independent ELF magic"');
  if (file.type !== ET_EXEC && file.type !== ET_DYN) {
    return refuse('"this ELF file is not of the right type"');
  }
  const window = one ? MULTIBOOT_WINDOW : MULTIBOOT2_WINDOW;
  if (file.headersEnd > window) return refuse('"program header at a too high offset"');
  const crossing = subject.loads.find((segment) => loadEndOf(segment) >= 1n << 32n);
  if (file.bits === 64 && crossing) return refuse('"segment crosses 4 GiB border"');
  const withRelocations = file.sections.some(({ type }) => type === SHT_REL || type === SHT_RELA);
  if (two && withRelocations) return refuse('"ELF files with relocs are not supported yet"');
  const relocatable = tagOf(two, TAG.relocatable);
  if (relocatable) return judgeRelocatable(subject, relocatable, memory);
  const twice = firstOverlap(subject);
  if (twice) return refuse(`"overlap detected": ${twice}`);
  const outside = subject.loads.filter((segment) => loadEndOf(segment) > memory);
  if (outside.length > 0) {
    return refuse(`"out of memory": ${outside.map((s) => needs(s, subject)).join("; ")}`);
  }
  const entry = translate(file.segments, file.entry);
  if (entry === undefined) return refuse(`"entry point isn't in a segment": ${hex(file.entry)}`);
  const lost = inHole(subject);
  const outcome = lost.length > 0 ? "partly" : "loads";
  return verdict("grub", subject, outcome, [...lost, ...alongside(subject)], entry);
}

/** GRUB for BIOS machines and for 64-bit UEFI does not know the entry for 32-bit UEFI. */
function isKnownToGrub(tag: number): boolean {
  return tag <= TAG.relocatable && tag !== TAG.efiEntry32;
}

/** Multiboot 2 with a relocatable tag: GRUB looks for one place for everything, and reports it. */
function judgeRelocatable(subject: Subject, { fields }: HeaderTag, memory: bigint): LoaderVerdict {
  const [least = 0n, most = 0n, align = 0n] = fields.map(BigInt);
  const span = spanOf(subject);
  const size = span ? span.end - span.start : 0n;
  if (size > most || least > most - size) {
    return verdict("grub", subject, "refuses", ['"invalid min/max address and/or load size"']);
  }
  if (least + size > memory) {
    const what = `it wants ${size} bytes from ${hex(least)} on`;
    return verdict("grub", subject, "refuses", [`"out of memory": ${what}`]);
  }
  const { file } = subject;
  if (translate(file.segments, file.entry) === undefined) {
    const what = `"entry point isn't in a segment": ${hex(file.entry)}`;
    return verdict("grub", subject, "refuses", [what]);
  }
  const preferred = PREFERENCES[fields[3] ?? 0] ?? "";
  const where = `anywhere from ${hex(least)} to ${hex(most)}, at multiples of ${align}${preferred}`;
  return {
    loader: "grub",
    outcome: "loads",
    basis: "booted",
    reasons: [`relocatable: its ${size} bytes go ${where}`],
    span: undefined,
    entry: undefined,
  };
}

const PREFERENCES: Readonly<Record<number, string>> = {
  1: ", the lowest that is free",
  2: ", the highest that is free",
};

/** What is loaded where there is no RAM, but a screen and ROM. */
function inHole(subject: Subject): string[] {
  return subject.loads
    .filter((segment) => segment.loadAddress < HOLE.end && loadEndOf(segment) > HOLE.start)
    .map((segment) => `${needs(segment, subject)}, which is not memory`);
}

/** GRUB also loads what has no address: debug sections and symbols. */
function alongside({ file }: Subject): string[] {
  const bytes = file.sections
    .filter(({ address, type }) => address === 0n && type !== 0)
    .reduce((sum, { size }) => sum + size, 0n);
  if (bytes < 1n << 20n) return [];
  return [`${bytes >> 10n} KiB of sections without an address (debug information) are loaded too`];
}

function judgeQemu(subject: Subject, memory: bigint): LoaderVerdict {
  const { file, protocols } = subject;
  const refuse = (...reasons: string[]) => verdict("qemu", subject, "refuses", reasons);
  const { multiboot, pvh } = protocols;
  const isMultiboot = multiboot?.found && multiboot.offset < QEMU_WINDOW;
  if (!isMultiboot && !pvh) {
    return refuse('"Error loading uncompressed kernel without PVH ELF Note"');
  }
  if (isMultiboot && (multiboot.flags & MULTIBOOT_ADDRESSES) !== 0) {
    return judgeAddresses("qemu", subject, 1);
  }
  if (isMultiboot && file.bits === 64) {
    return refuse('"Cannot load x86-64 image, give a 32bit one."');
  }
  const twice = firstOverlap(subject, "file");
  if (twice) return refuse(`"Error while fetching elf kernel from rom": ${twice}`);
  const outside = subject.loads.filter((segment) => loadEndOf(segment) > memory);
  if (outside.length > 0) {
    return refuse(`nothing runs: ${outside.map((s) => needs(s, subject)).join("; ")}`);
  }
  const span = spanOf(subject);
  if (span && span.start < HOLE.end && span.end > FIRMWARE) {
    return refuse(
      `nothing runs: its one buffer, ${hex(span.start)} to ${hex(span.end)}, covers the firmware`,
    );
  }
  const note = isMultiboot ? undefined : protocols.pvhEntry;
  if (note !== undefined) {
    if (!isLoaded(note, subject)) return refuse(nothingAt(note));
    return verdict("qemu", subject, "loads", ["by its PVH note"], note);
  }
  const executable = file.segments
    .filter(({ execute, type }) => execute && type === 1)
    .map((segment) => ({ ...segment, memorySize: BigInt(segment.fileSize) }));
  const entry = translate(executable, file.entry) ?? file.entry;
  if (!isLoaded(entry, subject)) return refuse(nothingAt(entry));
  return verdict("qemu", subject, "loads", [], entry);
}

function judgeV86(subject: Subject, memory: bigint): LoaderVerdict {
  const { file, protocols } = subject;
  const refuse = (...reasons: string[]) => verdict("v86", subject, "refuses", reasons);
  if (!protocols.multiboot?.found)
    return refuse("there is no Multiboot 1 header: nothing is loaded");
  if ((protocols.multiboot.flags & MULTIBOOT_ADDRESSES) !== 0)
    return judgeAddresses("v86", subject, 1);
  if (file.bits === 64) return refuse("it reads 32-bit ELF files only");
  const loaded = subject.loads.filter((segment) => loadEndOf(segment) < memory);
  const skipped = subject.loads.filter((segment) => !loaded.includes(segment));
  const entry = translate(loaded, file.entry) ?? file.entry;
  if (!loaded.some((s) => entry >= s.loadAddress && entry < loadEndOf(s))) {
    return refuse(nothingAt(entry));
  }
  const twice = firstOverlap(subject);
  const reasons = [
    ...inHole(subject),
    ...(subject.modules.length > 1 ? ["loads one module, the first"] : []),
    ...skipped.map((segment) => `leaves out a part: ${needs(segment, subject)}`),
    ...(twice ? [`overwrites silently: ${twice}`] : []),
  ];
  return verdict("v86", subject, reasons.length > 0 ? "partly" : "loads", reasons, entry);
}

function judgeLimine(subject: Subject, memory: bigint): LoaderVerdict {
  const { file, protocols } = subject;
  const { multiboot, multiboot2, limine } = protocols;
  const version = multiboot2?.found ? 2 : multiboot?.found ? 1 : 0;
  const other = version === 0 ? "" : `; it may boot with \`protocol: multiboot${version}\``;
  const none = limine ? undefined : `the file has no Limine requests${other}`;
  const refusal = none ?? limineRefusal(subject, memory);
  if (refusal !== undefined) return verdict("limine", subject, "refuses", [refusal]);
  const uncounted = uncountedByLimine(subject);
  const lost = uncounted
    ? [`asks for no memory for ${describeSegment(uncounted, subject)}: its end, 2^64, counts as 0`]
    : [];
  const where = `${limineSpan(subject)} bytes in one piece, wherever there is room`;
  const outcome = uncounted ? "partly" : "loads";
  const reasons = [...lost, where];
  return { loader: "limine", outcome, basis: "rules", reasons, span: undefined, entry: file.entry };
}

/** Addresses in the boot header: ELF is not read at all. */
function judgeAddresses(loader: Loader, subject: Subject, version: 1 | 2): LoaderVerdict {
  const addresses = headerAddresses(subject, version);
  if ("wrong" in addresses) return verdict(loader, subject, "refuses", [addresses.wrong]);
  const { start, end, entry } = addresses;
  const lost = notLoaded(subject, addresses).map((segment) => {
    return `leaves out a part, or loads other bytes: ${needs(segment, subject)}`;
  });
  const reasons = ["the addresses in the boot header are used, not the program headers", ...lost];
  const outcome = lost.length > 0 ? "partly" : "loads";
  return { loader, outcome, basis: basisOf(loader), reasons, span: { start, end }, entry };
}

/** The physical address of `entry`, by the first of `segments` that it lies in. */
function translate(segments: readonly FileSegment[], entry: bigint): bigint | undefined {
  const segment = segments.find((each) => entry >= each.address && entry < endOf(each));
  return segment && segment.loadAddress + (entry - segment.address);
}

function isLoaded(address: bigint, { loads }: Subject): boolean {
  return loads.some((s) => address >= s.loadAddress && address < s.loadAddress + s.memorySize);
}

function nothingAt(entry: bigint): string {
  return `jumps to ${hex(entry)}, where nothing was loaded`;
}

function needs(segment: FileSegment, subject: Subject): string {
  const name = describeSegment(segment, subject);
  return `${name} wants ${hex(segment.loadAddress)} to ${hex(loadEndOf(segment))}`;
}

/** Two segments that are loaded to one place. @param of whether zeros count */
function firstOverlap(subject: Subject, of: "memory" | "file" = "memory"): string | undefined {
  const end = (s: FileSegment) =>
    of === "memory" ? loadEndOf(s) : s.loadAddress + BigInt(s.fileSize || s.memorySize);
  const sorted = [...subject.loads].sort((a, b) => compare(a.loadAddress, b.loadAddress));
  for (const [index, upper] of sorted.entries()) {
    const lower = sorted[index - 1];
    if (lower && end(lower) > upper.loadAddress) {
      const names = [lower, upper].map((segment) => describeSegment(segment, subject));
      return `${names.join(" and ")} at ${hex(upper.loadAddress)}`;
    }
  }
  return undefined;
}

function spanOf({ loads }: Subject): LoaderVerdict["span"] {
  const byStart = [...loads].sort((a, b) => compare(a.loadAddress, b.loadAddress));
  const byEnd = [...loads].sort((a, b) => compare(loadEndOf(a), loadEndOf(b)));
  const [first] = byStart;
  const last = byEnd.at(-1);
  return first && last && { start: first.loadAddress, end: loadEndOf(last) };
}
