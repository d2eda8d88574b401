// The drawings of the font: only tools read them, and kernel/device/font.asm.ts, which puts them
// into the image as font.ts says.
//
// A glyph is the two hexadecimal digits of each of its seven rows, the topmost first; bit 4 is the
// leftmost dot. A letter with an accent is made of both: two rows of accent above the letter, of
// which a capital has five rows then.

import { BOX_COUNT, LATIN_COUNT, LATIN_FIRST } from "./font";

/** From the space to the tilde. */
// biome-ignore format: five characters a line
const ASCII = [
  "00000000000000", "04040404040004", "0a0a0a00000000", "0a0a1f0a1f0a0a", "040f140e051e04",
  "18190204081303", "0c12140815120d", "04040800000000", "02040808080402", "08040202020408",
  "0004150e150400", "0004041f040400", "000000000c0408", "0000001f000000", "00000000000c0c",
  "00010204081000", "0e11131519110e", "040c040404040e", "0e11010204081f", "1f02040201110e",
  "02060a121f0202", "1f101e0101110e", "0608101e11110e", "1f010204080808", "0e11110e11110e",
  "0e11110f01020c", "000c0c000c0c00", "000c0c000c0408", "02040810080402", "00001f001f0000",
  "08040201020408", "0e110102040004", "0e11010d15150e", "0e1111111f1111", "1e11111e11111e",
  "0e11101010110e", "1c12111111121c", "1f10101e10101f", "1f10101e101010", "0e11101711110f",
  "1111111f111111", "0e04040404040e", "0702020202120c", "11121418141211", "1010101010101f",
  "111b1515111111", "11111915131111", "0e11111111110e", "1e11111e101010", "0e11111115120d",
  "1e11111e141211", "0f10100e01011e", "1f040404040404", "1111111111110e", "11111111110a04",
  "1111111515150a", "11110a040a1111", "1111110a040404", "1f01020408101f", "0e08080808080e",
  "00100804020100", "0e02020202020e", "040a1100000000", "0000000000001f", "08040200000000",
  "00000e010f110f", "1010161911111e", "00000e1010110e", "01010d1311110f", "00000e111f100e",
  "0609081c080808", "000f11110f010e", "10101619111111", "04000c0404040e", "0200060202120c",
  "10101214181412", "0c04040404040e", "00001a15151111", "00001619111111", "00000e1111110e",
  "00001e111e1010", "00000d130f0101", "00001619101010", "00000e100e011e", "08081c08080906",
  "0000111111130d", "00001111110a04", "0000111115150a", "0000110a040a11", "000011110f010e",
  "00001f0204081f", "02040408040402", "04040404040404", "08040402040408", "00000815020000",
];

/** From the no-break space to the inverted question mark. */
// biome-ignore format: five characters a line
const SIGNS = [
  "00000000000000", "04000404040404", "040e1514150e04", "0609081c08081f", "00110e0a0e1100",
  "110a1f041f0404", "04040400040404", "0e100e110e010e", "0a000000000000", "0e11171417110e",
  "0e010f110f001f", "00050a140a0500", "0000001f010100", "0000000e000000", "0e111d1d1b110e",
  "1f000000000000", "06090906000000", "04041f0404001f", "0c0204080e0000", "0c0204020c0000",
  "02040800000000", "00001111131d10", "0f1d1d0d050505", "00000004000000", "0000000000040c",
  "040c04040e0000", "0e1111110e001f", "00140a050a1400", "101012060a0f02", "10101601020407",
  "18081a060a0f02", "0400040810110e",
];

/** Letters of Latin-1 that are not made of two. */
const LETTERS: Readonly<Record<string, string>> = {
  Æ: "0f14141f141417",
  Ç: "0e1110110e0408",
  Ð: "0e09091d09090e",
  "×": "00110a040a1100",
  Ø: "0d121515150916",
  Þ: "101e11111e1010",
  ß: "0e111214121116",
  æ: "00001a050f140f",
  ç: "000e10110e0408",
  ð: "0a040a010f110e",
  "÷": "0004001f000400",
  ø: "00000d12150916",
  þ: "10101e111e1010",
};

/** Grave, acute, circumflex, tilde, diaeresis, ring: as Unicode takes letters apart. */
const ACCENTS: Readonly<Record<string, string>> = {
  "\u0300": "0804",
  "\u0301": "0204",
  "\u0302": "040a",
  "\u0303": "0d16",
  "\u0308": "0a00",
  "\u030a": "0e0a",
};

/** Which rows of a capital stay below an accent, and capitals that would lose what they are. */
const ROWS_LEFT = [0, 1, 3, 5, 6];
const LOW_CAPITALS: Readonly<Record<string, string>> = {
  A: "0e111f1111",
  N: "1119151311",
  O: "1f1111111f",
};

/** Up, right, down and left of each character: 1 light, 2 heavy, 3 double. */
const BOXES = [
  "0101 0202 1010 2020 0101 0202 1010 2020 0101 0202 1010 2020 0110 0210 0120 0220",
  "0011 0012 0021 0022 1100 1200 2100 2200 1001 1002 2001 2002 1110 1210 2110 1120",
  "2120 2210 1220 2220 1011 1012 2011 1021 2021 2012 1022 2022 0111 0112 0211 0212",
  "0121 0122 0221 0222 1101 1102 1201 1202 2101 2102 2201 2202 1111 1112 1211 1212",
  "2111 1121 2121 2112 2211 1122 1221 2212 1222 2122 2221 2222 0101 0202 1010 2020",
  "0303 3030 0310 0130 0330 0013 0031 0033 1300 3100 3300 1003 3001 3003 1310 3130",
  "3330 1013 3031 3033 0313 0131 0333 1303 3101 3303 1313 3131 3333 0110 0011 1001",
  "1100 0000 0000 0000 0001 1000 0100 0010 0002 2000 0200 0020 0201 1020 0102 2010",
];

/** The rows of each glyph: ASCII's, then those of Latin-1 from LATIN_FIRST on. */
export function glyphRows(): number[][] {
  const latin = Array.from({ length: LATIN_COUNT }, (_, index) => {
    const sign = SIGNS[index];
    return sign === undefined ? letter(String.fromCharCode(LATIN_FIRST + index)) : rowsOf(sign);
  });
  return [...ASCII.map(rowsOf), ...latin];
}

/** The arms of each character of box drawing, as boxRow() takes them. */
export function boxArms(): number[] {
  const all = BOXES.join(" ").split(" ");
  if (all.length !== BOX_COUNT) throw new Error("glyphs: a character of box drawing is missing");
  return all.map((digits) =>
    [...digits].reduce((arms, digit, side) => arms | (Number(digit) << (2 * side)), 0),
  );
}

function letter(character: string): number[] {
  const drawn = LETTERS[character];
  if (drawn !== undefined) return rowsOf(drawn);
  const [base = "", accent = ""] = character.normalize("NFD");
  return [...rowsOf(ACCENTS[accent] ?? ""), ...lowRows(base)];
}

/** The five rows of a letter below an accent. */
function lowRows(base: string): number[] {
  const low = LOW_CAPITALS[base];
  if (low !== undefined) return rowsOf(low);
  const rows = rowsOf(ASCII[base.charCodeAt(0) - 0x20] ?? "");
  return base < "a" ? ROWS_LEFT.map((row) => rows[row] ?? 0) : rows.slice(2);
}

function rowsOf(digits: string): number[] {
  return Array.from({ length: digits.length / 2 }, (_, row) =>
    Number.parseInt(digits.slice(2 * row, 2 * row + 2), 16),
  );
}
