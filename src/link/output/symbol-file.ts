// The symbols of a link by address, in the format of `nm`: address, size, letter, name. Capitals
// are global; T is code, D data, R read-only data, B zeros, A a number.

import { ADDRESS_SPACES } from "../layout/address-space";
import type { LinkedImage } from "../passes/image";
import type { LinkSymbol } from "../passes/model";

/** The text of the symbol file; lines end with `\n`. */
export function symbolFile(image: LinkedImage): string {
  const { digits } = ADDRESS_SPACES[image.layout.machine];
  const lines = image.symbols.map((symbol) => {
    const letter = letterOf(symbol);
    const shown = symbol.binding === "local" ? letter.toLowerCase() : letter;
    return `${digits(symbol.address)} ${digits(symbol.size)} ${shown} ${symbol.name}\n`;
  });
  return lines.join("");
}

function letterOf({ input }: LinkSymbol): string {
  const output = input?.output;
  if (!output) return "A";
  if (output.plan.permissions.includes("x")) return "T";
  if (!output.plan.permissions.includes("w")) return "R";
  return input.section.type === "nobits" ? "B" : "D";
}
