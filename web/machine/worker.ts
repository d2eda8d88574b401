// The worker that has the machine: takes calls and answers each.

import { Diagnostic } from "../../src/base/diagnostic";
import { MachineHost } from "./host";
import type { Call, FromWorker, PlainError } from "./protocol";

/** What a worker's global object is for a worker. */
interface Port {
  postMessage(message: FromWorker): void;
  addEventListener(name: "message", listener: (event: { data: Call }) => void): void;
}

const port = globalThis as unknown as Port;
const host = new MachineHost((event) => port.postMessage(event));

port.addEventListener("message", async ({ data: { id, name, words } }) => {
  try {
    // The client's types say which words each call takes.
    const call = host[name].bind(host) as (...words: readonly unknown[]) => Promise<unknown>;
    port.postMessage({ kind: "answer", id, value: await call(...words) });
  } catch (error) {
    port.postMessage({ kind: "refusal", id, error: plain(error) });
  }
});

function plain(error: unknown): PlainError {
  if (error instanceof Diagnostic) {
    return { code: error.code, text: error.message, remedy: error.remedy };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { code: undefined, text, remedy: undefined };
}
