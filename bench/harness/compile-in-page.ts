// Runs in the page: the worker that compiles, given edits, without the pane that people see. The
// function is handed to a browser as text, so it refers to nothing outside itself.

/** What the worker is to build. */
export interface PageBuild {
  /** The paths of edited sources, which may be as they were. */
  readonly edited: readonly string[];
  /** What is added to the end of the first of them. */
  readonly added?: string;
  /** A worker that has built nothing yet; else the one of the build before. */
  readonly isNew: boolean;
}

/** What the page's worker builds: a file's bytes in base64, by name; or what is wrong. */
export async function compileInPage({
  edited,
  added = "",
  isNew,
}: PageBuild): Promise<Record<string, string>> {
  interface Answer {
    readonly kind: string;
    readonly text?: string;
    readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
    readonly faults?: readonly { readonly text: string }[];
  }
  interface Maker {
    onmessage: (event: { data: Answer }) => void;
    postMessage(request: unknown): void;
    terminate(): void;
  }
  const page = globalThis as unknown as {
    Worker: new (url: string, options: object) => Maker;
    compiler?: Maker;
  };
  const texts = (await (await fetch("build/sources.json")).json()) as Record<string, string>;
  const sources = new Map(Object.entries(texts));
  const [first = ""] = edited;
  sources.set(first, `${sources.get(first)}${added}`);
  if (isNew) page.compiler?.terminate();
  const kept = isNew ? undefined : page.compiler;
  const worker = kept ?? new page.Worker("compile/worker.js", { type: "module" });
  page.compiler = worker;
  const { files, faults, text } = await new Promise<Answer>((resolve) => {
    worker.onmessage = ({ data }) => {
      if (data.kind !== "progress") resolve(data);
      else if (data.text === "") worker.postMessage({ sources, edited });
    };
    if (kept) worker.postMessage({ sources, edited });
  });
  if (faults) return { faults: faults.map((each) => each.text).join("\n") };
  if (!files) throw new Error(text);
  const built: Record<string, string> = {};
  for (const { name, bytes } of files) {
    let characters = "";
    for (const byte of bytes) characters += String.fromCharCode(byte);
    built[name] = btoa(characters);
  }
  return built;
}
