// Which lines of a function its code can stop at, for the compact symbol table.
//
// The table answers for two kinds of addresses: where a call is under way, and where an instruction
// has faulted. Most instructions do neither, and a line that has only such instructions would never
// be asked for: it becomes part of the line before it. DWARF keeps them all.
//
//    line 5   mov eax, [ebx]      may fault            5
//    line 6   add eax, 3          cannot               5
//    line 7   call f              a call               7
//    line 8   mov eax, [counter]  cannot               7
//    line 9   mov [esp + 4], eax  cannot               7
//
// A variable of the program is always there, and so is the function's own frame: the call before it
// has written to it. Only an address in the first page is a pointer that was null.
//
// Bytes that are no instructions of ours (jump tables, another machine's code) may stop anywhere.

import type { LineEntry } from "../../object/object";
import { decode, type Instruction } from "../../x86/decode";
import { esp } from "../../x86/registers";
import type { LinkedFunction } from "./functions";

const PAGE = 4096;

/** Instructions on general registers that can neither call nor fault, unless they use memory. */
const HARMLESS = new RegExp(
  "^(mov|movzx|movsx|lea|xchg|bswap|cdq|cwde|add|adc|sub|sbb|inc|dec|neg|not|and|or|xor|cmp|test|" +
    "mul|imul|shl|shr|sar|rol|ror|shld|shrd|bt|bsf|bsr|set\\w+|cmov\\w+|jmp|j\\w+|push|pop|ret|" +
    "nop|int3)$",
);

/** The lines of `func` that something can ask for; the first is always there. */
export function stopLines(func: LinkedFunction): readonly LineEntry[] {
  const { bytes } = func.input.section;
  const { lines } = func;
  if (bytes === undefined) return lines;
  const patched = new Set(func.input.relocations.map(({ offset }) => offset - func.offset));
  const code = bytes.subarray(func.offset, func.offset + func.size);
  const kept: LineEntry[] = [];
  let at = 0;
  for (const [index, line] of lines.entries()) {
    const end = lines[index + 1]?.offset ?? func.size;
    let stops = index === 0;
    while (at < end) {
      const instruction = decode(code, at);
      if (instruction === undefined) return [...kept, ...lines.slice(index)];
      stops ||= canStop(instruction, at, patched);
      at += instruction.length;
    }
    if (stops) kept.push(line);
  }
  return kept;
}

/** `patched` has the offsets in the code that relocations fill; the instruction begins at `at`. */
function canStop(
  { form, operands, length }: Instruction,
  at: number,
  patched: ReadonlySet<number>,
): boolean {
  if (!HARMLESS.test(form.mnemonic)) return true;
  if (form.mnemonic === "lea" || form.mnemonic === "nop") return false;
  return operands.some((operand) => {
    if (typeof operand !== "object") return false;
    if (operand.kind !== "memory") return !/^(r32|r16|r8|relative|symbol)$/.test(operand.kind);
    const { base, index, segment, disp } = operand;
    if (index !== undefined || segment !== undefined) return true;
    if (base !== undefined) return base !== esp;
    return disp >>> 0 < PAGE && !isPatched(patched, at, length);
  });
}

function isPatched(patched: ReadonlySet<number>, start: number, length: number): boolean {
  for (let offset = start; offset < start + length; offset++) {
    if (patched.has(offset)) return true;
  }
  return false;
}
