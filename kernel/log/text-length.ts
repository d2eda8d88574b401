// How long a NUL-terminated text is: the kernel's own, or one that was copied in.

/** Bytes of the text at that address, without the NUL. */
export function textLength(text: usize): u32 {
  let length: u32 = 0;
  while (load<u8>(text + length) !== 0) length++;
  return length;
}
