// What the compiler takes of node:path, for paths with forward slashes; node:fs it does not use
// when it is given a reader of sources.

export function join(...parts: readonly string[]): string {
  const text = parts.filter(Boolean).join("/");
  const joined = normalised(text);
  return text.startsWith("/") ? `/${joined}` : joined || ".";
}

export function resolve(...parts: readonly string[]): string {
  const last = parts.map((part) => part.startsWith("/")).lastIndexOf(true);
  return `/${normalised(parts.slice(Math.max(0, last)).join("/"))}`;
}

export function dirname(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

/** Of two absolute paths. */
export function relative(from: string, to: string): string {
  const own = resolve(from).split("/").filter(Boolean);
  const others = resolve(to).split("/").filter(Boolean);
  let same = 0;
  while (same < own.length && same < others.length && own[same] === others[same]) same++;
  return [...own.slice(same).map(() => ".."), ...others.slice(same)].join("/");
}

export function readFileSync(): never {
  throw new Error("there are no files in a page");
}

function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part === ".." && !path.startsWith("/")) parts.push(part);
    else if (part !== "" && part !== "." && part !== "..") parts.push(part);
  }
  return parts.join("/");
}
