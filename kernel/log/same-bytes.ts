// Whether two runs of bytes are equal: one loop for all who ask where it need not be fast.

/** Whether the `size` bytes at both addresses are the same. */
export function sameBytes(one: usize, other: usize, size: u32): bool {
  let at: u32 = 0;
  while (at < size && load<u8>(one + at) === load<u8>(other + at)) at++;
  return at === size;
}
