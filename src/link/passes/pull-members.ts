// Pass: takes from each archive the members that the link needs, as every Unix linker does:
// archives in the order of the command line, each searched again until nothing more is wanted from
// it.
//
// A name is wanted if an object so far refers to it, or the layout names it, and nothing defines it
// yet. A weak reference wants nothing; a common symbol wants a real definition.

import type { ObjectFile, ObjectSymbol } from "../../object/object";
import type { Archive, ArchiveMember } from "../input/archive";
import { isArchiveInput, type LinkInput } from "../input/read-input";
import { matchesAny } from "../layout/glob";
import type { ResolvedLayout } from "../layout/resolved";

/** The objects of a link, in its order. Throws what reading a member throws. */
export function pullMembers(inputs: readonly LinkInput[], layout: ResolvedLayout): ObjectFile[] {
  // Without archives it does not matter what is wanted.
  const alone = inputs.filter((input): input is ObjectFile => !isArchiveInput(input));
  if (alone.length === inputs.length) return alone;
  const wants = new Wants(layout);
  const objects: ObjectFile[] = [];
  const take = (object: ObjectFile) => {
    objects.push(object);
    wants.note(object);
  };
  for (const input of inputs) {
    if (!isArchiveInput(input)) take(input);
    else if (matchesAny(input.name, layout.wholeArchives)) {
      for (const member of input.members) take(member.read());
    } else {
      searchArchive(input, wants, take);
    }
  }
  return objects;
}

function searchArchive(archive: Archive, wants: Wants, take: (object: ObjectFile) => void): void {
  const taken = new Set<ArchiveMember>();
  for (let count = -1; count !== taken.size; ) {
    count = taken.size;
    for (const [symbol, member] of archive.index) {
      if (taken.has(member) || !wants.has(symbol)) continue;
      const object = member.read();
      if (wants.isCommon(symbol) && !defines(object, symbol)) continue;
      taken.add(member);
      take(object);
    }
  }
}

function defines(object: ObjectFile, name: string): boolean {
  return object.symbols.some(
    (symbol) => symbol.name === name && symbol.binding !== "local" && isReal(symbol),
  );
}

function isReal(symbol: ObjectSymbol): boolean {
  return symbol.section !== undefined || symbol.absolute === true;
}

/** The names that nothing defines yet. */
class Wants {
  readonly #state = new Map<string, "wanted" | "common" | "defined">();

  constructor(layout: ResolvedLayout) {
    for (const { name } of layout.symbols) this.#state.set(name, "defined");
    const named = [layout.entry, ...layout.beforePaging.roots, ...layout.keep];
    for (const name of named) if (!this.#state.has(name)) this.#state.set(name, "wanted");
  }

  has(name: string): boolean {
    const state = this.#state.get(name);
    return state === "wanted" || state === "common";
  }

  isCommon(name: string): boolean {
    return this.#state.get(name) === "common";
  }

  note(object: ObjectFile): void {
    for (const symbol of object.symbols) {
      if (symbol.binding === "local") continue;
      const old = this.#state.get(symbol.name);
      if (isReal(symbol)) this.#state.set(symbol.name, "defined");
      else if (symbol.common !== undefined) {
        if (old !== "defined") this.#state.set(symbol.name, "common");
      } else if (old === undefined && symbol.binding === "global") {
        this.#state.set(symbol.name, "wanted");
      }
    }
  }
}
