// The font's data where a part of the kernel finds it: as font.asm.ts puts it into the image.

import font from "../../../kernel/device/font.asm";
import { assembleModule } from "../../../src/x86/assembler";
import type { KernelPart } from "../kernel-part";

/** Below what is static in a part: its memory begins at 4096. */
const PLACE = 1024;
const object = assembleModule("font.asm.ts", font, {});
const [section] = object.sections;

/** Imports of the module `symbols`. */
export const FONT_SYMBOLS = Object.fromEntries(
  object.symbols.map(({ name, offset }) => [name, () => PLACE + offset]),
);

/** Puts the data into the part's memory. */
export function loadFont(part: KernelPart): void {
  part.write(PLACE, Uint8Array.from(section?.bytes ?? []));
}
