// `.debug_frame`: how a debugger finds the caller of code that keeps no frame pointer.
//
// The canonical frame address (CFA) is where ESP was before the call pushed the return address. One
// common entry says what holds at every function's start (CFA = ESP + 4, return address at CFA -
// 4); one description for each input section says how pushes and pops change that.
//
// See the DWARF 4 standard, 6.4, and the i386 psABI, table 2.14 (register numbers).

import type { FrameStep } from "../../object/object";
import type { InputSection } from "../passes/model";
import { DebugSection } from "./debug-section";

const DW_CFA_ADVANCE_LOC = 0x40;
const DW_CFA_OFFSET = 0x80;
const DW_CFA_RESTORE = 0xc0;
const DW_CFA_ADVANCE_LOC1 = 0x02;
const DW_CFA_ADVANCE_LOC2 = 0x03;
const DW_CFA_ADVANCE_LOC4 = 0x04;
const DW_CFA_UNDEFINED = 0x07;
const DW_CFA_SAME_VALUE = 0x08;
const DW_CFA_DEF_CFA = 0x0c;
const DW_CFA_DEF_CFA_OFFSET = 0x0e;

const CIE_ID = 0xffffffff;
const CODE_ALIGNMENT = 1;
const DATA_ALIGNMENT = -4;

const REGISTERS: Readonly<Record<string, number>> = {
  eax: 0,
  ecx: 1,
  edx: 2,
  ebx: 3,
  esp: 4,
  ebp: 5,
  esi: 6,
  edi: 7,
  eip: 8,
};
const NUMBERED = Object.entries(REGISTERS);
const RETURN_ADDRESS = 8;
/**
 * Registers that a function may change; the others, unless saved, still have the caller's value.
 */
const CALLER_SAVED = ["eax", "ecx", "edx"];
const CALLEE_SAVED = ["ebx", "ebp", "esi", "edi"];

/** The frame table of the code in `inputs`. */
export function writeFrames(inputs: Iterable<InputSection>): DebugSection {
  const out = new DebugSection(".debug_frame");
  writeCommon(out, CALLED);
  let interrupted: number | undefined;
  for (const input of inputs) {
    for (const run of runsOf(input)) {
      if (run.isInterrupt && interrupted === undefined) {
        interrupted = out.length;
        writeCommon(out, INTERRUPTED);
      }
      const common = run.isInterrupt ? (interrupted ?? 0) : 0;
      writeEntry(out, () => writeDescription(input, run, common, out));
    }
  }
  return out;
}

/** Code with steps of one kind. */
interface Run {
  readonly isInterrupt: boolean;
  readonly start: number;
  end: number;
  readonly steps: FrameStep[];
}

function runsOf({ section, size }: InputSection): Run[] {
  const runs: Run[] = [];
  for (const step of section.frame?.steps ?? []) {
    const isInterrupt = step.isInterrupt === true;
    const last = runs[runs.length - 1];
    if (last?.isInterrupt === isInterrupt) {
      last.steps.push(step);
      continue;
    }
    const start = last ? step.offset : 0;
    if (last) last.end = start;
    runs.push({ isInterrupt, start, end: size, steps: [step] });
  }
  return runs;
}

/** The augmentation of what is called, and of what begins where other code was interrupted. */
const CALLED = "";
const INTERRUPTED = "S";

function writeCommon(out: DebugSection, augmentation: string): void {
  writeEntry(out, () => {
    out.u32(CIE_ID);
    out.u8(1); // the format's version
    out.cstring(augmentation);
    out.uleb(CODE_ALIGNMENT);
    out.sleb(DATA_ALIGNMENT);
    out.u8(RETURN_ADDRESS);
    out.u8(DW_CFA_DEF_CFA);
    out.uleb(REGISTERS.esp ?? 0);
    out.uleb(4);
    out.u8(DW_CFA_OFFSET | RETURN_ADDRESS);
    out.uleb(1);
    for (const name of CALLER_SAVED) writeRule(DW_CFA_UNDEFINED, name, out);
    for (const name of CALLEE_SAVED) writeRule(DW_CFA_SAME_VALUE, name, out);
  });
}

/** An entry with its length before it, padded to whole words with DW_CFA_nop (0). */
function writeEntry(out: DebugSection, content: () => void): void {
  const start = out.length;
  out.u32(0);
  content();
  out.alignTo(4);
  out.patchU32(start, out.length - start - 4);
}

function writeDescription(
  input: InputSection,
  { start, end, steps }: Run,
  common: number,
  out: DebugSection,
): void {
  out.reference(out, common);
  out.reference(input, start);
  out.u32(end - start);
  let state: FrameStep = { offset: start, cfaOffset: 4, saved: {} };
  for (const step of steps) {
    writeAdvance(step.offset - state.offset, out);
    const { base = "esp" } = step;
    if (base !== (state.base ?? "esp")) {
      out.u8(DW_CFA_DEF_CFA);
      out.uleb(REGISTERS[base] ?? 0);
      out.uleb(step.cfaOffset);
    } else if (step.cfaOffset !== state.cfaOffset) {
      out.u8(DW_CFA_DEF_CFA_OFFSET);
      out.uleb(step.cfaOffset);
    }
    writeSaved(state, step, out);
    state = step;
  }
}

function writeRule(rule: number, register: string, out: DebugSection): void {
  out.u8(rule);
  out.uleb(REGISTERS[register] ?? 0);
}

/** What has been saved, and what restored. */
function writeSaved(before: FrameStep, after: FrameStep, out: DebugSection): void {
  if (after.saved === before.saved) return;
  for (const [name, number] of NUMBERED) {
    const distance = after.saved[name];
    if (distance === before.saved[name]) continue;
    if (distance === undefined) {
      out.u8(DW_CFA_RESTORE | number);
    } else {
      out.u8(DW_CFA_OFFSET | number);
      out.uleb(distance / -DATA_ALIGNMENT);
    }
  }
}

function writeAdvance(bytes: number, out: DebugSection): void {
  if (bytes === 0) return;
  if (bytes < 0x40) {
    out.u8(DW_CFA_ADVANCE_LOC | bytes);
  } else if (bytes <= 0xff) {
    out.u8(DW_CFA_ADVANCE_LOC1);
    out.u8(bytes);
  } else if (bytes <= 0xffff) {
    out.u8(DW_CFA_ADVANCE_LOC2);
    out.u16(bytes);
  } else {
    out.u8(DW_CFA_ADVANCE_LOC4);
    out.u32(bytes);
  }
}
