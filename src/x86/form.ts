// Forms: the rows of the instruction table with their encodings taken apart.
//
//   row   add  [rw rm32, r imm8s]  "83 /0 ib"
//   form  prefixes [], opcode [83], digit 0, rm = operand 0, immediates [operand 1: 8 bits]
//
// Encoder, decoder and printer work on forms; nothing but this file reads the encoding's text.
//
// Invariants
//   - Every operand that is not fixed has exactly one place in the encoding; checked at load.
//   - `forms` keeps the table's order, which decides between encodings of one length.

import type { Bits, Effects, OperandSpec, Row } from "./instructions/row";
import type { Mnemonic } from "./instructions/table";
import { mnemonics, table } from "./instructions/table";

/** An operand's bytes after opcode and ModR/M; `operand` indexes the form's operands. */
export interface Field {
  readonly operand: number;
  readonly bytes: 1 | 2 | 4;
  readonly relative: boolean;
}

/** One encoding of one instruction, ready for use. -1: there is none. */
export interface Form {
  readonly mnemonic: Mnemonic;
  readonly operands: readonly OperandSpec[];
  readonly effects: Effects;
  readonly prefixes: readonly number[];
  /** A REX prefix with W set: operands of 64 bits. */
  readonly rexW: boolean;
  /** The mode that has it; undefined: both. */
  readonly only: Bits | undefined;
  readonly opcode: readonly number[];
  /** The ModR/M reg field when it is part of the opcode. */
  readonly digit: number;
  readonly hasModrm: boolean;
  /** Operands by where they are encoded: the opcode's last three bits, ModR/M reg, ModR/M rm. */
  readonly inOpcode: number;
  readonly inReg: number;
  readonly inRm: number;
  readonly fields: readonly Field[];
  /** Length in bytes without SIB, displacement and segment prefix. */
  readonly length: number;
}

const PREFIXES = new Set([0x66, 0xf0, 0xf2, 0xf3]);
const FIELD_BYTES: Readonly<Record<string, 1 | 2 | 4>> = {
  ib: 1,
  iw: 2,
  id: 4,
  cb: 1,
  cd: 4,
  od: 4,
};

interface Encoding {
  readonly prefixes: number[];
  rexW: boolean;
  readonly opcode: number[];
  plusRegister: boolean;
  /** undefined: no ModR/M; -1: `/r`. */
  modrm: number | undefined;
  readonly fields: string[];
}

/** Takes an encoding's text apart; src/x86/instructions/row.ts describes the notation. */
function parseEncoding(text: string): Encoding {
  const encoding: Encoding = {
    prefixes: [],
    rexW: false,
    opcode: [],
    plusRegister: false,
    modrm: undefined,
    fields: [],
  };
  const tokens = text.split(" ");
  tokens.forEach((token, index) => {
    const value = Number.parseInt(token, 16);
    if (/^[0-9A-F]{2}(\+r)?$/.test(token)) {
      const more = /^[0-9A-F]{2}/.test(tokens[index + 1] ?? "");
      const isPrefix = encoding.opcode.length === 0 && more && PREFIXES.has(value);
      (isPrefix ? encoding.prefixes : encoding.opcode).push(value);
      encoding.plusRegister ||= token.endsWith("+r");
    } else if (token === "REX.W") {
      encoding.rexW = true;
    } else if (/^\/[0-7r]$/.test(token)) {
      encoding.modrm = token === "/r" ? -1 : Number(token[1]);
    } else if (FIELD_BYTES[token] !== undefined) {
      encoding.fields.push(token);
    } else {
      throw new Error(`encoding "${text}": cannot read "${token}"`);
    }
  });
  return encoding;
}

/** Where the operands go; `general` registers take what the others leave. */
function assignPlaces(operands: readonly OperandSpec[], encoding: Encoding) {
  const find = (...places: string[]) =>
    operands.findIndex(({ kind }) => places.includes(kind.place));
  let inOpcode = -1;
  let inReg = find("reg");
  let inRm = find("rm");
  operands.forEach(({ kind }, index) => {
    if (kind.place !== "general") return;
    if (encoding.plusRegister) inOpcode = index;
    else if (encoding.modrm === -1 && inReg === -1) inReg = index;
    else inRm = index;
  });
  return { inOpcode, inReg, inRm };
}

function assignFields(operands: readonly OperandSpec[], texts: readonly string[]): Field[] {
  return texts.map((text) => {
    const bytes = FIELD_BYTES[text] as 1 | 2 | 4;
    const places = { i: "immediate", c: "relative", o: "offset" };
    const place = places[text[0] as keyof typeof places];
    const operand = operands.findIndex(
      ({ kind }) => kind.place === place && kind.width === 8 * bytes,
    );
    return { operand, bytes, relative: place === "relative" };
  });
}

function compile(
  mnemonic: Mnemonic,
  operands: readonly OperandSpec[],
  effects: Effects,
  text: string,
  only: Bits | undefined,
) {
  const encoding = parseEncoding(text);
  const places = assignPlaces(operands, encoding);
  const fields = assignFields(operands, encoding.fields);
  const hasModrm = encoding.modrm !== undefined;
  const length =
    encoding.prefixes.length +
    (encoding.rexW ? 1 : 0) +
    encoding.opcode.length +
    (hasModrm ? 1 : 0) +
    fields.reduce((sum, { bytes }) => sum + bytes, 0);
  const form: Form = {
    mnemonic,
    operands,
    effects,
    prefixes: encoding.prefixes,
    rexW: encoding.rexW,
    only,
    opcode: encoding.opcode,
    digit: encoding.modrm ?? -1,
    hasModrm,
    ...places,
    fields,
    length,
  };
  checkPlaces(form, text);
  return form;
}

function checkPlaces(form: Form, text: string): void {
  const placed = [form.inOpcode, form.inReg, form.inRm, ...form.fields.map((f) => f.operand)];
  const wanted = form.operands.flatMap(({ kind }, index) =>
    kind.place === "fixed" ? [] : [index],
  );
  const found = placed.filter((index) => index !== -1).sort();
  const complete = form.fields.every(({ operand }) => operand !== -1);
  if (!complete || found.join() !== wanted.join()) {
    throw new Error(`${form.mnemonic} "${text}": operands and encoding do not agree`);
  }
}

/** The forms of each mnemonic, in the table's order. */
export const formsOf: ReadonlyMap<Mnemonic, readonly Form[]> = new Map(
  mnemonics.map((mnemonic) => [
    mnemonic,
    (table[mnemonic] as readonly Row[]).map(({ operands, effects, encoding, only }) =>
      compile(mnemonic, operands, effects, encoding, only),
    ),
  ]),
);

const allForms: readonly Form[] = [...formsOf.values()].flat();

/** All forms of protected mode, in the table's order. */
export const forms: readonly Form[] = allForms.filter(({ only }) => only !== 64);

/** The forms that only long mode has, in the table's order. */
export const longModeForms: readonly Form[] = allForms.filter(({ only }) => only === 64);
