// Pass: the program headers, and where everything lies in the file.
//
// Sections that lie next to each other in memory and may be mapped alike share a segment, unless a
// script's PHDRS says which do. The rules, and their order, are GNU ld's: a section in another
// segment, or a header in front of the first one, is a different file to a boot loader.
//
// Requires: addresses.  Provides: segments with their offsets, `offsets` of sections.

import {
  EHDR_SIZE,
  PF_R,
  PF_W,
  PF_X,
  PHDR_SIZE,
  PT_GNU_STACK,
  PT_LOAD,
  PT_NOTE,
  PT_TLS,
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import { type ScriptOutput, wrap } from "./model";
import { UNWIND_INDEX } from "./unwind-index";

const STACK_ALIGN = 16;
export const PT_PHDR = 6;
const PT_GNU_EH_FRAME = 0x6474e550;
export const PT_GNU_RELRO = 0x6474e552;

/** What the command line says of segments. */
export interface SegmentOptions {
  /** Pages are mapped from the file: not with -n or -N. */
  readonly isPaged: boolean;
  /** -N: text may be written to. */
  readonly isTextWritable: boolean;
  /** -z separate-code: code shares no segment with anything else. */
  readonly separatesCode: boolean;
  readonly maxPageSize: number;
  /** PF_… of PT_GNU_STACK; undefined: there is none. */
  readonly stackFlags: number | undefined;
  /** Bytes of an ELF header and of a program header. */
  readonly headerSizes: HeaderSizes;
}

export interface HeaderSizes {
  readonly file: number;
  readonly program: number;
}

export const HEADERS_32: HeaderSizes = { file: EHDR_SIZE, program: PHDR_SIZE };
export const HEADERS_64: HeaderSizes = { file: 64, program: 56 };

export interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** A segment before its offset is known. */
export interface SegmentMap {
  readonly type: number;
  readonly outputs: readonly ScriptOutput[];
  readonly hasFileHeader: boolean;
  readonly hasProgramHeaders: boolean;
  /** Given by PHDRS; otherwise they follow from the sections. */
  readonly flags: number | undefined;
  readonly loadAddress: bigint | undefined;
  /** What becomes read-only after start-up: a range of addresses. */
  readonly range?: AddressRange;
  readonly align?: number;
  /** Of headers that are loaded alone. */
  readonly address?: bigint;
}

/** A program header. */
export interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: bigint;
  readonly loadAddress: bigint;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** The loaded sections in the order of their load addresses. */
function inLoadOrder(outputs: readonly ScriptOutput[]): ScriptOutput[] {
  const ranks = new Map(outputs.map((output, index) => [output, index]));
  const loaded = outputs.filter((output) => output.isInFile && output.flags.alloc);
  const isLast = ({ flags }: ScriptOutput) => Number(!flags.load && !flags.tls);
  const stored = ({ flags, size }: ScriptOutput) => (flags.load ? size : 0n);
  return loaded.sort(
    (a, b) =>
      order(a.loadAddress, b.loadAddress) ||
      order(a.address, b.address) ||
      isLast(a) - isLast(b) ||
      order(stored(a), stored(b)) ||
      (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0),
  );
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

/** What decides about segments besides sections and options. */
export interface SegmentNeeds {
  readonly relro: AddressRange | undefined;
  /** Bytes of all headers, as the addresses assume. */
  readonly headersSize: number;
  /** The script leaves room for the headers: it asks for their size. */
  readonly wantsHeaders: boolean;
}

/** The segments that the linker makes where the script has no PHDRS. */
export function defaultSegments(
  outputs: readonly ScriptOutput[],
  options: SegmentOptions,
  needs: SegmentNeeds,
): SegmentMap[] {
  const sorted = inLoadOrder(outputs);
  const loads = withHeaders(sorted, loadSegments(sorted, options), options, needs);
  const notes = sorted.filter(({ name, flags }) => flags.load && name.startsWith(".note"));
  const threads = sorted.filter(({ flags }) => flags.tls);
  const all: SegmentMap[] = [...loads, ...groupNotes(notes).map((own) => segment(PT_NOTE, own))];
  if (threads.length > 0) all.push(segment(PT_TLS, threads));
  const index = sorted.filter(({ name }) => name === UNWIND_INDEX);
  if (index.length > 0) all.push(segment(PT_GNU_EH_FRAME, index));
  if (options.stackFlags !== undefined) {
    const align = STACK_ALIGN;
    all.push({ ...segment(PT_GNU_STACK, []), flags: options.stackFlags, align });
  }
  const { relro } = needs;
  if (relro && loads.some((load) => beginsIn(load, relro))) {
    all.push({ ...segment(PT_GNU_RELRO, []), flags: PF_R, range: relro });
  }
  return all;
}

function beginsIn({ outputs }: SegmentMap, { start, end }: AddressRange): boolean {
  const [first] = outputs;
  if (!first || first.address < start || first.address >= end) return false;
  return outputs.some(({ flags }) => flags.load && flags.contents);
}

/** Loads the file's headers, too, if there is room for them below the first section. */
function withHeaders(
  [first]: readonly ScriptOutput[],
  loads: readonly SegmentMap[],
  { isPaged, maxPageSize, separatesCode }: SegmentOptions,
  { headersSize, wantsHeaders }: SegmentNeeds,
): SegmentMap[] {
  const [load, ...rest] = loads;
  if (!first || !load || !isPaged) return [...loads];
  const size = BigInt(headersSize);
  const page = BigInt(maxPageSize);
  const leavesRoom = first.loadAddress % page >= size % page;
  if (!wantsHeaders && !leavesRoom) return [...loads];
  const pageOf = (address: bigint) => address - (address % page);
  if (first.loadAddress < size) return [...loads];
  let address = pageOf(first.loadAddress - size);
  let isSeparate = separatesCode && first.flags.code;
  if (isSeparate && pageOf(address + size - 1n) === pageOf(first.loadAddress)) {
    // They would share a page with code.
    if (address >= page) address -= page;
    else isSeparate = false;
  }
  const headers = { hasFileHeader: true, hasProgramHeaders: true };
  if (!isSeparate) return [{ ...load, ...headers }, ...rest];
  const own: SegmentMap = { ...segment(PT_LOAD, []), ...headers, loadAddress: address };
  return [{ ...own, address: pageOf(wrap(first.address - size)) }, load, ...rest];
}

function segment(type: number, outputs: readonly ScriptOutput[]): SegmentMap {
  const none = { flags: undefined, loadAddress: undefined };
  return { type, outputs, hasFileHeader: false, hasProgramHeaders: false, ...none };
}

/** Notes that follow each other with the same alignment share a segment. */
function groupNotes(notes: readonly ScriptOutput[]): ScriptOutput[][] {
  const groups: ScriptOutput[][] = [];
  for (const note of notes) {
    const last = groups.at(-1)?.at(-1);
    const follows =
      last && last.align === note.align && wrap(last.loadAddress + last.size) === note.loadAddress;
    if (follows) groups.at(-1)?.push(note);
    else groups.push([note]);
  }
  return groups;
}

function loadSegments(sorted: readonly ScriptOutput[], options: SegmentOptions): SegmentMap[] {
  const groups: ScriptOutput[][] = [];
  let writable = false;
  let executable = false;
  for (const output of sorted) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    const { readonly, code } = output.flags;
    if (group && last && !needsOwn(last, output, { writable, executable }, options)) {
      group.push(output);
      writable ||= !readonly;
      executable ||= code;
    } else {
      groups.push([output]);
      writable = !readonly;
      executable = code;
    }
  }
  const loads = groups.filter(
    (group, index) =>
      index < groups.length - 1 || group.length > 1 || group[0]?.isThreadZeros !== true,
  );
  return loads.map((group) => segment(PT_LOAD, group));
}

/** Whether `output` cannot be in the segment that ends with `last`. */
function needsOwn(
  last: ScriptOutput,
  output: ScriptOutput,
  so: { readonly writable: boolean; readonly executable: boolean },
  { isPaged, separatesCode, maxPageSize }: SegmentOptions,
): boolean {
  const page = BigInt(maxPageSize);
  const size = last.isThreadZeros ? 0n : last.size;
  const end = wrap(last.loadAddress + size);
  const distance = ({ address, loadAddress }: ScriptOutput) => wrap(loadAddress - address);
  if (distance(last) !== distance(output)) return true;
  if (output.loadAddress < end || end < last.loadAddress) return true;
  if (isPaged && wrap(end - 1n) / page === output.loadAddress / page) return false;
  const nextPage = wrap(((end + page - 1n) / page) * page + page);
  if (nextPage > last.loadAddress && nextPage <= output.loadAddress) return true;
  const isLoaded = ({ flags }: ScriptOutput) => flags.load || flags.tls;
  if (!isLoaded(last) && isLoaded(output)) return true;
  if (!isPaged) return false;
  if (separatesCode && so.executable !== output.flags.code) return true;
  return !so.writable && !output.flags.readonly;
}

/** Where everything is in the file. */
export interface FilePlan {
  readonly headers: readonly ProgramHeader[];
  /** Of the sections in loaded segments. */
  readonly offsets: ReadonlyMap<ScriptOutput, number>;
  /** Where the segments end. */
  readonly end: number;
}

/** Gives segments and their sections their places in the file. */
export function placeInFile(segments: readonly SegmentMap[], options: SegmentOptions): FilePlan {
  const { headerSizes } = options;
  const offsets = new Map<ScriptOutput, number>();
  const headers = new Map<SegmentMap, ProgramHeader>();
  let offset = headerSizes.file + segments.length * headerSizes.program;
  for (const map of segments) {
    if (map.type !== PT_LOAD) continue;
    const loaded = new LoadedSegment(map, segments.length, options, offset, offsets);
    headers.set(map, loaded.header());
    offset = loaded.end;
  }
  for (const map of segments) {
    if (map.type === PT_LOAD) continue;
    headers.set(map, unloadedHeader(map, segments, headers, offsets, options));
  }
  const all = segments.map((map) => headers.get(map)).filter((each) => each !== undefined);
  return { headers: all, offsets, end: offset };
}

/** One PT_LOAD, section by section. */
class LoadedSegment {
  readonly #map: SegmentMap;
  readonly #align: number;
  #offset = 0;
  #start: bigint;
  #load: bigint;
  #fileOffset: number;
  #fileSize = 0;
  #memorySize = 0;
  #flags = 0;
  #sectionAlign = 1;
  /** Where the next segment may begin. */
  end = 0;

  constructor(
    map: SegmentMap,
    headerCount: number,
    options: SegmentOptions,
    offset: number,
    offsets: Map<ScriptOutput, number>,
  ) {
    const { isPaged, maxPageSize, headerSizes } = options;
    this.#map = map;
    const [first] = map.outputs;
    const page = isPaged ? maxPageSize : 1;
    const aligns = map.outputs.map(({ align }) => Number(align));
    this.#align = page;
    const align = aligns.reduce((most, each) => Math.max(most, each), page);
    this.#start = first?.address ?? map.address ?? 0n;
    this.#load = map.loadAddress ?? first?.loadAddress ?? 0n;
    const isEmpty = first !== undefined && map.outputs.every((output) => output.isNoBits);
    const bias = first ? Number(wrap(first.address - BigInt(offset)) % BigInt(align)) : 0;
    this.#offset = offset + bias;
    // Without bytes it lies nowhere in the file; its offset only has to be congruent.
    this.#fileOffset = isEmpty ? Number(first.address % BigInt(align)) : this.#offset;
    if (map.hasFileHeader || map.hasProgramHeaders) {
      this.#takeHeaders(headerCount, headerSizes, isEmpty);
    }
    for (const output of map.outputs) this.#take(output, offsets);
    this.end = isEmpty ? this.#offset - bias : this.#offset;
    if (!isPaged) this.#align = this.#sectionAlign;
  }

  #takeHeaders(count: number, sizes: HeaderSizes, isEmpty: boolean): void {
    const { hasFileHeader, hasProgramHeaders, outputs, loadAddress } = this.#map;
    this.#flags |= PF_R;
    this.#fileOffset = hasFileHeader ? 0 : sizes.file;
    const below = BigInt(this.#offset - this.#fileOffset);
    if (outputs.length > 0) {
      if (this.#start < below || (loadAddress === undefined && this.#load < below)) {
        const text = `there is no room for the ELF headers below section ${outputs[0]?.name}`;
        const remedy = "Begin at an address + SIZEOF_HEADERS, or leave FILEHDR and PHDRS out.";
        throw new Diagnostic("SCRIPT008", text, remedy);
      }
      this.#start -= below;
      if (loadAddress === undefined) this.#load -= below;
    }
    const size = (hasFileHeader ? sizes.file : 0) + (hasProgramHeaders ? count * sizes.program : 0);
    const rest = outputs.length > 0 ? Number(below) - size : 0;
    this.#fileSize = size + (isEmpty ? 0 : rest);
    this.#memorySize = size + rest;
  }

  #take(output: ScriptOutput, offsets: Map<ScriptOutput, number>): void {
    const { flags } = output;
    const isStored = !output.isNoBits;
    const size = Number(output.size);
    if (!output.isThreadZeros) {
      const gap = Number(BigInt.asIntN(64, output.loadAddress - this.#load)) - this.#memorySize;
      if (gap < 0) throw overlapInSegment(output);
      this.#memorySize += gap;
    }
    if (isStored) {
      const zeros = this.#memorySize - this.#fileSize;
      this.#offset += zeros;
      this.#fileSize += zeros;
    }
    offsets.set(output, this.#offset);
    if (isStored) {
      this.#offset += size;
      this.#fileSize += size;
    }
    if (!output.isThreadZeros) this.#memorySize += size;
    this.#sectionAlign = Math.max(this.#sectionAlign, Number(output.align));
    this.#flags |= PF_R | (flags.code ? PF_X : 0) | (flags.readonly ? 0 : PF_W);
  }

  header(): ProgramHeader {
    return {
      type: this.#map.type,
      flags: this.#map.flags ?? this.#flags,
      offset: this.#fileOffset,
      address: this.#start,
      loadAddress: this.#load,
      fileSize: this.#fileSize,
      memorySize: this.#memorySize,
      align: this.#align,
    };
  }
}

function overlapInSegment({ name, loadAddress, statement }: ScriptOutput): Diagnostic {
  const at = `0x${loadAddress.toString(16)}`;
  const text = `section ${name} would be loaded at ${at}, before what its segment has already`;
  const remedy = "Order the sections of a segment by their load addresses, or correct an AT.";
  return new Diagnostic("SCRIPT008", text, remedy, statement.place);
}

/** A segment that only tells something of the others. */
function unloadedHeader(
  map: SegmentMap,
  segments: readonly SegmentMap[],
  loaded: ReadonlyMap<SegmentMap, ProgramHeader>,
  offsets: ReadonlyMap<ScriptOutput, number>,
  { headerSizes }: SegmentOptions,
): ProgramHeader {
  const { type, outputs, flags, range } = map;
  const first = outputs[0];
  const word = headerSizes.program === PHDR_SIZE ? 4 : 8;
  if (type === PT_PHDR) {
    const size = segments.length * headerSizes.program;
    const home = [...loaded.values()].find((each) => each.offset <= headerSizes.file);
    const shift = BigInt(headerSizes.file - (home?.offset ?? 0));
    const place = { address: (home?.address ?? 0n) + shift };
    const sizes = { fileSize: size, memorySize: size, offset: headerSizes.file };
    const loadAddress = (home?.loadAddress ?? 0n) + shift;
    return { type, flags: flags ?? PF_R, ...place, loadAddress, ...sizes, align: word };
  }
  if (range) return relroHeader(range, loaded, flags ?? PF_R);
  const nothing = { offset: 0, address: 0n, loadAddress: 0n, fileSize: 0, memorySize: 0 };
  if (!first) return { type, flags: flags ?? 0, ...nothing, align: map.align ?? word };
  const last = outputs.at(-1) ?? first;
  const stored = outputs.filter((output) => !output.isNoBits).at(-1);
  const end = ({ address, size }: ScriptOutput) => Number(address + size - first.address);
  return {
    type,
    flags: flags ?? outputs.reduce((all, each) => all | flagsOf(each, type), 0),
    offset: offsets.get(first) ?? 0,
    address: first.address,
    loadAddress: map.loadAddress ?? first.loadAddress,
    fileSize: stored ? end(stored) : 0,
    memorySize: end(last),
    align: Number(outputs.reduce((most, each) => (each.align > most ? each.align : most), 1n)),
  };
}

function flagsOf({ flags }: ScriptOutput, type: number): number {
  if (type === PT_TLS) return PF_R;
  return PF_R | (flags.code ? PF_X : 0) | (flags.readonly ? 0 : PF_W);
}

function relroHeader(
  { start, end }: AddressRange,
  loaded: ReadonlyMap<SegmentMap, ProgramHeader>,
  flags: number,
): ProgramHeader {
  const home = [...loaded.values()].find(
    ({ address, memorySize }) => start >= address && start < address + BigInt(memorySize),
  );
  const inside = start - (home?.address ?? start);
  const size = Number(end - start);
  const type = PT_GNU_RELRO;
  const loadAddress = (home?.loadAddress ?? start) + inside;
  const offset = (home?.offset ?? 0) + Number(inside);
  const sizes = { fileSize: size, memorySize: size, align: 1 };
  return { type, flags, offset, address: start, loadAddress, ...sizes };
}
