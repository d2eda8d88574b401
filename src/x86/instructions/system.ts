// What an operating system needs: descriptor tables, control, ports, flags, identification.

import { AL, AX, DX, EAX, m, m16, r16, r32, rm16, rm32, uimm8 } from "../operand-kind";
import { eax, ebx, ecx, edx } from "../registers";
import { address, effects, r, row, w } from "./row";

const SELECTOR_QUERY = effects({ flagsWritten: "Z" });

/** Stores of a system register: 32 bits to a register, 16 bits to memory. */
const storeWord = (encoding: string) => [
  row([w(r32)], encoding),
  row([w(r16)], `66 ${encoding}`),
  row([w(m16)], encoding),
];

/** Rights or limit of the descriptor that a selector names; ZF is clear if there is none. */
const aboutSelector = (encoding: string) => [
  row([w(r32), r(r32)], encoding, SELECTOR_QUERY),
  row([w(r32), r(m16)], encoding, SELECTOR_QUERY),
];

/** One flag, cleared, set or complemented. */
const flag = (opcode: string, letter: string, read = "") => [
  row([], opcode, effects({ flagsRead: read, flagsWritten: letter })),
];

export const system = {
  lgdt: [row([r(m)], "0F 01 /2")],
  lidt: [row([r(m)], "0F 01 /3")],
  sgdt: [row([w(m)], "0F 01 /0")],
  sidt: [row([w(m)], "0F 01 /1")],
  lldt: [row([r(rm16)], "0F 00 /2")],
  ltr: [row([r(rm16)], "0F 00 /3")],
  sldt: storeWord("0F 00 /0"),
  str: storeWord("0F 00 /1"),
  smsw: storeWord("0F 01 /4"),
  lmsw: [row([r(rm16)], "0F 01 /6")],
  verr: [row([r(rm16)], "0F 00 /4", SELECTOR_QUERY)],
  verw: [row([r(rm16)], "0F 00 /5", SELECTOR_QUERY)],
  lar: aboutSelector("0F 02 /r"),
  lsl: aboutSelector("0F 03 /r"),
  invlpg: [row([address(m)], "0F 01 /7")],
  invd: [row([], "0F 08")],
  wbinvd: [row([], "0F 09")],
  clts: [row([], "0F 06")],
  clac: flag("0F 01 CA", "K"),
  stac: flag("0F 01 CB", "K"),
  rdmsr: [row([], "0F 32", effects({ reads: [ecx], writes: [eax, edx] }))],
  wrmsr: [row([], "0F 30", effects({ reads: [eax, ecx, edx] }))],
  rdpmc: [row([], "0F 33", effects({ reads: [ecx], writes: [eax, edx] }))],
  rdtsc: [row([], "0F 31", effects({ writes: [eax, edx] }))],
  cpuid: [row([], "0F A2", effects({ reads: [eax, ecx], writes: [eax, ebx, ecx, edx] }))],
  hlt: [row([], "F4")],
  cli: flag("FA", "I"),
  sti: flag("FB", "I"),
  cld: flag("FC", "D"),
  std: flag("FD", "D"),
  clc: flag("F8", "C"),
  stc: flag("F9", "C"),
  cmc: flag("F5", "C", "C"),
  lahf: [row([], "9F", effects({ reads: [eax], writes: [eax], flagsRead: "SZAPC" }))],
  sahf: [row([], "9E", effects({ reads: [eax], flagsWritten: "SZAPC" }))],
  in: [
    row([w(AL), r(uimm8)], "E4 ib"),
    row([w(AX), r(uimm8)], "66 E5 ib"),
    row([w(EAX), r(uimm8)], "E5 ib"),
    row([w(AL), r(DX)], "EC"),
    row([w(AX), r(DX)], "66 ED"),
    row([w(EAX), r(DX)], "ED"),
  ],
  out: [
    row([r(uimm8), r(AL)], "E6 ib"),
    row([r(uimm8), r(AX)], "66 E7 ib"),
    row([r(uimm8), r(EAX)], "E7 ib"),
    row([r(DX), r(AL)], "EE"),
    row([r(DX), r(AX)], "66 EF"),
    row([r(DX), r(EAX)], "EF"),
  ],
  nop: [
    row([], "90"),
    row([], "66 90"),
    row([address(rm32)], "0F 1F /0"),
    row([address(rm16)], "66 0F 1F /0"),
  ],
  pause: [row([], "F3 90")],
};
