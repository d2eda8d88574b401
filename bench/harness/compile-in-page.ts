// Runs in the page: the worker that compiles, given edits, without the pane that people see. The
// function is handed to a browser as text, so it refers to nothing outside itself.

/** What the page's worker builds for edits of these sources: a file's bytes in base64, by name. */
export async function compileInPage(edited: readonly string[]): Promise<Record<string, string>> {
  interface Answer {
    readonly kind: string;
    readonly text?: string;
    readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  }
  interface Maker {
    onmessage: (event: { data: Answer }) => void;
    postMessage(request: unknown): void;
    terminate(): void;
  }
  const { Worker } = globalThis as unknown as {
    Worker: new (url: string, options: object) => Maker;
  };
  const texts = (await (await fetch("build/sources.json")).json()) as Record<string, string>;
  const sources = new Map(Object.entries(texts));
  const worker = new Worker("compile/worker.js", { type: "module" });
  const { files, text } = await new Promise<Answer>((resolve) => {
    worker.onmessage = ({ data }) => {
      if (data.kind !== "progress") resolve(data);
      else if (data.text === "") worker.postMessage({ sources, edited });
    };
  });
  worker.terminate();
  if (!files) throw new Error(text);
  const built: Record<string, string> = {};
  for (const { name, bytes } of files) {
    let characters = "";
    for (const byte of bytes) characters += String.fromCharCode(byte);
    built[name] = btoa(characters);
  }
  return built;
}
