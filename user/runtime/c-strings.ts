// Strings that end with a NUL, where they lie: one after another, as plans and tasks have them, and
// as names of a directory. Nothing is allocated.

/** The address after a string and its NUL. */
export function afterString(text: usize): usize {
  let end = text;
  while (load<u8>(end) !== 0) end++;
  return end + 1;
}

/** Writes the addresses of `count` strings from `first` on; where the next one is. */
export function pointAtStrings(to: usize, count: u32, first: usize): usize {
  let text = first;
  for (let i: u32 = 0; i < count; i++) {
    store<usize>(to + i * sizeof<usize>(), text);
    text = afterString(text);
  }
  return text;
}

/** Whether a name is `.` or `..`. */
export function isDots(name: usize): bool {
  const second: u32 = load<u8>(name + 1);
  if (load<u8>(name) !== 0x2e) return false;
  return second === 0 || (second === 0x2e && load<u8>(name + 2) === 0);
}
