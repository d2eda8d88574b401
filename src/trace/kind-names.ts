// The names of the kinds of arguments, from their constants: OPEN_FLAGS is "open flags".

import * as declared from "../abi/linux/argument-kinds";

/** Constants there that are not kinds. */
const OTHER = /^(CAPTURE_|ARGUMENTS_MAX$)/;

const NAMES = new Map<number, string>(
  Object.entries(declared).flatMap(([name, value]) =>
    typeof value !== "number" || OTHER.test(name)
      ? []
      : [[value, name.toLowerCase().replaceAll("_", " ")] as const],
  ),
);

/** The name of a kind. */
export function kindName(kind: number): string {
  return NAMES.get(kind) ?? `kind ${kind}`;
}

const KINDS = new Map([...NAMES].map(([kind, name]) => [name, kind]));

/** The kind of a name; POINTER, which says least of an address, if there is none. */
export function kindOfName(name: string): number {
  return KINDS.get(name) ?? declared.POINTER;
}
