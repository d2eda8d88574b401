// The load: how many threads ran or could, averaged over one, five and fifteen minutes.
//
// Every five seconds (load-sampler.ts) the number is mixed in with a weight of
// 1 - e^(-5 s / period), as Linux does. Averages and weights are fractions of LOAD_ONE.

export const LOAD_ONE: u32 = 1 << 11;
/** e^(-5 s / period) for one, five and fifteen minutes. */
const decays: usize = memory.data<u32>([1884, 2014, 2037]);
const PERIODS: u32 = 3;
/** Samples of 0 that make a load of a million threads 0: six hours. */
const FADED: u64 = 6 * 720;
const averages: usize = memory.data(PERIODS * 4, 4);

/** Mixes in that so many threads run or could. */
export function sampleLoad(runnable: u32): void {
  for (let period: u32 = 0; period < PERIODS; period++) {
    const decay = load<u32>(decays + (period << 2));
    const before = averageLoad(period);
    const now = runnable * LOAD_ONE;
    const sum = <u64>before * decay + <u64>now * (LOAD_ONE - decay);
    // Rounded towards where it goes, or it would never come there.
    const rounding: u32 = now >= before ? LOAD_ONE - 1 : 0;
    store<u32>(averages + (period << 2), <u32>((sum + rounding) / LOAD_ONE));
  }
}

/** Mixes in so many times that none runs; after FADED times nothing is left of any load. */
export function sampleIdle(times: u64): void {
  const bounded = <u32>min<u64>(times, FADED);
  for (let i: u32 = 0; i < bounded; i++) sampleLoad(0);
}

/** The average over one (0), five (1) or fifteen minutes (2). */
export function averageLoad(period: u32): u32 {
  return load<u32>(averages + (period << 2));
}
