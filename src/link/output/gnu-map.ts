// The map of a link by script in GNU ld's form: Makefiles take symbols and sizes out of it.
//
//      .text           0x00100000       0x25
//       .text          0x00100000        0x6 start.o
//                      0x00100000                start
//
// Symbols stand after the input that they are in, and those of the script where their addresses
// are.

import { hex } from "../../base/align";
import type { Region, ScriptOutput } from "../by-script/model";
import type { ScriptedImage } from "../by-script/scripted-image";
import type { InputSection, LinkSymbol } from "../passes/model";

const NAME = 16;
const SIZE = 10;

/** The text of the map; lines end with `\n`. */
export function gnuMap(image: ScriptedImage): string {
  const digits = image.layout.machine === "x86-64" ? 16 : 8;
  const symbols = symbolsBySection(image);
  return [
    "",
    "Memory Configuration",
    "",
    "Name             Origin             Length             Attributes",
    ...image.memory.map(regionLine),
    `${"*default*".padEnd(NAME)} ${bound(0n)} ${bound(-1n)}`,
    "",
    "Linker script and memory map",
    "",
    ...image.outputs
      .filter((output) => output.isInFile)
      .flatMap((output) => ["", ...outputLines(output, symbols, digits)]),
    "",
  ].join("\n");
}

function regionLine({ name, origin, length = 0n, attributes }: Region): string {
  return `${name.padEnd(NAME)} ${bound(origin)} ${bound(length)} ${attributes}`.trimEnd();
}

function bound(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16).padStart(16, "0")}`;
}

/** The global symbols of each output section, by address. */
function symbolsBySection({ symbols, outputs, scriptValues }: ScriptedImage) {
  const byPlaced = new Map<unknown, ScriptOutput>(outputs.map((each) => [each.placed, each]));
  const groups = new Map<ScriptOutput, LinkSymbol[]>();
  for (const symbol of symbols) {
    const { input, binding, name } = symbol;
    const counted = scriptValues.get(name)?.of;
    const home = byPlaced.get(input?.output) ?? (typeof counted === "object" ? counted : undefined);
    if (!home || binding === "local") continue;
    groups.set(home, [...(groups.get(home) ?? []), symbol]);
  }
  return groups;
}

function outputLines(
  output: ScriptOutput,
  symbols: ReadonlyMap<ScriptOutput, readonly LinkSymbol[]>,
  digits: number,
): string[] {
  const { placed, name } = output;
  const rest = [...(symbols.get(output) ?? [])];
  const lines = [head(name, placed.address, placed.size, digits)];
  for (const input of placed.inputs) {
    // Symbols before it are of the script.
    lines.push(...take(rest, (symbol) => !symbol.input && symbol.address < input.address, digits));
    if (input.section.name !== "(fill)") lines.push(inputLine(input, digits));
    lines.push(...take(rest, (symbol) => symbol.input === input, digits));
  }
  lines.push(...take(rest, () => true, digits));
  return lines;
}

function take(
  symbols: LinkSymbol[],
  isWanted: (symbol: LinkSymbol) => boolean,
  digits: number,
): string[] {
  const taken = symbols.filter(isWanted);
  for (const symbol of taken) symbols.splice(symbols.indexOf(symbol), 1);
  return taken.map(({ address, name }) => {
    return `${" ".repeat(NAME)}${hex(address, digits)}${" ".repeat(NAME)}${name}`;
  });
}

function inputLine(input: InputSection, digits: number): string {
  const { section, object, address, size } = input;
  return `${head(` ${section.name}`, address, size, digits)} ${object.name}`;
}

/** A name that is too long for its column has a line of its own. */
function head(name: string, address: number, size: number, digits: number): string {
  const fits = name.length < NAME;
  const label = fits ? name.padEnd(NAME) : `${name}\n${" ".repeat(NAME)}`;
  return `${label}${hex(address, digits)} ${`0x${size.toString(16)}`.padStart(SIZE)}`;
}
