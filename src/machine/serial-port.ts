// The serial line between a machine and its user.
//
// Output is kept (the last KEPT bytes), so that a test can ask for text that has already come; each
// listener gets every byte once, in order. Input goes to the function that the machine gave.

const KEPT = 4 << 20;
/** Long enough for any guest on a busy machine: it ends only waits for what never comes. */
const HANG_MS = 600_000;

export class SerialPort {
  #output: Uint8Array = new Uint8Array();
  readonly #transmit: (bytes: Uint8Array) => void;
  #closed = false;
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  readonly #closeListeners = new Set<() => void>();

  /** @param transmit passes bytes on to the guest's UART */
  constructor(transmit: (bytes: Uint8Array) => void) {
    this.#transmit = transmit;
  }

  /** Sends to the guest. Text is sent as UTF-8. */
  send(input: Uint8Array | string): void {
    this.#transmit(typeof input === "string" ? new TextEncoder().encode(input) : input);
  }

  /** Calls `listener` with all bytes from now on; returns the function that ends that. */
  onOutput(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the guest has sent so far, as UTF-8. */
  text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#output);
  }

  /** Output from now on, in chunks as they come, until the machine ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let wake: () => void = () => {};
    const stop = this.onOutput((bytes) => {
      chunks.push(bytes);
      wake();
    });
    const closed = () => wake();
    this.#closeListeners.add(closed);
    try {
      while (true) {
        for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) yield chunk;
        if (this.#closed) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      stop();
      this.#closeListeners.delete(closed);
    }
  }

  /**
   * Waits until all output so far matches `pattern`, and returns that output. Rejects after
   * `timeoutMs`, or when the machine ends without it; the message ends with the last output.
   */
  waitFor(pattern: string | RegExp, timeoutMs = HANG_MS): Promise<string> {
    return new Promise((resolve, reject) => {
      const matches = () =>
        typeof pattern === "string" ? this.text().includes(pattern) : pattern.test(this.text());
      const finish = (failure?: string) => {
        clearTimeout(timer);
        stop();
        this.#closeListeners.delete(closed);
        const seen = JSON.stringify(this.text().slice(-400));
        if (failure) reject(new Error(`${failure} waiting for ${pattern} in ${seen}`));
        else resolve(this.text());
      };
      const check = () => {
        if (matches()) finish();
      };
      const closed = () => finish(matches() ? undefined : "the machine ended,");
      const timer = setTimeout(() => finish(`${timeoutMs} ms passed`), timeoutMs);
      const stop = this.onOutput(check);
      this.#closeListeners.add(closed);
      if (this.#closed) closed();
      else check();
    });
  }

  /** For the machine: the guest sent `bytes`. */
  receive(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const kept = this.#output.subarray(Math.max(0, this.#output.length + bytes.length - KEPT));
    this.#output = new Uint8Array(kept.length + bytes.length);
    this.#output.set(kept);
    this.#output.set(bytes, kept.length);
    for (const listener of [...this.#listeners]) listener(bytes);
  }

  /** For the machine: nothing more will come. */
  close(): void {
    this.#closed = true;
    for (const listener of [...this.#closeListeners]) listener();
  }
}
