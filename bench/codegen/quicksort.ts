// Quicksort of words: median of three, the smaller part by recursion, short parts by insertion.

import { mix, nextRandom } from "./random";

const COUNT: u32 = 16384;
const SHORT: usize = 12 * 4;

function insertionSort(first: usize, last: usize): void {
  for (let at = first + 4; at <= last; at += 4) {
    const value = load<u32>(at);
    let hole = at;
    while (hole > first && load<u32>(hole - 4) > value) {
      store<u32>(hole, load<u32>(hole - 4));
      hole -= 4;
    }
    store<u32>(hole, value);
  }
}

function order(a: usize, b: usize): void {
  const valueA = load<u32>(a);
  const valueB = load<u32>(b);
  if (valueA > valueB) {
    store<u32>(a, valueB);
    store<u32>(b, valueA);
  }
}

function quicksort(from: usize, to: usize): void {
  let first = from;
  let last = to;
  while (<i32>(last - first) >= <i32>SHORT) {
    const middle = first + (((last - first) >> 3) << 2);
    order(first, middle);
    order(middle, last);
    order(first, middle);
    const pivot = load<u32>(middle);
    let low = first;
    let high = last;
    while (low <= high) {
      while (load<u32>(low) < pivot) low += 4;
      while (load<u32>(high) > pivot) high -= 4;
      if (low > high) break;
      const value = load<u32>(low);
      store<u32>(low, load<u32>(high));
      low += 4;
      store<u32>(high, value);
      high -= 4;
    }
    if (<i32>(high - first) < <i32>(last - low)) {
      quicksort(first, high);
      first = low;
    } else {
      quicksort(low, last);
      last = high;
    }
  }
  insertionSort(first, last);
}

export function run(arena: usize, rounds: u32): u32 {
  const values = arena;
  let random: u32 = 77;
  let checksum: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < COUNT; i++) {
      random = nextRandom(random);
      store<u32>(values + (i << 2), random);
    }
    quicksort(values, values + ((COUNT - 1) << 2));
    for (let i: u32 = 0; i < COUNT; i += 61) {
      checksum = mix(checksum, load<u32>(values + (i << 2)));
    }
  }
  return checksum;
}
