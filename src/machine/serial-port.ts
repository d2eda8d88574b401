// The serial line between a machine and whoever talks to it.
//
// Output is kept (the last KEPT bytes) so that a test may ask for text that came before it asked;
// every listener gets each byte once, in order. Input goes to the function that the machine gave.

const KEPT = 4 << 20;

export class SerialPort {
  #output = Buffer.alloc(0);
  #closed = false;
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  readonly #closeListeners = new Set<() => void>();

  /** @param transmit passes bytes on to the guest's UART */
  constructor(private readonly transmit: (bytes: Uint8Array) => void) {}

  /** Sends to the guest. Text is sent as UTF-8. */
  send(input: Uint8Array | string): void {
    this.transmit(typeof input === "string" ? Buffer.from(input) : input);
  }

  /** Calls `listener` with all bytes from now on; returns the function that ends that. */
  onOutput(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the guest has sent so far, as UTF-8. */
  text(): string {
    return this.#output.toString("utf8");
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
  waitFor(pattern: string | RegExp, timeoutMs = 30_000): Promise<string> {
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
    this.#output = Buffer.concat([this.#output, bytes]).subarray(-KEPT);
    for (const listener of [...this.#listeners]) listener(bytes);
  }

  /** For the machine: nothing more will come. */
  close(): void {
    this.#closed = true;
    for (const listener of [...this.#closeListeners]) listener();
  }
}
