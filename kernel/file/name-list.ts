// Names with a word each, which boot lists before it makes files of them. It lists constants alone,
// so that a list is a table in the kernel's image and not code.
//
// Invariant: there is one list at a time: its files are made before the next one is begun.

const MOST: u32 = 18;
const SHIFT: u32 = 3;
const VALUE: usize = 4;
const list: usize = memory.data(MOST << SHIFT, 4);

/** Says what name `index` of the list is, of fewer than MOST, and what goes with it. */
export function listName(index: u32, name: usize, value: u32): void {
  "inline";
  store<usize>(list + (index << SHIFT), name);
  store<u32>(list + (index << SHIFT), value, VALUE);
}

/** The name of that index, NUL-terminated. */
export function listedName(index: u32): usize {
  return load<usize>(list + (index << SHIFT));
}

/** What goes with it. */
export function listedValue(index: u32): u32 {
  return load<u32>(list + (index << SHIFT), VALUE);
}
