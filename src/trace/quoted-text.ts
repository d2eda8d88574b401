// Bytes as strace prints them: between quotes, cut off, with C's escapes.

const ESCAPES = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0b, "\\v"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
  [0x22, '\\"'],
  [0x5c, "\\\\"],
]);

/** All of `bytes`. */
export function quoted(bytes: Uint8Array): string {
  return `"${Array.from(bytes, (byte, index) => escaped(byte, bytes[index + 1])).join("")}"`;
}

/** The first `limit` of them; `total`: how many there are, if not all are in `bytes`. */
export function quotedStart(bytes: Uint8Array, limit: number, total = bytes.length): string {
  const isCut = total > limit || total > bytes.length;
  return quoted(bytes.subarray(0, limit)) + (isCut ? "..." : "");
}

/** As strace prints what is not meant to be read. */
export function quotedHexadecimal(bytes: Uint8Array, limit: number, total: number): string {
  const shown = Array.from(bytes.subarray(0, limit), (byte) => {
    return `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `"${shown.join("")}"${total > limit ? "..." : ""}`;
}

/** Octal is as short as it can be: a digit that follows would be taken for a part of it. */
function escaped(byte: number, next: number | undefined): string {
  const known = ESCAPES.get(byte);
  if (known !== undefined) return known;
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  const isBeforeDigit = next !== undefined && next >= 0x30 && next <= 0x37;
  return `\\${byte.toString(8).padStart(isBeforeDigit ? 3 : 1, "0")}`;
}
