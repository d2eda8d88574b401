// When v86 runs its next slice: at once, or later if the machine is slowed down or has nothing to
// do.
//
// `setTimeout` waits at least 4 ms once it has been nested, which would make the machine four times
// slower; a message to oneself comes at once. But a message for each slice of a halted processor
// would keep a real one busy, so these wait by `setTimeout`.

/** About how long v86 runs in a slice. */
const SLICE_MS = 1;

export class Pacer {
  readonly #channel = new MessageChannel();
  #next: (() => void) | undefined;
  /** Above 0 to 1. */
  share = 1;

  constructor() {
    this.#channel.port1.onmessage = () => {
      const next = this.#next;
      this.#next = undefined;
      next?.();
    };
  }

  /** See `Pace` in src/machine/v86.ts. */
  readonly pace = (milliseconds: number, next: () => void): void => {
    const rest = SLICE_MS / this.share - SLICE_MS;
    const wait = milliseconds < 1 ? rest : milliseconds;
    if (wait >= 1) setTimeout(next, wait);
    else {
      this.#next = next;
      this.#channel.port2.postMessage(0);
    }
  };
}
