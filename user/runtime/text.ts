// Converts between C strings in memory and the managed strings of AssemblyScript, in UTF-16.

/** The string whose UTF-8 bytes end in NUL at `text`. */
export function fromC(text: usize): string {
  let end = text;
  while (load<u8>(end) !== 0) end++;
  return String.UTF8.decodeUnsafe(text, end - text);
}

/** The UTF-8 bytes of a string and a NUL. Their address, `addressOf`, is valid while this lives. */
export function toC(text: string): ArrayBuffer {
  return String.UTF8.encode(text, true);
}

export function addressOf(bytes: ArrayBuffer): usize {
  return changetype<usize>(bytes);
}
