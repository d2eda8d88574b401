// Law 6, which no snapshot can show: a user's pointer becomes bytes in one file only.
//
// The kernel sees a user's frame through a window alone (law 3), so what is asked of the sources is
// that the two abilities meet nowhere but in kernel/memory/user-memory.ts: to know a user's
// pointer, and to open a window. A number made from a pointer must not go into a load or a store
// either: it would name the kernel's own bytes.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Finding, unchecked } from "./finding";

const THE_ONE_FILE = "memory/user-memory.ts";
const KNOWS_POINTERS = /import\s*\{[^}]*\b(UserPointer|userPointer|userAddress)\b[^}]*\}/;
const OPENS_WINDOWS = /import\s*\{[^}]*\bopenWindow\b[^}]*\}/;
/** A load, a store or a block operation on a number that was a user's pointer. */
const FOLLOWS_NUMBER = new RegExp(
  String.raw`\b((load|store)<\w+>|memory\.(copy|fill|compare)|x86\.(load|store)\d+)\s*` +
    String.raw`\([^;]*\b(userAddress\(|changetype<usize>\(\w*[pP]ointer)`,
);

/** Judges the kernel's sources under `directory` (`kernel/`); unchecked if they are not there. */
export async function userPointersAreAllegations(directory: string): Promise<Finding> {
  const names = await readdir(directory, { recursive: true }).catch(() => undefined);
  if (!names?.some((name) => name.replaceAll("\\", "/") === THE_ONE_FILE)) {
    return unchecked(`there is no source tree at ${directory} to look at`);
  }
  const sources = names.filter((name) => name.endsWith(".ts"));
  const blamed: string[] = [];
  for (const name of sources) {
    const reason = blame(name.replaceAll("\\", "/"), await readFile(join(directory, name), "utf8"));
    if (reason) blamed.push(`${name} ${reason}`);
  }
  if (blamed.length > 0) {
    return {
      verdict: "broken",
      why: blamed.join("; "),
      offences: blamed.map((what) => ({ space: "kernel", va: 0, what })),
    };
  }
  const why = `of ${sources.length} source files only ${THE_ONE_FILE} turns one into bytes`;
  return { verdict: "holds", why, offences: [] };
}

/** Why a file breaks the law; undefined if it does not. Exported for its test. */
export function blame(name: string, text: string): string | undefined {
  if (name === THE_ONE_FILE) return undefined;
  if (KNOWS_POINTERS.test(text) && OPENS_WINDOWS.test(text)) {
    return "knows user pointers and opens windows";
  }
  return FOLLOWS_NUMBER.test(text) ? "follows a number made from a user pointer" : undefined;
}
