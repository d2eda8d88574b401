// Law 6, which no snapshot can show: a user's pointer becomes bytes in one file only.
//
// The kernel sees a user's frame through a window alone (law 3), so the sources must not combine
// two abilities anywhere but in kernel/memory/user-memory.ts: to know a user's pointer, and to open
// a window. Nor may a number made from a pointer go into a load or a store: it would name the
// kernel's own bytes. That file may show its caller a range that it has checked, as it does by
// openForWriting() for poll(2): that is an address of bytes then, and no pointer any more.

import { type Judgement, judge, unchecked } from "./judgement";

const THE_ONE_FILE = "memory/user-memory.ts";
const KNOWS_POINTERS = /import\s*\{[^}]*\b(UserPointer|userPointer|userAddress)\b[^}]*\}/;
const OPENS_WINDOWS = /import\s*\{[^}]*\bopen(Window|Entry)\b[^}]*\}/;
/** A load, a store or a block operation on a number that was a user's pointer. */
const FOLLOWS_NUMBER = new RegExp(
  String.raw`\b((load|store)<\w+>|memory\.(copy|fill|compare)|x86\.(load|store)\d+)\s*` +
    String.raw`\([^;]*\b(userAddress\(|changetype<usize>\(\w*[pP]ointer)`,
);

/** Judges the kernel's sources: text by path below `kernel/`, with forward slashes. */
export function userPointersAreAllegations(sources: ReadonlyMap<string, string>): Judgement {
  if (!sources.has(THE_ONE_FILE)) return unchecked("the kernel's sources are not at hand");
  const offences = [...sources].flatMap(([path, text]) => {
    const reason = blame(path, text);
    return reason === undefined ? [] : [{ space: "kernel", what: `${path} ${reason}` }];
  });
  const holds = `of ${sources.size} source files only ${THE_ONE_FILE} turns one into bytes`;
  return judge(offences, holds, "another file could follow a user's pointer");
}

/** Why a file breaks the law; undefined if it does not. Exported for its test. */
export function blame(path: string, text: string): string | undefined {
  if (path === THE_ONE_FILE) return undefined;
  if (KNOWS_POINTERS.test(text) && OPENS_WINDOWS.test(text)) {
    return "knows user pointers and opens windows";
  }
  return FOLLOWS_NUMBER.test(text) ? "follows a number made from a user pointer" : undefined;
}
