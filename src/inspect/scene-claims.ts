// What the tour of the page says of the machine that it shows: sentences with the machine's own
// numbers, each of them judged against its registers and its memory.
//
// The tour's prose says why something is so; these say that it is so, here and now. A sentence that
// does not hold is shown as such, and makes a test fail: whoever changes the kernel finds out which
// scene tells a story that is no longer true.

import { PAGE_SIZE, WINDOW_END, WINDOWS } from "../abi/memory-map";
import { ADDRESS_SPACE_END, hex } from "../base/align";
import { sizeText } from "../base/size-text";
import { readElf } from "../link/elf/read";
import { I386_FILES } from "../link/elf/shape";
import type { Registers } from "../machine/machine";
import type { LawResult } from "./audit";
import type { BootedFiles } from "./booted-files";
import { type ImageSection, loadAddress, symbolAddress } from "./elf-image";
import { kernelRanges, rangeAt } from "./named-range";
import { kernelFrames, sharedPages } from "./shared-pages";
import { type ProcessSpace, processTitle, type Spaces } from "./spaces";
import { findMapping, readLinear } from "./walk";

/** A sentence, whether it holds, and an address that shows it. */
export interface Claim {
  readonly text: string;
  readonly holds: boolean;
  /** `kernel`, or a process's title as `processTitle` writes it. */
  readonly space?: string;
  readonly va?: number;
}

/** The processor before an instruction of a system call that was followed. */
export type CallState = Pick<Registers, "eip" | "esp" | "cr3" | "cpl">;

/** What the claims are about. */
export interface SceneInput {
  readonly spaces: Spaces;
  readonly files: BootedFiles;
  /** The bytes of the kernel's section, as its file has them. */
  sectionBytes(name: string): Uint8Array | undefined;
  /** Each instruction of a call, from `int 0x80` to the next instruction of the program. */
  readonly call: readonly CallState[];
  audit(): readonly LawResult[];
}

const PAGES_OF_SPACE = ADDRESS_SPACE_END / PAGE_SIZE;
const CR0_WP = 0x1_0000;
/** TSS.esp0: the stack that the processor takes at an entry from ring 3. */
const TSS_ESP0 = 4;

/** The sections of a kernel's file, for `sectionBytes`. */
export function sectionReader(kernel: Uint8Array): SceneInput["sectionBytes"] {
  const { sections } = readElf(kernel, "kernel.elf", I386_FILES);
  return (name) => sections.find((each) => each.name === name)?.bytes;
}

/** The claims of each scene, by its name. */
export const SCENE_CLAIMS = {
  tables: addressesAreLookedUp,
  spaces: bothAreWhole,
  pages: threeAreShared,
  cr3: itChangesTwice,
  order: stacksFollow,
  cost: callsAreShort,
  rights: eachPageHasItsOwn,
  parked: theEndIsTheEnd,
  pointers: addressesMeanDifferentThings,
  breach: oneMoreIsTooMany,
} satisfies Readonly<Record<string, (input: SceneInput) => Claim[]>>;

export type SceneName = keyof typeof SCENE_CLAIMS;

function addressesAreLookedUp({ spaces }: SceneInput): Claim[] {
  const process = shownProcess(spaces);
  const { mappings, tables, cr3 } = process.space;
  const size = tables.length * PAGE_SIZE;
  const own = mappings.length;
  const table = tables[0];
  return [
    {
      text:
        `Of the ${PAGES_OF_SPACE.toLocaleString("en")} pages that ${processTitle(process)} could ` +
        `name, ${own} lead to a frame of memory. Any other is a fault.`,
      holds: own > 0 && own < PAGES_OF_SPACE,
    },
    {
      text:
        `Its tables take ${sizeText(size)}. The processor finds them by one register, ` +
        `CR3 = ${hex(cr3)}.`,
      holds: table !== undefined && tables.some(({ pa }) => pa === cr3 - (cr3 % PAGE_SIZE)),
      space: processTitle(process),
      va: mappings[0]?.va ?? 0,
    },
  ];
}

function bothAreWhole({ spaces }: SceneInput): Claim[] {
  const process = shownProcess(spaces);
  const { kernel } = spaces;
  const shared = new Set(sharedPages(spaces).map(({ va }) => va));
  const inBoth = kernel.mappings.filter(({ va }) => findMapping(process.space, va));
  const differing = inBoth.filter(({ va, pa }) => findMapping(process.space, va)?.pa !== pa);
  const [example] = differing;
  const other = example && findMapping(process.space, example.va);
  const foreign = process.space.mappings.filter(({ va, user }) => !user && !shared.has(va));
  return [
    {
      text:
        `There are two sets of tables: the kernel's at ${hex(kernel.cr3)}, the program's at ` +
        `${hex(process.space.cr3)}.`,
      holds: kernel.cr3 !== process.space.cr3,
    },
    {
      text:
        `Address ${hex(example?.va ?? 0)} is in use in both spaces: for the kernel in frame ` +
        `${hex(example?.pa ?? 0)}, for the program in frame ${hex(other?.pa ?? 0)}.`,
      holds: example !== undefined,
      space: "kernel",
      va: example?.va ?? 0,
    },
    {
      text:
        `${inBoth.length} addresses of pages are in use in both; ${differing.length} of them ` +
        `lead to different frames. The other ${inBoth.length - differing.length} are all that ` +
        "is shared.",
      holds: differing.length === inBoth.length - shared.size,
    },
    {
      text: "Nothing of the kernel is in the program's space, hidden or not, but those that agree.",
      holds: foreign.length === 0,
    },
  ];
}

function threeAreShared(input: SceneInput): Claim[] {
  const { spaces, files } = input;
  const pages = sharedPages(spaces);
  const [first, , last] = pages;
  const text = ".trampoline.text";
  const word = symbolWord(input, "kernel_cr3");
  const stack = symbolWord(input, "tss", TSS_ESP0);
  const top = symbolAddress(files.image, "entry_stack_top");
  return [
    {
      text:
        `${pages.length} pages are in both spaces with the same address and frame: ` +
        `${pages.map(({ va }) => hex(va)).join(", ")}.`,
      holds: pages.length === 3 && spaces.processes.every(({ space }) => allIn(space, pages)),
      space: "kernel",
      va: first?.va ?? 0,
    },
    {
      text: "No program can touch them: their U bit is clear in every space.",
      holds: pages.every(({ va }) =>
        [spaces.kernel, ...spaces.processes.map(({ space }) => space)].every(
          (space) => findMapping(space, va)?.user === false,
        ),
      ),
    },
    {
      text: `The first has the code that changes CR3, byte for byte as the linker wrote it.`,
      holds: isUnchanged(input, text),
      ...placeOf(section(input, text)),
    },
    {
      text: `The second has the interrupt table, and the kernel's CR3: ${hex(word ?? 0)}.`,
      holds: word === spaces.kernel.cr3,
      ...at(symbolAddress(files.image, "kernel_cr3")),
    },
    {
      text:
        "The third has what the processor itself reads and writes at an entry: descriptors, " +
        `and a stack that ends at ${hex(stack ?? 0)}.`,
      holds: stack !== undefined && stack === top && stack > (last?.va ?? 0),
      ...at(top),
    },
  ];
}

function itChangesTwice(input: SceneInput): Claim[] {
  const { call, spaces } = input;
  const loads = changesOf(call, "cr3");
  const code = section(input, ".trampoline.text");
  const isInCode = (index: number) => isWithin(code, call[index]?.eip ?? 0);
  const own = call.filter(({ cr3 }) => cr3 === spaces.kernel.cr3);
  const elsewhere = call.filter(({ eip, cpl }) => cpl === 0 && !isWithin(code, eip));
  return [
    {
      text:
        `The call took ${call.length - 1} instructions, and CR3 changed ` +
        `${number(loads.length)}.`,
      holds: loads.length === 2,
    },
    {
      text:
        "Both changes were made by the first of the shared pages, at " +
        `${loads.map((index) => hex(call[index]?.eip ?? 0)).join(" and ")}.`,
      holds: loads.length > 0 && loads.every(isInCode),
      ...at(call[loads[0] ?? 0]?.eip),
    },
    {
      text:
        `${elsewhere.length} instructions of the kernel ran outside that page, each of them ` +
        "while the kernel's CR3 was loaded.",
      holds: elsewhere.length > 0 && elsewhere.every(({ cr3 }) => cr3 === spaces.kernel.cr3),
    },
    {
      text: "No instruction of the program ran while the kernel's CR3 was loaded.",
      holds: own.length > 0 && own.every(({ cpl }) => cpl === 0),
    },
  ];
}

function stacksFollow(input: SceneInput): Claim[] {
  const { call, spaces } = input;
  const [enter = -1, leave = -1] = changesOf(call, "cr3");
  const entered = call[enter + 1];
  const stack = section(input, ".trampoline.data");
  const onEntry = (state: CallState | undefined) => isWithin(stack, state?.esp ?? 0);
  const toKernel = call.findIndex((state, index) => index > enter && !onEntry(state));
  const page = entered && findMapping(spaces.kernel, entered.eip);
  const process = shownProcess(spaces);
  const theirs = entered && findMapping(process.space, entered.eip);
  return [
    {
      text:
        `CR3 has just changed. The next instruction is at ${hex(entered?.eip ?? 0)}, in frame ` +
        `${hex(frame(page?.pa))} in either space: so it is still the next one.`,
      holds: page !== undefined && page.pa === theirs?.pa,
      ...at(entered?.eip),
    },
    {
      text:
        `ESP = ${hex(entered?.esp ?? 0)} is still in the third shared page, which is also in ` +
        "either space.",
      holds: enter >= 0 && onEntry(entered),
      ...at(entered?.esp),
    },
    {
      text:
        `ESP becomes the kernel's ${toKernel - enter - 1} instructions later, ` +
        `${hex(call[toKernel]?.esp ?? 0)}: an address that means something else to the program.`,
      holds: enter >= 0 && toKernel > enter,
      ...at(call[toKernel]?.esp),
    },
    {
      text: "On the way out ESP is back in the shared page before CR3 is the program's.",
      holds: leave > enter && onEntry(call[leave]),
    },
  ];
}

function callsAreShort(input: SceneInput): Claim[] {
  const { call, spaces } = input;
  const code = section(input, ".trampoline.text");
  const crossing = call.slice(0, -1).filter(({ eip, cpl }) => cpl === 0 && isWithin(code, eip));
  const pages = new Set(sharedPages(spaces).map(({ va }) => va));
  const global = spaces.kernel.mappings.filter((each) => each.global);
  return [
    {
      text:
        `Of its ${call.length - 1} instructions, ${crossing.length} were the crossing: saving ` +
        "registers, both changes, and back.",
      holds: crossing.length > 0 && crossing.length < 100,
    },
    {
      text:
        "Only the shared pages are marked global: a change of CR3 need not forget them, and " +
        "forgets all others.",
      holds: global.every(({ va }) => pages.has(va)),
      space: "kernel",
      va: [...pages][0] ?? 0,
    },
  ];
}

function eachPageHasItsOwn(input: SceneInput): Claim[] {
  const { spaces } = input;
  const process = shownProcess(spaces);
  const rights: readonly (readonly [name: string, isWritable: boolean, text: string])[] = [
    [".trampoline.text", false, "code, cannot be written"],
    [".trampoline.rodata", false, "the interrupt table and CR3, cannot be written"],
    [".trampoline.data", true, "the stack and the descriptors, can be written"],
  ];
  const claims = rights.map(([name, isWritable, text]): Claim => {
    const place = section(input, name);
    const views = [spaces.kernel, process.space].map((space) => findMapping(space, place?.va ?? 0));
    return {
      text: `${hex(place?.va ?? 0)}: ${text}.`,
      holds: views.every((view) => view !== undefined && view.writable === isWritable),
      ...placeOf(place),
    };
  });
  return [
    ...claims,
    {
      text: "CR0.WP is set, so the processor keeps the kernel itself to this.",
      holds: (spaces.snapshot.registers.cr0 & CR0_WP) !== 0,
    },
  ];
}

function theEndIsTheEnd(input: SceneInput): Claim[] {
  const { files, spaces } = input;
  const { segments } = files.image;
  const last = section(input, ".trampoline.data");
  const place = section(input, ".trampoline.text");
  const loaded = place && loadAddress(files.image, place.va);
  const mapping = place && findMapping(spaces.kernel, place.va);
  const start = Math.min(...segments.map(({ pa }) => pa));
  const end = Math.max(...segments.map(({ pa, size }) => pa + size));
  return [
    {
      text: "The last byte of the third page is the last byte of the address space.",
      holds: last !== undefined && last.va + last.size === ADDRESS_SPACE_END,
      ...placeOf(last),
    },
    {
      text:
        `The first page is linked to run at ${hex(place?.va ?? 0)} and loaded at ` +
        `${hex(loaded ?? 0)}. The page table joins the two: that frame is what both spaces ` +
        "show.",
      holds: loaded !== undefined && mapping?.pa === loaded,
      ...placeOf(place),
    },
    {
      text:
        `So the boot loader sees one image of ${sizeText(end - start)} at ${hex(start)}, not ` +
        "one of 4 GiB.",
      holds: end - start < 1 << 20,
    },
  ];
}

function addressesMeanDifferentThings({ spaces }: SceneInput): Claim[] {
  const { ecx, cr3 } = spaces.snapshot.registers;
  const process = spaces.processes.find(({ space }) => space.cr3 === cr3);
  const theirs = process && findMapping(process.space, ecx);
  const ours = findMapping(spaces.kernel, ecx);
  const open = spaces.kernel.mappings.filter(({ va }) => va >= WINDOWS && va < WINDOW_END);
  return [
    {
      text:
        `The program is about to call write. ECX = ${hex(ecx)} says where its bytes are: for ` +
        `the program in frame ${hex(frame(theirs?.pa))}.`,
      holds: theirs?.user === true,
      ...(process && { space: processTitle(process), va: ecx }),
    },
    {
      text: ours
        ? `For the kernel the same number leads to frame ${hex(frame(ours.pa))}: something ` +
          "else entirely."
        : "For the kernel the same number leads nowhere.",
      holds: theirs !== undefined && ours?.pa !== theirs.pa,
      space: "kernel",
      va: ecx,
    },
    {
      text: "The kernel's windows, through which it looks at a program's frames, are closed now.",
      holds: open.length === 0,
      space: "kernel",
      va: WINDOWS,
    },
  ];
}

function oneMoreIsTooMany(input: SceneInput): Claim[] {
  const { spaces, files } = input;
  const [law] = input.audit();
  const frames = kernelFrames(spaces.kernel);
  const process = spaces.processes[0];
  const leak = process?.space.mappings.find(({ pa, user }) => user && frames.has(pa));
  const ours = leak && frames.get(leak.pa);
  const part = ours === undefined ? undefined : rangeAt(kernelRanges(files), ours)?.name;
  return [
    {
      text:
        `Frame ${hex(leak?.pa ?? 0)} has variables of the kernel, ${part ?? "none"}. Now the ` +
        `program has it too, at ${hex(leak?.va ?? 0)}, to read and to write.`,
      holds: leak?.writable === true && part === ".data",
      ...(process && leak && { space: processTitle(process), va: leak.va }),
    },
    {
      text: `The audit walks all tables and finds it: law 1 is ${law?.verdict}.`,
      holds: law?.verdict === "broken",
    },
  ];
}

/** The process that the map shows: the one that runs, or ran last. */
function shownProcess({ processes }: Spaces): ProcessSpace {
  const process = processes.find(({ current }) => current) ?? processes[0];
  if (process) return process;
  throw new RangeError("no process has an address space at this moment");
}

function allIn(
  space: ProcessSpace["space"],
  pages: readonly { va: number; pa: number }[],
): boolean {
  return pages.every(({ va, pa }) => findMapping(space, va)?.pa === pa);
}

function section({ files }: SceneInput, name: string): ImageSection | undefined {
  return files.image.sections.find((each) => each.name === name);
}

function isWithin(range: ImageSection | undefined, va: number): boolean {
  return range !== undefined && va >= range.va && va < range.va + range.size;
}

/** Whether a section's bytes in memory are those of the file. */
function isUnchanged(input: SceneInput, name: string): boolean {
  const wanted = input.sectionBytes(name);
  const place = section(input, name);
  const { kernel, snapshot } = input.spaces;
  const mapping = place && findMapping(kernel, place.va);
  const found = mapping && snapshot.memory.slice(mapping.pa, PAGE_SIZE);
  return (wanted?.every((byte, index) => found?.[index] === byte) ?? false) && wanted !== undefined;
}

function symbolWord({ spaces, files }: SceneInput, name: string, offset = 0): number | undefined {
  const va = symbolAddress(files.image, name);
  if (va === undefined) return undefined;
  return readLinear(spaces.snapshot.memory, spaces.kernel, va + offset);
}

/** The states whose instruction changed the register. */
function changesOf(call: readonly CallState[], name: "cr3" | "esp"): number[] {
  return call.flatMap((state, index) => {
    const next = call[index + 1];
    return next !== undefined && next[name] !== state[name] ? [index] : [];
  });
}

function placeOf(place: ImageSection | undefined): Pick<Claim, "space" | "va"> {
  return at(place?.va);
}

function at(va: number | undefined): Pick<Claim, "space" | "va"> {
  return va === undefined ? {} : { space: "kernel", va };
}

function frame(pa: number | undefined): number {
  return pa === undefined ? 0 : pa - (pa % PAGE_SIZE);
}

function number(count: number): string {
  return count === 2 ? "twice" : `${count} times`;
}
