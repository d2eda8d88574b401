// Which sources a program or the kernel is made of: its entries, and what they import.

const IMPORT = /(?:from|import)\s+"(\.[^"]+)"/g;

/** The paths of all files that `entries` import, directly or not, and of the entries themselves. */
export function closureOf(
  entries: readonly string[],
  sources: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const pending = [...entries];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const text = sources.get(path);
    if (text === undefined || found.has(path)) continue;
    found.add(path);
    for (const [, name = ""] of text.matchAll(IMPORT)) {
      const target = joined(path, name);
      pending.push(`${target}.ts`, `${target}/index.ts`);
    }
  }
  return found;
}

/** The path that a module at `from` means by a relative name, without an extension. */
export function joined(from: string, name: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
