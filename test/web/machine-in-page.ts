// Runs in the page: a machine in the page's own worker, driven by the calls that the page makes
// (web/machine/protocol.ts), for what nobody wants to click. The function is handed to a browser
// as text, so it refers to nothing outside itself.

import type { LawResult } from "../../src/inspect/audit";

/** A call that was followed, and the machine as it was before. */
export interface FollowedCall {
  /** Of each instruction, from `int 0x80` to the last one of the kernel. */
  readonly addresses: readonly number[];
  /** What the audit said of the machine before that call, and that machine, in base64. */
  readonly laws: readonly LawResult[];
  readonly state: string;
}

/** Follows the second getppid of `crossing`: the first may find work that is done once. */
export async function followCall(getppid: number): Promise<FollowedCall> {
  interface Port {
    onmessage: (event: { data: Message }) => void;
    postMessage(call: object): void;
    terminate(): void;
  }
  interface Message {
    readonly kind: string;
    readonly id?: number;
    readonly value?: unknown;
    readonly error?: { readonly text: string };
    readonly bytes?: Uint8Array;
  }
  interface Steps {
    readonly records: readonly { readonly from: { readonly address: number } }[];
  }
  const { Worker } = globalThis as unknown as {
    Worker: new (url: string, options: object) => Port;
  };
  const worker = new Worker("machine-worker.js", { type: "module" });
  const waiting = new Map<number, (message: Message) => void>();
  const decoder = new TextDecoder();
  let text = "";
  let sawPrompt = () => {};
  const prompt = new Promise<void>((resolve) => {
    sawPrompt = resolve;
  });
  worker.onmessage = ({ data }) => {
    if (data.id !== undefined) waiting.get(data.id)?.(data);
    if (data.kind !== "output") return;
    text += decoder.decode(data.bytes);
    if (text.includes("$ ")) sawPrompt();
  };
  let last = 0;
  const call = <Result>(name: string, ...words: unknown[]) =>
    new Promise<Result>((resolve, reject) => {
      const id = ++last;
      waiting.set(id, ({ kind, value, error }) => {
        if (kind === "answer") resolve(value as Result);
        else reject(new Error(error?.text));
      });
      worker.postMessage({ id, name, words });
    });
  await call("boot", { memoryMiB: 64, files: [] });
  await prompt;
  await call("pause");
  await call("input", "crossing 3\n");
  const condition = { kind: "call", number: getppid };
  for (let count = 0; count < 2; count++) await call("runUntil", condition, true);
  const texts = (await (await fetch("build/sources.json")).json()) as Record<string, string>;
  const sources = Object.entries(texts)
    .filter(([path]) => path.startsWith("kernel/"))
    .map(([path, source]) => [path.slice("kernel/".length), source]);
  const laws = await call<LawResult[]>("audit", sources);
  const { state } = await call<{ readonly state: ArrayBuffer }>("save");
  const { records } = await call<Steps>("stepThrough");
  worker.terminate();
  let characters = "";
  for (const byte of new Uint8Array(state)) characters += String.fromCharCode(byte);
  return { addresses: records.map(({ from }) => from.address), laws, state: btoa(characters) };
}
