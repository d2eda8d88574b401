// The cyclic redundancy check of partition tables: polynomial 0x04c11db7, bits reversed, as ISO
// 3309 and zip have it. (Node's own is newer than the Node that is supported, and a page has none.)

const REVERSED_POLYNOMIAL = 0xedb8_8320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ REVERSED_POLYNOMIAL;
  }
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let value = 0xffff_ffff;
  for (const byte of bytes) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] as number);
  return (value ^ 0xffff_ffff) >>> 0;
}
