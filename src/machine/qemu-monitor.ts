// QEMU's machine protocol (QMP): JSON objects over a socket, one to a line.
//
// Each command is answered in order by `return` or `error`; events come in between. Registers and
// memory have no QMP command, so those go through `human-monitor-command`.
// See QEMU, docs/interop/qmp-spec.rst.

import type { Socket } from "node:net";
import { splitLines } from "./line-splitter";

interface Message {
  readonly QMP?: unknown;
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly return?: unknown;
  readonly error?: { readonly desc?: string };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type EventListener = (name: string, data: Readonly<Record<string, unknown>>) => void;

export class QemuMonitor {
  readonly #socket: Socket;
  readonly #onEvent: EventListener;
  readonly #waiting: Waiting[] = [];
  #gone = false;

  /** @param onEvent gets the name and the data of each event */
  constructor(socket: Socket, onEvent: EventListener) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.on(
      "data",
      splitLines((line) => this.#receive(line)),
    );
    socket.on("error", () => this.#disconnect());
    socket.on("close", () => this.#disconnect());
  }

  /** Runs a command and returns its answer. Rejects with QEMU's own words. */
  execute(command: string, parameters?: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#gone) return Promise.reject(new Error("QEMU has gone away"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    });
  }

  /** Runs a line of the human monitor and returns what it prints. */
  async human(line: string): Promise<string> {
    return String(await this.execute("human-monitor-command", { "command-line": line }));
  }

  #receive(line: string): void {
    if (line.trim() === "") return;
    const message = JSON.parse(line) as Message;
    if (message.event !== undefined) this.#onEvent(message.event, message.data ?? {});
    else if (message.QMP === undefined) this.#answer(message);
  }

  #answer(message: Message): void {
    const waiting = this.#waiting.shift();
    if (message.error) waiting?.reject(new Error(`QEMU: ${message.error.desc ?? "error"}`));
    else waiting?.resolve(message.return);
  }

  #disconnect(): void {
    this.#gone = true;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error("QEMU has gone away"));
  }
}
