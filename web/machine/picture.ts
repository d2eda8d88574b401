// The machine's screen of pixels as a canvas takes it.

import type { Picture } from "../../src/machine/pixel-screen";
import type { ScreenPicture } from "./protocol";

const OPAQUE = 0xff;

/** Copies what the screen shows. */
export function screenPicture({ width, height, pixelAt }: Picture): ScreenPicture {
  const bytes = new Uint8ClampedArray(4 * width * height);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = pixelAt(x, y);
      bytes[at++] = pixel >> 16;
      bytes[at++] = (pixel >> 8) & 0xff;
      bytes[at++] = pixel & 0xff;
      bytes[at++] = OPAQUE;
    }
  }
  return { width, height, bytes };
}
