// The laws that page tables alone can answer: 1, 2, 3, 8 and 9.

import {
  GUARD_END,
  PAGE_SIZE,
  PAGE_TABLES,
  PAGE_TABLES_END,
  WINDOW_END,
  WINDOWS,
} from "../abi/memory-map";
import { ENTRY_US } from "../abi/paging";
import { hex } from "../base/align";
import { countText } from "../base/count-text";
import { type Judgement, judge, type Offence, unchecked } from "./judgement";
import { entryCount, entryIndex, entrySpan, pagingFormat, readEntry } from "./paging-format";
import { isWindow, kernelFrames, smallPages } from "./shared-pages";
import {
  everySpace,
  frameListRange,
  type ProcessSpace,
  processTitle,
  reservedFrames,
  type Spaces,
} from "./spaces";
import { type AddressSpace, findMapping, type Mapping } from "./walk";

/** Law 1: three pages for each processor, and there is one processor. */
const SHARED_PAGES_MAX = 3;

const NO_PROCESS = unchecked("no process has an address space at this moment");

function isTrampoline(va: number): boolean {
  return va >= GUARD_END;
}

/** Whether the kernel sees a frame neither one to one, nor as a page table, nor in its list. */
function isElsewhere({ va, pa }: Mapping, spaces: Spaces): boolean {
  const list = frameListRange(spaces);
  if (va >= PAGE_TABLES && va < PAGE_TABLES_END) return false;
  if (va >= list.start && va < list.end) return false;
  return va < WINDOWS && pa !== va && pa !== va + spaces.imageOffset;
}

/** Law 1: the pages in both directories are the trampoline's, alike, supervisor only, at most 3. */
export function sharedSet(spaces: Spaces): Judgement {
  if (spaces.processes.length === 0) return NO_PROCESS;
  const offences: Offence[] = [];
  const trampoline = spaces.kernel.mappings.filter(({ va }) => isTrampoline(va));
  const count = trampoline.reduce((pages, { size }) => pages + size / PAGE_SIZE, 0);
  if (count > SHARED_PAGES_MAX) {
    const what = `the trampoline has ${count} pages, at most ${SHARED_PAGES_MAX} are allowed`;
    offences.push({ space: "kernel", va: trampoline[0]?.va ?? GUARD_END, what });
  }
  for (const mapping of trampoline) {
    if (!mapping.user) continue;
    offences.push({ space: "kernel", va: mapping.va, what: "a trampoline page has U set" });
  }
  const frames = kernelFrames(spaces.kernel);
  for (const process of spaces.processes) {
    offences.push(...differencesOfTrampoline(process, trampoline));
    offences.push(...sharedElsewhere(process, frames));
  }
  const holds = `${count} pages, ${count * PAGE_SIZE} bytes, in ${userSpaces(spaces)}`;
  return judge(offences, holds, "kernel and user share what they must not");
}

function userSpaces({ processes }: Spaces): string {
  return countText(processes.length, "user space");
}

function differencesOfTrampoline(process: ProcessSpace, trampoline: readonly Mapping[]): Offence[] {
  const space = processTitle(process);
  const offences: Offence[] = [];
  for (const { va, pa } of trampoline) {
    const theirs = findMapping(process.space, va);
    if (!theirs) {
      offences.push({ space, va, what: "this page of the trampoline is missing" });
    } else if (theirs.pa !== pa) {
      const what = `this page of the trampoline is another frame than the kernel's ${hex(pa)}`;
      offences.push({ space, va, pa: theirs.pa, what });
    } else if (theirs.user) {
      offences.push({ space, va, pa, what: "a trampoline page has U set" });
    }
  }
  const known = new Set(trampoline.map(({ va }) => va));
  for (const { va, pa } of process.space.mappings) {
    if (!isTrampoline(va) || known.has(va)) continue;
    offences.push({ space, va, pa, what: "mapped above the guard, but not in the kernel" });
  }
  return offences;
}

function sharedElsewhere(process: ProcessSpace, frames: ReadonlyMap<number, number>): Offence[] {
  const offences: Offence[] = [];
  for (const mapping of process.space.mappings) {
    if (isTrampoline(mapping.va)) continue;
    for (const { va, pa } of smallPages(mapping)) {
      const kernelVa = frames.get(pa);
      if (kernelVa === undefined) continue;
      const what = `frame ${hex(pa)} is also the kernel's, at ${hex(kernelVa)}`;
      offences.push({ space: processTitle(process), va, pa, what });
    }
  }
  return offences;
}

/** What law 2 compares the frames of users with. */
interface OtherFrames {
  readonly kernel: ReadonlyMap<number, number>;
  readonly tables: ReadonlyMap<number, string>;
  readonly isReserved: (pa: number) => boolean;
}

/**
 * Law 2: a user directory maps frames of users and the trampoline; no table, no kernel, no device.
 */
export function userDirectories(spaces: Spaces): Judgement {
  if (spaces.processes.length === 0) return NO_PROCESS;
  const others = {
    kernel: kernelFrames(spaces.kernel),
    tables: tableFrames(spaces),
    isReserved: reservedFrames(spaces),
  };
  const offences: Offence[] = [];
  let pages = 0;
  for (const process of spaces.processes) {
    const space = processTitle(process);
    offences.push(...process.space.defects.map((what) => ({ space, what })));
    for (const mapping of process.space.mappings) {
      pages += mapping.size / PAGE_SIZE;
      offences.push(...offencesOfUserMapping(space, mapping, others));
    }
  }
  const holds = `${pages} pages in ${userSpaces(spaces)} were looked at`;
  return judge(offences, holds, "a user directory holds what is not the user's");
}

function offencesOfUserMapping(
  space: string,
  mapping: Mapping,
  { kernel, tables, isReserved }: OtherFrames,
): Offence[] {
  if (isTrampoline(mapping.va)) return [];
  const offences: Offence[] = [];
  if (!mapping.user) {
    const what = "a supervisor page outside the trampoline";
    offences.push({ space, va: mapping.va, pa: mapping.pa, what });
  }
  for (const { va, pa } of smallPages(mapping)) {
    const table = tables.get(pa);
    if (table) offences.push({ space, va, pa, what: `maps a page-table frame: ${table}` });
    if (kernel.has(pa)) offences.push({ space, va, pa, what: "maps a frame of the kernel" });
    else if (isReserved(pa)) {
      const what = "maps a frame that is no program's: a device's, or the firmware's";
      offences.push({ space, va, pa, what });
    }
  }
  return offences;
}

function tableFrames(spaces: Spaces): Map<number, string> {
  const frames = new Map<number, string>();
  const add = (title: string, space: AddressSpace) => {
    for (const { pa, level, va } of space.tables) {
      frames.set(pa, `${level} for ${hex(va)} of ${title}`);
    }
  };
  add("the kernel", spaces.kernel);
  for (const process of spaces.processes) add(processTitle(process), process.space);
  return frames;
}

/**
 * Law 3: no U in the kernel directory; user frames only in windows; in user mode all windows are
 * closed, which leaves nothing in their entries. Memory of devices is in the heap, and no code.
 */
export function kernelDirectory(spaces: Spaces): Judgement {
  const offences: Offence[] = spaces.kernel.defects.map((what) => ({ space: "kernel", what }));
  const inUserMode = spaces.snapshot.registers.cpl === 3;
  const userFrames = new Map<number, string>();
  for (const process of spaces.processes) {
    for (const mapping of process.space.mappings) {
      if (isTrampoline(mapping.va)) continue;
      for (const { pa } of smallPages(mapping)) userFrames.set(pa, processTitle(process));
    }
  }
  const isReserved = reservedFrames(spaces);
  let devicePages = 0;
  for (const mapping of spaces.kernel.mappings) {
    const { va, pa } = mapping;
    if (isElsewhere(mapping, spaces) && isReserved(pa)) {
      devicePages += mapping.size / PAGE_SIZE;
      const what = "memory of a device can be executed";
      if (spaces.kernel.mode.nx && mapping.executable)
        offences.push({ space: "kernel", va, pa, what });
    }
    if (mapping.entry & ENTRY_US) {
      offences.push({ space: "kernel", va, pa, what: "a kernel entry has U set" });
    }
    if (isWindow(va)) {
      const what = "a window is open in user mode";
      if (inUserMode) offences.push({ space: "kernel", va, pa, what });
      continue;
    }
    for (const page of smallPages(mapping)) {
      const owner = userFrames.get(page.pa);
      if (owner === undefined || isTrampoline(page.va)) continue;
      const what = `a frame of ${owner} is mapped outside the windows`;
      offences.push({ space: "kernel", va: page.va, pa: page.pa, what });
    }
  }
  if (inUserMode) offences.push(...remainsInWindows(spaces));
  const windows = inUserMode
    ? "; all windows are closed"
    : "; in ring 0, where windows may be open";
  const devices = devicePages === 0 ? "" : `, ${devicePages} of devices and modules among them`;
  const entries = spaces.kernel.mappings.length;
  const holds = `${entries} kernel entries were looked at${devices}${windows}`;
  return judge(offences, holds, "the kernel directory holds what it must not");
}

/** Entries of windows that are not present, but not 0 either. */
function remainsInWindows({ snapshot, kernel }: Spaces): Offence[] {
  const format = pagingFormat(kernel.mode);
  const level = format.levels.at(-1);
  const offences: Offence[] = [];
  if (!level) return [];
  const span = entrySpan(level) * entryCount(level);
  const tables = kernel.tables.filter((table) => table.level === level.table);
  for (let va = WINDOWS; va < WINDOW_END; va += PAGE_SIZE) {
    const table = tables.find((each) => va >= each.va && va - each.va < span);
    if (!table) continue;
    const entry = readEntry(snapshot.memory, format, level, table.pa, entryIndex(level, va));
    if (entry.leadsTo !== "nothing" || (entry.low | entry.high) === 0) continue;
    offences.push({ space: "kernel", va, what: "the entry of a closed window is not 0" });
  }
  return offences;
}

/** Law 8: an entry that outlives a change of CR3 must mean the same in every space. */
export function globalPages(spaces: Spaces): Judgement {
  const offences = everySpace(spaces).flatMap(([title, space]) =>
    space.mappings
      .filter(({ va, global }) => global && !isTrampoline(va))
      .map(({ va, pa }) => ({ space: title, va, pa, what: "G is set outside the trampoline" })),
  );
  return judge(offences, "G is set in no other entry", "an entry would outlive its space");
}

/** Law 9: a null pointer meets no page, in any space. */
export function pageZero(spaces: Spaces): Judgement {
  const offences = everySpace(spaces).flatMap(([title, space]) => {
    const mapping = findMapping(space, 0);
    return mapping ? [{ space: title, va: 0, pa: mapping.pa, what: "page 0 is mapped" }] : [];
  });
  return judge(offences, "it is mapped in no space", "a null pointer would find memory");
}
