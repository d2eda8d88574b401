// The i686: seven general registers beside the stack pointer, and XMM0 to XMM7 for floats.
//
// The calling convention is GCC's `-mregparm=3 -msseregparm` (calling-convention.ts).

import {
  eax,
  ebp,
  ebx,
  ecx,
  edi,
  edx,
  esi,
  esp,
  hasLow8,
  type Register32,
  registers32,
  registersXmm,
  xmm0,
} from "../../x86/registers";
import { numberOf } from "../code/code";
import type { Target } from "../code/target";

/** DWARF's number of XMM0; general registers have their own. The i386 psABI, table 2.14. */
const DWARF_XMM0 = 21;

const general = (...registers: Register32[]) => registers.map(numberOf);
const xmm = registersXmm.map(numberOf);

const callerSaved = general(eax, ecx, edx);
const calleeSaved = general(ebx, esi, edi, ebp);

export const I686: Target = {
  name: "i686",
  wordBytes: 4,
  registers: {
    names: [...registers32, ...registersXmm].map(({ name }) => name),
    allocatable: { general: [...callerSaved, ...calleeSaved], float: xmm },
    // As many as an address and a value need, or the arguments of a call.
    fewest: { general: general(eax, ecx, edx), float: xmm.slice(0, 3) },
    withLowByte: new Set(general(...registers32.filter(hasLow8))),
    stackPointer: numberOf(esp),
    dwarfNumbers: [
      ...registers32.map(({ number }) => number),
      ...registersXmm.map(({ number }) => DWARF_XMM0 + number),
    ],
  },
  convention: {
    arguments: { general: general(eax, edx, ecx), float: xmm.slice(0, 3) },
    results: { general: general(eax, edx), float: [numberOf(xmm0)] },
    callerSaved: { general: callerSaved, float: xmm },
    calleeSaved,
    tailWords: 0,
  },
};
