// When something expires that counts processor time: once, or again and again.
//
// Nothing happens by itself: whoever has one says what time it is.

@unmanaged
export class Countdown {
  /** The processor time at which it expires next, in nanoseconds; 0: never. */
  expiry: u64 = 0;
  /** Nanoseconds; 0: it expires once. */
  interval: u64 = 0;

  /** How often it has expired by `now` since it was asked last. */
  pass(now: u64): u64 {
    if (this.expiry === 0 || now < this.expiry) return 0;
    if (this.interval === 0) {
      this.expiry = 0;
      return 1;
    }
    const count = 1 + (now - this.expiry) / this.interval;
    this.expiry += count * this.interval;
    return count;
  }

  /** The nanoseconds until it expires; 0: it does not. */
  left(now: u64): u64 {
    if (this.expiry === 0) return 0;
    // What is due and was not looked at yet has a little left.
    return this.expiry > now ? this.expiry - now : 1;
  }
}

/** The size of a countdown, where one is part of another record. */
export const COUNTDOWN_SIZE: u32 = 16;

if (offsetof<Countdown>() !== COUNTDOWN_SIZE) ERROR("a countdown has 16 bytes");
