import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(`
  import { decodeScanCode } from "./kernel/device/keymap";
  export function decode(code: u32): u32 { return decodeScanCode(code); }
`);

/** The bytes that these scan codes make. */
function keys(...codes: number[]): string {
  let text = "";
  for (const code of codes) {
    for (let bytes = part.call.decode!(code) >>> 0; bytes !== 0; bytes >>>= 8) {
      text += String.fromCharCode(bytes & 0xff);
    }
  }
  return text;
}

const press = (key: number) => [key, key | 0x80];

describe("keymap", () => {
  it("has the rows of a US keyboard", () => {
    const row = (first: number, count: number) =>
      keys(...Array.from({ length: count }, (_, i) => press(first + i)).flat());
    assert.equal(row(0x01, 15), "\x1b1234567890-=\x7f\t");
    assert.equal(row(0x10, 13), "qwertyuiop[]\r");
    assert.equal(row(0x1e, 12), "asdfghjkl;'`");
    assert.equal(row(0x2b, 11), "\\zxcvbnm,./");
    assert.equal(row(0x39, 1), " ");
  });

  it("shifts with both shift keys, as long as they are held", () => {
    assert.equal(keys(0x2a, ...press(0x1e), ...press(0x02), 0xaa, ...press(0x1e)), "A!a");
    assert.equal(keys(0x36, ...press(0x2b), ...press(0x29), 0xb6), "|~");
  });

  it("locks capitals, and shift undoes it, for letters alone", () => {
    assert.equal(keys(...press(0x3a), ...press(0x1e), ...press(0x02)), "A1");
    assert.equal(keys(0x2a, ...press(0x1e), 0xaa, ...press(0x3a), ...press(0x1e)), "aa");
  });

  it("makes control characters", () => {
    assert.equal(keys(0x1d, ...press(0x2e), ...press(0x20), ...press(0x1a), 0x9d), "\x03\x04\x1b");
    assert.equal(keys(0xe0, 0x1d, ...press(0x2e), 0xe0, 0x9d, ...press(0x2e)), "\x03c");
  });

  it("sends cursor and editing keys as a terminal does", () => {
    const grey = (key: number) => keys(0xe0, key, 0xe0, key | 0x80);
    assert.equal(grey(0x48) + grey(0x50) + grey(0x4d) + grey(0x4b), "\x1b[A\x1b[B\x1b[C\x1b[D");
    assert.equal(grey(0x47) + grey(0x4f), "\x1b[H\x1b[F");
    assert.equal(grey(0x53) + grey(0x49) + grey(0x51), "\x1b[3~\x1b[5~\x1b[6~");
    assert.equal(keys(0xe0, 0x2a, 0xe0, 0x48, 0xe0, 0xaa, ...press(0x1e)), "\x1b[Aa");
    assert.equal(keys(0xe0, 0x1c, 0xe0, 0x9c, 0xe0, 0x35, 0xe0, 0xb5), "\r/");
  });

  it("gives nothing for keys without a meaning", () => {
    assert.equal(keys(0x3b, 0xbb, 0x38, 0xb8, 0x00, 0xff, 0xe0, 0x5b, 0xe0, 0xdb), "");
  });
});
