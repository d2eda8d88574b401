// What Tab puts in place of an unfinished word.

import { listDirectory } from "../runtime/directory";
import { addressOf, toC } from "../runtime/text";
import { Completer } from "./line-editor";
import { isDirectory, listPrograms } from "./search";

/** Completes programs at the start of a command, and files elsewhere. */
export class ShellCompleter extends Completer {
  constructor(
    private readonly path: string,
    private readonly builtins: string[],
  ) {
    super();
  }

  candidates(before: string): string[] {
    const start = wordStart(before);
    const word = before.substring(start);
    const startsCommand = endsCommand(before.substring(0, start));
    if (startsCommand && !word.includes("/")) return this.programs(word);
    return files(word);
  }

  wordLength(before: string): i32 {
    return before.length - wordStart(before);
  }

  private programs(prefix: string): string[] {
    const all = listPrograms(this.path).concat(this.builtins);
    all.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
    const found: string[] = [];
    for (let i = 0; i < all.length; i++) {
      const isNew = found.length === 0 || found[found.length - 1] !== all[i];
      if (isNew && all[i].startsWith(prefix)) found.push(all[i]);
    }
    return found;
  }
}

/** Paths that begin with `prefix`; directories end in a slash. */
function files(prefix: string): string[] {
  const slash = prefix.lastIndexOf("/") + 1;
  const folder = prefix.substring(0, slash);
  const found: string[] = [];
  const directory = toC(folder.length === 0 ? "." : folder);
  const names = listDirectory(addressOf(directory));
  for (let i = 0; i < names.length; i++) {
    const path = folder + names[i];
    if (path.startsWith(prefix)) found.push(isDirectory(path) ? `${path}/` : path);
  }
  return found;
}

/** Where the last word of a text begins. Quotes are ignored. */
function wordStart(text: string): i32 {
  let at = text.length;
  while (at > 0 && !isSeparator(text.charCodeAt(at - 1))) at--;
  return at;
}

/** Whether a command, and not an argument, follows a text. */
function endsCommand(text: string): bool {
  const before = text.trimEnd();
  if (before.length === 0) return true;
  const last = before.charCodeAt(before.length - 1);
  return last === 0x3b || last === 0x26 || last === 0x7c;
}

function isSeparator(unit: i32): bool {
  return unit === 0x20 || unit === 0x09 || unit === 0x3b || unit === 0x26 || unit === 0x7c;
}
