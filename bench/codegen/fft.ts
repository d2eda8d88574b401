// The fast Fourier transform of 1024 complex numbers, radix 2, in place.

import { mix, nextRandom } from "./random";

const LOG: u32 = 10;
const N: u32 = 1 << LOG;

@unmanaged
class Complex {
  re: f64 = 0;
  im: f64 = 0;
}

/** exp(-2 pi i / m) for m = 2, 4, ... N. */
// biome-ignore format: a number to a row
const ROOTS: usize = memory.data<f64>([
  -1.0, 0.0,
  0.0, -1.0,
  0.7071067811865475, -0.7071067811865475,
  0.9238795325112867, -0.3826834323650898,
  0.9807852804032304, -0.19509032201612825,
  0.9951847266721969, -0.0980171403295606,
  0.9987954562051724, -0.049067674327418015,
  0.9996988186962042, -0.024541228522912288,
  0.9999247018391445, -0.012271538285719925,
  0.9999811752826011, -0.006135884649154475,
]);

function complexAt(data: usize, index: u32): Complex {
  return changetype<Complex>(data + (index << 4));
}

function reverseBits(data: usize): void {
  let reversed: u32 = 0;
  for (let i: u32 = 0; i + 1 < N; i++) {
    if (i < reversed) {
      const a = complexAt(data, i);
      const b = complexAt(data, reversed);
      const re = a.re;
      const im = a.im;
      a.re = b.re;
      a.im = b.im;
      b.re = re;
      b.im = im;
    }
    let bit: u32 = N / 2;
    while (reversed & bit) {
      reversed ^= bit;
      bit /= 2;
    }
    reversed |= bit;
  }
}

function transform(data: usize): void {
  reverseBits(data);
  for (let level: u32 = 0; level < LOG; level++) {
    const half: u32 = 1 << level;
    const root = complexAt(ROOTS, level);
    const rootRe = root.re;
    const rootIm = root.im;
    let factorRe: f64 = 1;
    let factorIm: f64 = 0;
    for (let i: u32 = 0; i < half; i++) {
      for (let j = i; j < N; j += 2 * half) {
        const a = complexAt(data, j);
        const b = complexAt(data, j + half);
        const re = b.re * factorRe - b.im * factorIm;
        const im = b.re * factorIm + b.im * factorRe;
        b.re = a.re - re;
        b.im = a.im - im;
        a.re += re;
        a.im += im;
      }
      const re = factorRe * rootRe - factorIm * rootIm;
      factorIm = factorRe * rootIm + factorIm * rootRe;
      factorRe = re;
    }
  }
}

function fold(number: f64): u32 {
  const bits = reinterpret<u64>(number);
  return <u32>bits ^ <u32>(bits >> 32);
}

export function run(arena: usize, rounds: u32): u32 {
  let random: u32 = 1;
  let checksum: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < N; i++) {
      random = nextRandom(random);
      const number = complexAt(arena, i);
      number.re = <f64>(<i32>random) * (1.0 / 2147483648.0);
      number.im = 0;
    }
    transform(arena);
    for (let i: u32 = 0; i < N; i++) {
      const number = complexAt(arena, i);
      checksum = mix(checksum, fold(number.re) + fold(number.im));
    }
  }
  return checksum;
}
