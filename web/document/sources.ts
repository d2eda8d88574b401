// The sources of the kernel and the programs, fetched when somebody wants to see one.

let all: Promise<ReadonlyMap<string, string>> | undefined;

/** Text by path, `kernel/main.ts`. */
export function sources(): Promise<ReadonlyMap<string, string>> {
  all ??= readSources();
  return all;
}

async function readSources(): Promise<ReadonlyMap<string, string>> {
  const response = await fetch("build/sources.json");
  if (!response.ok) throw new Error(`the sources cannot be read: ${response.status}`);
  return new Map(Object.entries((await response.json()) as Record<string, string>));
}
