// The console on a screen of pixels: what is printed is what is there, in 24 and in 32 bits.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { textOfPixels } from "../../../src/machine/pixel-screen";
import { loadKernelPart } from "../kernel-part";
import { FONT_SYMBOLS, loadFont } from "./font-data";

const [WIDTH, HEIGHT] = [700, 420];
const ADDRESS = 0xfd00_0000;
const LIGHT_GREY = 0xaaaaaa;
const GREEN = 0x00aa00;

interface Screen {
  readonly memory: DataView;
  readonly pixelBytes: number;
  readonly pitch: number;
  print(text: string): void;
  /** How many bytes were stored since the last call. */
  stored(): number;
}

function open(bits: 24 | 32, [red, green, blue]: readonly number[]): Screen {
  const pixelBytes = bits / 8;
  const pitch = WIDTH * pixelBytes + 12;
  const memory = new DataView(new ArrayBuffer(pitch * HEIGHT));
  new Uint8Array(memory.buffer).fill(0x5a);
  let count = 0;
  const part = loadKernelPart(
    `
    import { useFramebuffer } from "./kernel/device/framebuffer";
    import { showScreen, startScreen, writeScreen } from "./kernel/device/screen";
    export function start(p: u32, h: u32, b: u32, r: u32, g: u32, bl: u32): void {
      useFramebuffer(${ADDRESS}, p, h, b, r, g, bl);
      startScreen();
    }
    export function put(from: usize, size: u32): void { writeScreen(from, size); }
    export function show(): void { showScreen(); }
  `,
    {
      imports: {
        symbols: FONT_SYMBOLS,
        x86: {
          store8(address = 0, value = 0) {
            count++;
            memory.setUint8((address >>> 0) - ADDRESS, value);
            return 0;
          },
          store32(address = 0, value = 0) {
            count += 4;
            memory.setUint32((address >>> 0) - ADDRESS, value, true);
            return 0;
          },
          store16: () => assert.fail("the VGA's memory was written to"),
          outb: () => assert.fail("the VGA's ports were written to"),
        },
      },
    },
  );
  loadFont(part);
  part.call.start!(pitch, HEIGHT, bits, red!, green!, blue!);
  return {
    memory,
    pixelBytes,
    pitch,
    print(text) {
      const bytes = Buffer.from(text);
      part.write(part.area, bytes);
      part.call.put!(part.area, bytes.length);
      part.call.show!();
    },
    stored() {
      const stored = count;
      count = 0;
      return stored;
    },
  };
}

function pixel({ memory, pixelBytes, pitch }: Screen, x: number, y: number): number {
  const at = y * pitch + x * pixelBytes;
  const bytes = Array.from({ length: 3 }, (_, i) => memory.getUint8(at + i));
  return bytes.reduce((value, byte, i) => value | (byte << (8 * i)), 0);
}

const rows = (screen: Screen) => textOfPixels((x, y) => pixel(screen, x, y), "_");

for (const bits of [24, 32] as const) {
  describe(`a screen of ${bits} bits a pixel`, () => {
    const screen = open(bits, [16, 8, 0]);

    it("shows all characters, and the cursor after them", () => {
      const all = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 0x20 + i));
      screen.print(all);
      assert.deepEqual(rows(screen).slice(0, 3), [all.slice(0, 80), `${all.slice(80)}_`, ""]);
    });

    it("shows all of Latin-1, and lines for boxes", () => {
      const characters = (from: number, count: number) =>
        String.fromCharCode(...Array.from({ length: count }, (_, i) => from + i));
      const latin = characters(0xa0, 96);
      const boxes = characters(0x2500, 128);
      const lines = [latin.slice(0, 64), latin.slice(64), boxes.slice(0, 64), boxes.slice(64)];
      screen.print(`\x1b[2J\x1b[H${lines.join("\r\n")}\r\n`);
      const spaced = lines.map((line) => line.replace("\u{a0}", " "));
      assert.deepEqual(rows(screen).slice(0, 4), spaced);
    });

    it("scrolls, and has nothing left of what was there before", () => {
      screen.print("\x1b[2J\x1b[Hfirst\r\n\u00e9\r\n");
      for (let i = 2; i < 26; i++) screen.print(`line ${i}\r\n`);
      const shown = rows(screen);
      assert.deepEqual(
        [shown[0], shown[22], shown[23], shown[24]],
        ["line 2", "line 24", "line 25", "_"],
      );
      for (const [x, y] of [
        [645, 5],
        [699, 419],
        [10, 410],
      ] as const) {
        assert.equal(pixel(screen, x, y), 0, `${x}, ${y}`);
      }
    });

    it("writes the cells that change, and no others", () => {
      screen.print("\x1b[2J\x1b[H");
      screen.stored();
      screen.print("a");
      // The character, the cursor where it was, and the cursor where it is.
      assert.equal(screen.stored(), 3 * 8 * 16 * screen.pixelBytes);
    });

    it("has the colours of the VGA", () => {
      screen.print("\x1b[2J\x1b[Hx\x1b[32mx\x1b[7mx\x1b[0m");
      const colours = (column: number) => {
        const seen = new Set<number>();
        for (let y = 0; y < 16; y++) {
          for (let x = 0; x < 8; x++) seen.add(pixel(screen, 8 * column + x, y));
        }
        return [...seen].sort((a, b) => a - b);
      };
      assert.deepEqual([0, 1, 2].map(colours), [
        [0, LIGHT_GREY],
        [0, GREEN],
        [0, GREEN],
      ]);
    });
  });
}

it("colours are where the loader said", () => {
  const screen = open(32, [0, 8, 16]);
  screen.print("\x1b[31m|");
  assert.equal(pixel(screen, 3, 8), 0x0000aa);
});
