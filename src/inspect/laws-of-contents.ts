// The laws that need more than page tables: 4 (what is code?) and 5 (what is on the entry stack?).

import { EFLAGS_FIXED, EFLAGS_IF, EFLAGS_USER, TLS_ENTRIES, TLS_FIRST } from "../abi/descriptors";
import { PAGE_SIZE } from "../abi/memory-map";
import { FRAME_EFLAGS, FRAME_SIZE } from "../abi/trap-frame";
import { alignDown, hex } from "../base/align";
import type { BootedFiles } from "./booted-files";
import { type ElfImage, symbolAddress } from "./elf-image";
import { type Judgement, judge, type Offence, unchecked } from "./judgement";
import { everySpace, type ProcessSpace, processTitle, type Spaces } from "./spaces";
import { type AddressSpace, findMapping, readLinear } from "./walk";

const DESCRIPTOR_SIZE = 8;

/**
 * Law 4: W and X exclude each other, and ring 0 obeys W. Where the processor has no NX, everything
 * that is readable can be executed; then what the ELF files call code must not be writable.
 */
export function writeExcludesExecute(spaces: Spaces, files: BootedFiles): Judgement {
  const { mode } = spaces.kernel;
  const offences: Offence[] = [];
  if (!mode.writeProtect) {
    offences.push({ space: "kernel", what: "CR0.WP is off: ring 0 may write anywhere" });
  }
  if (mode.nx) {
    for (const [space, { mappings }] of everySpace(spaces)) {
      for (const { va, pa, writable, executable } of mappings) {
        if (!writable || !executable) continue;
        offences.push({ space, va, pa, what: "writable and executable" });
      }
    }
    return judge(offences, "by W and NX of every entry; CR0.WP is set", "W^X is broken");
  }
  offences.push(...writableCode(spaces, files));
  const reason = spaces.snapshot.capabilities.nx;
  const because = reason === true ? "the kernel left EFER.NXE off" : reason;
  const unknown = spaces.processes
    .filter(({ name }) => !files.programs.has(name))
    .map(processTitle);
  const gap = unknown.length > 0 ? `; not known which pages of ${unknown.join(", ")} are code` : "";
  const holds = `${because}, so by intent: no page of code is writable; CR0.WP is set${gap}`;
  return judge(offences, holds, "code can be written");
}

function writableCode(spaces: Spaces, { image, programs }: BootedFiles): Offence[] {
  const offences = writableIn("kernel", spaces.kernel, codePages(image));
  for (const process of spaces.processes) {
    const program = programs.get(process.name);
    const code = program ? codePages(program) : [];
    offences.push(...writableIn(processTitle(process), process.space, code));
  }
  return offences;
}

function writableIn(title: string, space: AddressSpace, code: readonly number[]): Offence[] {
  return code.flatMap((va) => {
    const mapping = findMapping(space, va);
    if (!mapping?.writable) return [];
    return [{ space: title, va, pa: mapping.pa, what: "a page of code is writable" }];
  });
}

/** The pages on which executable sections lie; segments where a file has no sections. */
function codePages(image: ElfImage): number[] {
  const parts = image.sections.length > 0 ? image.sections : image.segments;
  const pages = new Set<number>();
  for (const { va, size, execute } of parts) {
    if (!execute) continue;
    for (let page = alignDown(va, PAGE_SIZE); page < va + size; page += PAGE_SIZE) pages.add(page);
  }
  return [...pages];
}

/**
 * Law 5: in user mode, every word on the entry stack is 0 or one of the current thread's own last
 * frame, which is still at the end of its kernel stack, and the descriptors of threads' own
 * segments are the current thread's. So no program can find another's words.
 */
export function entryStackHoldsNoSecrets(spaces: Spaces, { image }: BootedFiles): Judgement {
  const bottom = symbolAddress(image, "entry_stack");
  const top = symbolAddress(image, "entry_stack_top");
  if (bottom === undefined || top === undefined) {
    return unchecked(`${image.name} has no symbols entry_stack and entry_stack_top`);
  }
  const { registers } = spaces.snapshot;
  if (registers.cpl !== 3) {
    return unchecked(
      "the processor was in ring 0, where the entry stack holds the entry under way",
    );
  }
  // Several can have one space: a child of vfork and its parent.
  const users = spaces.processes.filter(({ space }) => space.cr3 === registers.cr3);
  const process = users.find(({ current }) => current) ?? users[0];
  if (!process) return unchecked(`no process has the CR3 in use, ${hex(registers.cr3)}`);
  const allowed = wordsOfLastFrame(spaces, process);
  if (!allowed) {
    return unchecked(`the kernel stack of ${processTitle(process)} is not mapped`);
  }
  const offences: Offence[] = [];
  for (let va = bottom; va < top; va += 4) {
    const word = readLinear(spaces.snapshot.memory, spaces.kernel, va);
    if (word === undefined || allowed.has(word)) continue;
    const what = `${hex(word)} is not of the frame of ${processTitle(process)}, which runs`;
    offences.push({ space: "kernel", va, what });
  }
  const gdt = symbolAddress(image, "gdt");
  if (gdt !== undefined) offences.push(...strangeSegments(spaces, gdt, process));
  const count = (top - bottom) / 4;
  const holds = `${count} words were compared with the frame of ${processTitle(process)}`;
  return judge(offences, holds, "words of another thread are left in the trampoline");
}

/** Descriptors of threads' own segments that are not those of the thread that runs. */
function strangeSegments(spaces: Spaces, gdt: number, process: ProcessSpace): Offence[] {
  const { memory } = spaces.snapshot;
  const offences: Offence[] = [];
  for (let offset = 0; offset < TLS_ENTRIES * DESCRIPTOR_SIZE; offset += 4) {
    const va = gdt + TLS_FIRST * DESCRIPTOR_SIZE + offset;
    const word = readLinear(memory, spaces.kernel, va);
    const own =
      spaces.segments === 0 ? 0 : readLinear(memory, spaces.kernel, spaces.segments + offset);
    if (word === own) continue;
    const what = `${hex(word ?? 0)} is not of a segment of ${processTitle(process)}, which runs`;
    offences.push({ space: "kernel", va, what });
  }
  return offences;
}

function wordsOfLastFrame(spaces: Spaces, process: ProcessSpace): Set<number> | undefined {
  const words = new Set([0]);
  const frame = process.stackTop - FRAME_SIZE;
  for (let offset = 0; offset < FRAME_SIZE; offset += 4) {
    const word = readLinear(spaces.snapshot.memory, spaces.kernel, frame + offset);
    if (word === undefined) return undefined;
    words.add(word);
    // The way out passes only those flags that a user may have.
    if (offset === FRAME_EFLAGS) words.add(((word & EFLAGS_USER) | EFLAGS_IF | EFLAGS_FIXED) >>> 0);
  }
  return words;
}
