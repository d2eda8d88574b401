// The page's side of the machine: calls that are answered later, and events.

import type { CallName, FromWorker, MachineCalls, MachineEvent, PlainError } from "./protocol";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** An error that the worker reported: with a code if the input is to blame. */
export class MachineError extends Error {
  override readonly name = "MachineError";

  constructor(readonly plain: PlainError) {
    super(plain.text);
  }
}

export class MachineClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: MachineEvent) => void>();
  #last = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }) => this.#receive(data as FromWorker));
    worker.addEventListener("error", ({ message }) => this.#fail(message));
  }

  /** Calls the worker; rejects with a MachineError. */
  call<Name extends CallName>(
    name: Name,
    ...words: Parameters<MachineCalls[Name]>
  ): Promise<ReturnType<MachineCalls[Name]>> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const settle = (value: unknown) => resolve(value as ReturnType<MachineCalls[Name]>);
      this.#waiting.set(id, { resolve: settle, reject });
      this.#worker.postMessage({ id, name, words });
    });
  }

  onEvent(listener: (event: MachineEvent) => void): void {
    this.#listeners.add(listener);
  }

  #receive(message: FromWorker): void {
    if (message.kind !== "answer" && message.kind !== "refusal") {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === "answer") waiting?.resolve(message.value);
    else waiting?.reject(new MachineError(message.error));
  }

  /** The worker itself is broken, so that no call will be answered. */
  #fail(text: string): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new MachineError({ code: undefined, text, remedy: "Reload the page" }));
    }
    this.#waiting.clear();
  }
}
