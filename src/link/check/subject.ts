// What every finder looks at: the file, what a loader makes of it, and what each address belongs
// to.
//
// Invariants
//   - Nothing here judges; costly views (line tables) are made on first use and kept.
//   - Ranges are half-open bigints. A segment may end at 2^32 or 2^64, which is not an overflow.

import { PT_LOAD, SHN_ABS, SHN_LORESERVE, SHN_UNDEF, STT_FILE, STT_SECTION } from "../../abi/elf";
import { compare, spaceEndOf } from "../../base/address";
import type { Place } from "../../base/diagnostic";
import type { ObjectFile } from "../../object/object";
import type { ResolvedLayout } from "../layout/resolved";
import { readableName } from "../names/demangle";
import { findProtocols, type Protocols } from "./boot-protocol";
import { type LineRange, lineRangeAt, readLineRanges } from "./line-ranges";
import type { FileSection, FileSegment, FileSymbol, LinkedFile } from "./linked-file";
import { type ModuleFile, moduleFile } from "./module-file";
import { findShared, type SharedPart } from "./shared-part";

/** What the user gave besides the file. */
export interface CheckOptions {
  /** What the layout says is compared with what the file has. */
  readonly layout?: ResolvedLayout;
  /** The objects that were linked: their relocations say more than disassembly. */
  readonly objects?: readonly ObjectFile[];
  /** The loaders that the kernel is meant for; default: those whose protocol it has. */
  readonly loaders?: readonly string[];
  /** Bytes of RAM that loaders may use. */
  readonly memory?: bigint;
  /** ELF files that the boot loader loads as modules. */
  readonly modules?: readonly LinkedFile[];
}

export class Subject {
  /** PT_LOAD with a size, in the file's order. */
  readonly loads: readonly FileSegment[];
  readonly modules: readonly ModuleFile[];
  /** Sections that occupy memory, those of modules too, ascending by address. */
  readonly sections: readonly FileSection[];
  /** Named symbols with a place, those of modules too, ascending by address. */
  readonly symbols: readonly FileSymbol[];
  readonly protocols: Protocols;
  readonly shared: SharedPart | undefined;
  readonly layout: ResolvedLayout | undefined;
  readonly objects: readonly ObjectFile[];
  #lines: LineRange[] | undefined;

  constructor(
    readonly file: LinkedFile,
    readonly options: CheckOptions = {},
  ) {
    this.layout = options.layout;
    this.objects = options.objects ?? [];
    this.loads = file.segments.filter(
      ({ type, memorySize }) => type === PT_LOAD && memorySize > 0n,
    );
    this.modules = (options.modules ?? []).map((each, index) => moduleFile(each, index + 1));
    const own = file.sections.filter(({ alloc, size, type }) => alloc && size > 0n && type !== 0);
    this.sections = [...own, ...this.modules.flatMap(({ sections }) => sections)].sort((a, b) =>
      compare(a.address, b.address),
    );
    const symbols = [...this.modules.flatMap((each) => each.symbols.filter(isNamed))];
    const known = new Set(symbols.map(({ name, address }) => `${name} ${address}`));
    // In the kernel's file a module's symbol is a mere number.
    const isNew = ({ name, address }: FileSymbol) => !known.has(`${name} ${address}`);
    this.symbols = [
      ...file.symbols.filter((each) => isPlace(each) && isNew(each)),
      ...symbols,
    ].sort((a, b) => compare(a.address, b.address));
    this.protocols = findProtocols(this);
    this.shared = findShared(file, this.sections, this.layout);
  }

  /** 2^32 or 2^64: the end of the address space. */
  get spaceEnd(): bigint {
    return spaceEndOf(this.file);
  }

  get hasSymbols(): boolean {
    return this.symbols.length > 0;
  }

  /** The loaded segment that `address` lies in; segments of modules are not loaded. */
  segmentAt(address: bigint): FileSegment | undefined {
    return this.loads.find((segment) => contains(segment, address));
  }

  /**
   * The VMA of what is loaded at the physical address `address`. An address that is already linked
   * somewhere stays as it is.
   */
  linkedAddressOf(address: bigint): bigint | undefined {
    if (this.segmentAt(address)) return address;
    const segment = this.loads.find(
      (each) => address >= each.loadAddress && address < loadEndOf(each),
    );
    return segment && segment.address + (address - segment.loadAddress);
  }

  /** The VMA of the byte at `offset` of the file, if it is loaded. */
  addressOfByte(offset: number): bigint | undefined {
    const segment = this.loads.find((each) => {
      return offset >= each.offset && offset < each.offset + each.fileSize;
    });
    return segment && segment.address + BigInt(offset - segment.offset);
  }

  sectionAt(address: bigint): FileSection | undefined {
    return this.sections.find(
      (section) => address >= section.address && address < section.address + section.size,
    );
  }

  /** The LMA of a section that lies in a segment. */
  loadAddressOf(section: FileSection): bigint | undefined {
    const segment = this.segmentAt(section.address);
    return segment && segment.loadAddress + (section.address - segment.address);
  }

  sectionsOf(segment: FileSegment): FileSection[] {
    return this.sections.filter(({ address }) => contains(segment, address));
  }

  /** `size` bytes of memory as the file has them; undefined where it has none. */
  bytesAt(address: bigint, size: number): Uint8Array | undefined {
    for (const { file, segments } of this.#contents) {
      const segment = segments.find((each) => contains(each, address));
      if (!segment) continue;
      const at = Number(address - segment.address);
      if (at + size > segment.fileSize) return undefined;
      return file.bytes.subarray(segment.offset + at, segment.offset + at + size);
    }
    return undefined;
  }

  /** Whether the kernel's file or a module has something at `address`. */
  hasContent(address: bigint): boolean {
    return this.#contents.some(({ segments }) => segments.some((each) => contains(each, address)));
  }

  get #contents() {
    return [
      { file: this.file, segments: this.loads },
      ...this.modules.map(({ file, parts }) => ({
        file,
        segments: parts.map(({ segment }) => segment),
      })),
    ];
  }

  symbolsNamed(pattern: RegExp): FileSymbol[] {
    return this.symbols.filter(({ name }) => pattern.test(name));
  }

  symbolNamed(name: string): FileSymbol | undefined {
    return this.symbols.find((symbol) => symbol.name === name);
  }

  /** `entry+0x12`, for people: the last symbol at or before `address` in the same section. */
  nameOf(address: bigint): string | undefined {
    const section = this.sectionAt(address);
    let best: FileSymbol | undefined;
    for (const symbol of this.symbols) {
      if (symbol.address > address) break;
      const isBetter = best === undefined || symbol.address > best.address || symbol.size > 0n;
      if (symbol.section === section?.index && isBetter) best = symbol;
    }
    if (!best) return undefined;
    const distance = address - best.address;
    const name = readableName(best.name);
    return distance === 0n ? name : `${name}+0x${distance.toString(16)}`;
  }

  /** The source line of `address`, or else the file. */
  placeOf(address: bigint): Place {
    this.#lines ??= readLineRanges({
      line: this.#debugBytes(".debug_line"),
      lineStrings: this.#debugBytes(".debug_line_str"),
      strings: this.#debugBytes(".debug_str"),
    });
    const range = lineRangeAt(this.#lines, address);
    return range ? { file: range.file, line: range.line } : { file: this.file.name };
  }

  #debugBytes(name: string): Uint8Array {
    return this.file.sections.find((section) => section.name === name)?.bytes ?? new Uint8Array(0);
  }
}

/** Whether the symbol is a place or a number, and not a mere name of the compiler's. */
function isPlace(symbol: FileSymbol): boolean {
  const { section } = symbol;
  if (!isNamed(symbol)) return false;
  return section !== SHN_UNDEF && (section < SHN_LORESERVE || section === SHN_ABS);
}

function isNamed({ name, type }: FileSymbol): boolean {
  return name !== "" && type !== STT_FILE && type !== STT_SECTION;
}

export function endOf(range: { readonly address: bigint; readonly memorySize: bigint }): bigint {
  return range.address + range.memorySize;
}

export function loadEndOf(segment: FileSegment): bigint {
  return segment.loadAddress + segment.memorySize;
}

function contains({ address, memorySize }: FileSegment, at: bigint): boolean {
  return at >= address && at < address + memorySize;
}

/** `r-x`. */
export function permissionText(of: Pick<FileSegment, "read" | "write" | "execute">): string {
  return `${of.read ? "r" : "-"}${of.write ? "w" : "-"}${of.execute ? "x" : "-"}`;
}

/** `segment 2 (.data, .bss)`: what a person can find in `readelf -l`. */
export function describeSegment(segment: FileSegment, subject: Subject): string {
  const names = subject.sectionsOf(segment).map(({ name }) => name);
  const shown = names.length > 4 ? [...names.slice(0, 3), "…"] : names;
  return `segment ${segment.index}${shown.length > 0 ? ` (${shown.join(", ")})` : ""}`;
}
