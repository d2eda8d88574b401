// The product of two square matrices of f64.

import { mix, nextRandom } from "./random";

const N: u32 = 64;
const SIZE: usize = N * N * 8;

function fill(matrix: usize, seed: u32): void {
  let random = seed;
  for (let i: u32 = 0; i < N * N; i++) {
    random = nextRandom(random);
    store<f64>(matrix + (i << 3), <f64>(<i32>random) * (1.0 / 4294967296.0));
  }
}

function multiply(product: usize, a: usize, b: usize): void {
  for (let i: u32 = 0; i < N; i++) {
    for (let j: u32 = 0; j < N; j++) {
      let sum: f64 = 0;
      for (let k: u32 = 0; k < N; k++) {
        sum += load<f64>(a + ((i * N + k) << 3)) * load<f64>(b + ((k * N + j) << 3));
      }
      store<f64>(product + ((i * N + j) << 3), sum);
    }
  }
}

function fold(number: f64): u32 {
  const bits = reinterpret<u64>(number);
  return <u32>bits ^ <u32>(bits >> 32);
}

export function run(arena: usize, rounds: u32): u32 {
  const a = arena;
  const b = a + SIZE;
  const c = b + SIZE;
  let checksum: u32 = 0;
  fill(a, 1);
  fill(b, 2);
  for (let round: u32 = 0; round < rounds; round++) {
    multiply(c, a, b);
    for (let i: u32 = 0; i < N * N; i += 7) {
      checksum = mix(checksum, fold(load<f64>(c + (i << 3))));
    }
    const at = a + ((round % (N * N)) << 3);
    store<f64>(at, load<f64>(at) + 0.5);
  }
  return checksum;
}
