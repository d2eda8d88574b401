// The instruction table: every row of this folder under its mnemonic.
//
// A mnemonic may consist of two words (`rep movsd`, `lock xadd`); the prefix is part of its rows.

import { arithmetic } from "./arithmetic";
import { atomic } from "./atomic";
import { bit } from "./bit";
import { branch } from "./branch";
import { condition } from "./condition";
import { move } from "./move";
import { multiplyDivide } from "./multiply-divide";
import type { OperandSpec, Row } from "./row";
import { shifts } from "./shift";
import { sse } from "./sse";
import { stack } from "./stack";
import { strings } from "./string";
import { system } from "./system";
import { x87 } from "./x87";

export const table = {
  ...move,
  ...arithmetic,
  ...shifts,
  ...multiplyDivide,
  ...branch,
  ...condition,
  ...stack,
  ...strings,
  ...bit,
  ...system,
  ...atomic,
  ...x87,
  ...sse,
  // The names that SSE2 shares with string instructions.
  movsd: [...strings.movsd, ...sse.movsd],
  cmpsd: [...strings.cmpsd, ...sse.cmpsd],
};

export type Mnemonic = keyof typeof table;

export const mnemonics = Object.keys(table) as Mnemonic[];

type ArgumentOf<S> = S extends OperandSpec<infer T> ? T : never;
type ArgumentsOf<R> =
  R extends Row<infer K> ? { -readonly [I in keyof K]: ArgumentOf<K[I]> } : never;

/** The tuples of operands that a mnemonic takes, one for each of its rows. */
export type OperandsOf<M extends Mnemonic> = ArgumentsOf<(typeof table)[M][number]>;
