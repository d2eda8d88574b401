// DATA_SEGMENT_ALIGN and its relatives: where the data segment begins, and where what becomes
// read-only after start-up ends.
//
//      text  |  . DATA_SEGMENT_ALIGN  .got  DATA_SEGMENT_RELRO_END  .data .bss  DATA_SEGMENT_END
//               ^ base                |<- a page begins here (-z relro)
//
// What must end on a page begins somewhere that depends on its size: so the pass over the sections
// runs again with the start that `moveStart` finds.

import type { Script, ValueFunction } from "../gnu-script/syntax";
import { matchesAny } from "../layout/glob";
import type { InputSection } from "../passes/model";
import { alignTo, type ScriptOutput, wrap } from "./model";

/** The functions that bound what becomes read-only. */
const RELRO_START: ValueFunction = "DATA_SEGMENT_ALIGN";
const RELRO_END: ValueFunction = "DATA_SEGMENT_RELRO_END";

/**
 * Whether anything might lie where what becomes read-only would be: a statement there names inputs
 * of the link, even if another statement takes them.
 */
export function hasRelroSection({ statements }: Script, inputs: readonly InputSection[]): boolean {
  const calls = (name: ValueFunction) =>
    statements.findIndex(
      (each) =>
        each.kind === "assignment" && each.value.kind === "call" && each.value.function === name,
    );
  const between = statements.slice(Math.max(0, calls(RELRO_START)), calls(RELRO_END));
  const contents = between.flatMap((each) => (each.kind === "output" ? each.content : []));
  const globs = contents.flatMap((each) =>
    each.kind === "input" ? (each.sections ?? []).map(({ glob }) => glob) : [],
  );
  return inputs.some((input) => !input.discarded && matchesAny(input.section.name, globs));
}

export class DataSegment {
  readonly #isRelro: boolean;
  #pageSize = 1n;
  /** Of the page that what becomes read-only ends with: the largest that a machine may have. */
  #relroPage = 1n;
  #base = 0n;
  /** The first page after what is before. */
  #lowest = 0n;
  /** Where DATA_SEGMENT_END is. */
  #end: bigint | undefined;
  #relroEnd: bigint | undefined;
  #relroOffset = 0n;
  /** What the first pass over the sections taught. */
  #lesson: { readonly start: bigint } | "begins on a page" | undefined;

  constructor(isRelro: boolean) {
    this.#isRelro = isRelro;
  }

  /** Where the part that becomes read-only is; undefined: there is none. */
  get relro(): { readonly start: bigint; readonly end: bigint } | undefined {
    if (!this.#isRelro || this.#relroEnd === undefined) return undefined;
    return { start: this.#base, end: this.#relroEnd };
  }

  align(dot: bigint, maxPageSize: bigint, commonPageSize: bigint): bigint {
    this.#pageSize = commonPageSize;
    this.#relroPage = maxPageSize;
    this.#lowest = alignTo(dot, maxPageSize);
    const page = alignTo(dot, maxPageSize);
    if (typeof this.#lesson === "object") this.#base = this.#lesson.start;
    else if (this.#lesson === undefined) this.#base = wrap(page + (dot & (maxPageSize - 1n)));
    else {
      const inPage = (dot + commonPageSize - 1n) & (maxPageSize - commonPageSize);
      this.#base = wrap(page + inPage);
    }
    return this.#base;
  }

  relroEnd(offset: bigint, end: bigint): bigint {
    if (!this.#isRelro) return end;
    this.#relroOffset = offset;
    this.#relroEnd = wrap(end + offset);
    if (this.#lesson === undefined) return end;
    this.#relroEnd = alignTo(this.#relroEnd, this.#relroPage);
    return wrap(this.#relroEnd - offset);
  }

  end(address: bigint): bigint {
    this.#end = address;
    return address;
  }

  /** Once, after a pass over all sections: whether the start must move. */
  moveStart(outputs: readonly ScriptOutput[]): boolean {
    if (this.#end === undefined || this.#lesson !== undefined) return false;
    if (this.#isRelro && this.#relroEnd !== undefined) {
      this.#lesson = { start: this.#startOfRelro(outputs, this.#relroEnd) };
    } else if (this.#wastesPage(this.#end)) {
      this.#lesson = "begins on a page";
    }
    return this.#lesson !== undefined;
  }

  /** Going down from the end, which must be that of a page. */
  #startOfRelro(outputs: readonly ScriptOutput[], end: bigint): bigint {
    const limit = end - this.#relroOffset;
    let wanted = alignTo(end, this.#relroPage) - this.#relroOffset;
    for (const output of [...outputs].reverse()) {
      if (!output.isInFile || !output.flags.alloc) continue;
      if (output.address < this.#base || output.address >= limit) continue;
      const size = output.isThreadZeros ? 0n : output.size;
      const start = wanted - size;
      wanted = start - (start % output.align);
    }
    while (wanted - this.#relroPage >= this.#lowest) wanted -= this.#relroPage;
    return wrap(wanted);
  }

  /** Whether what is on the first and the last page would fit on one. */
  #wastesPage(end: bigint): boolean {
    const inPage = this.#pageSize - 1n;
    const first = -this.#base & inPage;
    const last = end & inPage;
    const spansPages = (this.#base & ~inPage) !== (end & ~inPage);
    return first !== 0n && last !== 0n && spansPages && first + last <= this.#pageSize;
  }
}
