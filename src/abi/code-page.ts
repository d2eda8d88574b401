// Code page 437, the font that a VGA has in its text mode: which of its codes shows a character,
// and which character a code shows. Only tools read it, and kernel/device/font.asm.ts.

import { BOX_COUNT, BOX_FIRST, LATIN_COUNT, LATIN_FIRST } from "./font";
import { boxArms } from "./glyphs";

const ASCII_END = 0x7f;
const UPPER = 0x80;
const UPPER_HALF =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»" +
  "░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/** Where there is nothing near. */
const UNKNOWN = "?";
const CROSSING = "+";
/** What shows a character that no accent can be taken from. */
const NEAR: Readonly<Record<string, string>> = {
  ...{
    "¦": "|",
    "§": "S",
    "©": "C",
    "\u00ad": "-",
    "®": "R",
    "¯": "-",
    "³": "3",
    "´": "'",
    "¶": "P",
  },
  ...{ "¸": ",", "¹": "1", "¾": "?", Ð: "D", "×": "x", Ø: "O", Þ: "P", ð: "d", ø: "o" },
  ...{ þ: "p", "¤": "o", "¨": '"', "╱": "/", "╲": "\\", "╳": "X" },
};

/** For each character of Latin-1 and of box drawing beyond ASCII the code that shows it best. */
export function vgaCodes(): number[] {
  const latin = Array.from({ length: LATIN_COUNT }, (_, i) => String.fromCharCode(LATIN_FIRST + i));
  const arms = boxArms();
  const boxes = Array.from({ length: BOX_COUNT }, (_, i) => String.fromCharCode(BOX_FIRST + i));
  const known = new Map<number, string>();
  for (const [i, box] of boxes.entries()) {
    if (codeOf(box) !== undefined) known.set(arms[i] ?? 0, box);
  }
  return [
    ...latin.map((character) => codeOf(character) ?? nearest(character)),
    ...boxes.map((box, i) => codeOf(box) ?? nearestBox(box, arms[i] ?? 0, known)),
  ];
}

/** The character that the VGA shows for a code; a blank for those that are none of text. */
export function characterOf(code: number): string {
  if (code >= UPPER) return UPPER_HALF[code - UPPER] ?? " ";
  return code >= 0x20 && code < ASCII_END ? String.fromCharCode(code) : " ";
}

function codeOf(character: string): number | undefined {
  const index = UPPER_HALF.indexOf(character);
  return index < 0 ? undefined : UPPER + index;
}

/** Without the accent, or something that looks like it. */
function nearest(character: string): number {
  const [base = UNKNOWN] = character.normalize("NFD");
  return (NEAR[character] ?? (base < "\x7f" ? base : UNKNOWN)).charCodeAt(0);
}

/** Lines of the same directions: light ones for heavy ones, and for those that are of two kinds. */
function nearestBox(box: string, arms: number, known: ReadonlyMap<number, string>): number {
  const sides = [0, 2, 4, 6].filter((side) => ((arms >> side) & 3) !== 0);
  const light = sides.reduce((all, side) => all | (1 << side), 0);
  const same = codeOf(known.get(light) ?? "");
  if (same) return same;
  const [side = 0] = sides;
  const through = side % 4 === 0 ? "│" : "─";
  return codeOf(sides.length === 1 ? through : "") ?? (NEAR[box] ?? CROSSING).charCodeAt(0);
}
