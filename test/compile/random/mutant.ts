// Changes one instruction of compiled code, to see whether a test notices.
//
// A change keeps the instruction's length, so that nothing else moves: it becomes another one of
// the same operands, loses or exchanges an operand's part, or becomes no operation at all.

import type { ObjectFile, Section } from "../../../src/object/object";
import { chooseForm, NoForm } from "../../../src/x86/choose-form";
import { decode, type Instruction } from "../../../src/x86/decode";
import { CodeBuffer, encodeForm } from "../../../src/x86/encode";
import type { Mnemonic } from "../../../src/x86/instructions/table";
import { nopFill } from "../../../src/x86/nop";
import type { Operand } from "../../../src/x86/operand";
import { print } from "../../../src/x86/print";
import { type Register, registers8, registers32, registersXmm } from "../../../src/x86/registers";
import type { Random } from "./random";

/** One instruction of one function. */
export interface Site {
  readonly fn: string;
  /** Index of the section, and where the instruction stands in it. */
  readonly section: number;
  readonly offset: number;
  readonly instruction: Instruction;
}

export interface Mutant {
  readonly site: Site;
  /** What was done: "other operation", "immediate", … */
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** Instructions that take the same operands and compute something else. */
const RELATIVES: readonly (readonly Mnemonic[])[] = [
  ["add", "sub", "and", "or", "xor", "mov"],
  ["adc", "sbb"],
  ["shl", "shr", "sar", "rol", "ror"],
  ["neg", "not", "inc", "dec"],
  ["movzx", "movsx"],
  ["mul", "imul"],
  ["div", "idiv"],
  ["bsf", "bsr"],
  ["shld", "shrd"],
  ["cmp", "test"],
  ["addss", "subss", "mulss", "divss", "minss", "maxss", "sqrtss"],
  ["addsd", "subsd", "mulsd", "divsd", "minsd", "maxsd", "sqrtsd"],
];

/** Each condition by those that are easily mistaken for it. */
const CONDITIONS: readonly (readonly string[])[] = [
  ["e", "ne"],
  ["b", "ae", "be", "a", "l"],
  ["l", "ge", "le", "g", "b"],
  ["s", "ns"],
  ["o", "no"],
  ["p", "np"],
];

const HARMLESS = /^(nop|ud[12]|fnop)/;

/** The instructions of the functions that `isWanted` chooses. */
export function sitesOf(object: ObjectFile, isWanted: (fn: string) => boolean): Site[] {
  return object.symbols.flatMap(({ name, type, section, offset, size }) => {
    const bytes = object.sections[section ?? -1]?.bytes;
    if (type !== "function" || section === undefined || !bytes || !isWanted(name)) return [];
    const sites: Site[] = [];
    for (let at = offset; at < offset + size; ) {
      const instruction = decode(bytes, at);
      if (!instruction) throw new Error(`${name}: bytes at ${at} are not an instruction`);
      if (!HARMLESS.test(instruction.form.mnemonic)) {
        sites.push({ fn: name, section, offset: at, instruction });
      }
      at += instruction.length;
    }
    return sites;
  });
}

/** A change of the instruction at `site`, or undefined if the chosen one is not possible. */
export function mutate(object: ObjectFile, site: Site, random: Random): Mutant | undefined {
  const { instruction, offset } = site;
  const section = object.sections[site.section]!;
  const changes = changesOf(instruction);
  const kinds = [...new Set(changes.map(({ kind }) => kind)), "nothing"];
  const kind = random.pick(kinds);
  if (kind === "nothing") return { site, kind, bytes: nopFill(instruction.length) };
  const { mnemonic, operands } = random.pick(changes.filter((each) => each.kind === kind));
  const form = chooseForm(mnemonic, operands);
  if (form instanceof NoForm) return undefined;
  const buffer = new CodeBuffer();
  encodeForm(buffer, form, operands);
  const padding = instruction.length - buffer.length;
  if (padding < 0 || (padding > 0 && isRelocated(section, offset, instruction.length))) {
    return undefined;
  }
  const bytes = Uint8Array.from([...buffer.bytes, ...nopFill(padding)]);
  const before = section.bytes.subarray(offset, offset + instruction.length);
  return bytes.every((byte, i) => byte === before[i]) ? undefined : { site, kind, bytes };
}

/** The object with other bytes at an offset. */
export function withBytes(object: ObjectFile, { section, offset }: Site, bytes: Uint8Array) {
  const sections = object.sections.map((each, i) => {
    if (i !== section) return each;
    const changed = Uint8Array.from(each.bytes);
    changed.set(bytes, offset);
    return { ...each, bytes: changed };
  });
  return { ...object, sections };
}

/** A mutant in words: `f0+0x12: add eax,ecx -> sub eax,ecx`. */
export function describeMutant({ site, bytes }: Mutant): string {
  const changed = decode(bytes, 0);
  const after = changed ? print(changed) : "?";
  const place = `${site.fn}+0x${site.offset.toString(16)}`;
  return `${place}: ${print(site.instruction)} -> ${after}`.replace(/\s+/g, " ");
}

interface Change {
  readonly kind: string;
  readonly mnemonic: Mnemonic;
  readonly operands: readonly Operand[];
}

function changesOf({ form, operands }: Instruction): Change[] {
  const { mnemonic } = form;
  const others: Mnemonic[] = [
    ...RELATIVES.filter((each) => each.includes(mnemonic)).flat(),
    ...otherConditions(mnemonic),
  ].filter((each) => each !== mnemonic);
  return [
    ...others.map((other) => ({ kind: "other operation", mnemonic: other, operands })),
    ...operands.flatMap((operand, i) =>
      otherOperands(operand).map(({ kind, to }) => {
        const changed = operands.map((each, j) => (i === j ? to : each));
        return { kind, mnemonic, operands: changed };
      }),
    ),
  ];
}

function otherConditions(mnemonic: Mnemonic): Mnemonic[] {
  const match = /^(j|set|cmov)([a-z]+)$/.exec(mnemonic);
  if (!match) return [];
  const [, prefix, condition] = match as unknown as [string, string, string];
  const group = CONDITIONS.find((each) => each[0] === condition || each.includes(condition));
  return (group ?? []).map((each) => `${prefix}${each}` as Mnemonic);
}

interface OtherOperand {
  readonly kind: string;
  readonly to: Operand;
}

function otherOperands(operand: Operand): OtherOperand[] {
  if (typeof operand === "number") {
    return [operand + 1, operand - 1].map((to) => ({ kind: "immediate", to }));
  }
  if (operand.kind === "relative" || operand.kind === "symbol") return [];
  if (operand.kind === "memory") {
    const { disp, base } = operand;
    const moved = [disp + 1, disp + 4, disp - 4].map((to) => ({ ...operand, disp: to }));
    const based = base ? others(base).map((to) => ({ ...operand, base: to as typeof base })) : [];
    return [
      ...moved.map((to) => ({ kind: "displacement", to })),
      ...based.map((to) => ({ kind: "base", to })),
    ];
  }
  return others(operand).map((to) => ({ kind: "register", to }));
}

/** Other registers of the same file; not ESP, without which nothing works. */
function others(register: Register): readonly Register[] {
  const files: readonly (readonly Register[])[] = [registers32, registers8, registersXmm];
  const file = files.find((each) => each.includes(register)) ?? [];
  if (register.name === "esp") return [];
  return file.filter((each) => each !== register && each.name !== "esp");
}

function isRelocated({ relocations }: Section, offset: number, length: number): boolean {
  return relocations.some((each) => each.offset >= offset && each.offset < offset + length);
}
