// The reader's edits: kept in this browser, exported as a patch, shared as a link.
//
// A link carries text of files, compressed, in the part of the address that is never sent to a
// server. What it brings is only shown until the reader agrees: it would be compiled and run.

const KEY = "isthmus.edits";
const LINK = /^#edit=([\w-]+)$/;
const CONTEXT = 3;

/** Text by path, of the files that differ from what was shipped. */
export type Edits = ReadonlyMap<string, string>;

export function keptEdits(): Edits {
  try {
    return parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return new Map(); // Somebody else's, or damaged.
  }
}

/** @throws if the browser has no room */
export function keepEdits(edits: Edits): void {
  if (edits.size === 0) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(edits)));
}

/** The address of the page with these edits. */
export async function linkOf(edits: Edits): Promise<string> {
  const text = JSON.stringify(Object.fromEntries(edits));
  const bytes = await through(new Blob([text]), new CompressionStream("deflate-raw"));
  const digits = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  const plain = digits.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${location.href.replace(/#.*/, "")}#edit=${plain}`;
}

/** The edits that an address brings; undefined if it brings none, or none that can be read. */
export async function editsOfLink(hash: string): Promise<Edits | undefined> {
  const [, plain] = LINK.exec(hash) ?? [];
  if (plain === undefined) return undefined;
  try {
    const digits = atob(plain.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(digits, (each) => each.charCodeAt(0));
    const text = await through(new Blob([bytes]), new DecompressionStream("deflate-raw"));
    return parse(new TextDecoder().decode(text));
  } catch {
    return undefined;
  }
}

/** The edits as a patch, as `git apply` and `patch -p1` take it. */
export function patchOf(edits: Edits, shipped: ReadonlyMap<string, string>): string {
  return [...edits]
    .map(([path, text]) => filePatch(path, lines(shipped.get(path) ?? ""), lines(text)))
    .join("");
}

/** One hunk, from the first line that differs to the last. */
function filePatch(path: string, before: readonly string[], after: readonly string[]): string {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const start = Math.max(0, head - CONTEXT);
  const end = Math.max(0, tail - CONTEXT);
  const removed = before.slice(head, before.length - tail);
  const added = after.slice(head, after.length - tail);
  const rows = [
    ...before.slice(start, head).map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...before.slice(before.length - tail, before.length - end).map((line) => ` ${line}`),
  ];
  const range = (count: number) => `${start + 1},${count - start - end}`;
  return [
    `--- a/${path}`,
    `+++ b/${path}`,
    `@@ -${range(before.length)} +${range(after.length)} @@`,
    ...rows,
    "",
  ].join("\n");
}

/** The lines of a text that ends with a line's end. */
function lines(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

function parse(text: string): Edits {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return new Map();
  const entries = Object.entries(value);
  return new Map(entries.filter((each): each is [string, string] => typeof each[1] === "string"));
}

function through(
  blob: Blob,
  transform: CompressionStream | DecompressionStream,
): Promise<ArrayBuffer> {
  return new Response(blob.stream().pipeThrough(transform)).arrayBuffer();
}
