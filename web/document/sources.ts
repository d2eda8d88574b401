// The sources of the kernel and the programs, fetched when somebody wants to see one, with the
// edits that the running kernel was built from.

let shipped: Promise<ReadonlyMap<string, string>> | undefined;
let running: ReadonlyMap<string, string> = new Map();

/** Of what runs: text by path, `kernel/main.ts`. */
export async function sources(): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await shippedSources()), ...running]);
}

/** As they were shipped. */
export function shippedSources(): Promise<ReadonlyMap<string, string>> {
  shipped ??= readSources();
  return shipped;
}

/** Says which edits what runs was built from. */
export function setRunningEdits(edits: ReadonlyMap<string, string>): void {
  running = edits;
}

async function readSources(): Promise<ReadonlyMap<string, string>> {
  const response = await fetch("build/sources.json");
  if (!response.ok) throw new Error(`the sources cannot be read: ${response.status}`);
  return new Map(Object.entries((await response.json()) as Record<string, string>));
}
