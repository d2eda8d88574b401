// Pass: thread-local variables (`__thread`, `thread_local`).
//
//      .tdata    initial values      start
//      .tbss     zeros
//                                    end = thread pointer, aligned as the best aligned variable is
//
// Their sections lie one after the other: the block that a kernel copies for each processor or
// thread. On x86 a variable is counted from the thread pointer, which is the end of a copy and what
// %gs:0 holds: the offsets are negative. See "ELF Handling For Thread-Local Storage", variant II.

import { alignUp } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { PlacedSection } from "./model";

export interface ThreadBlock {
  readonly start: number;
  /** Where the thread pointer would be if the block in the image were a thread's own. */
  readonly end: number;
}

/** The block, if the image has one; reports sections that are no block together. */
export function threadBlock(
  sections: readonly PlacedSection[],
  report: Reporter,
): ThreadBlock | undefined {
  const placed = sections.filter(({ plan, size }) => plan.allocate && size > 0);
  placed.sort((a, b) => a.address - b.address);
  const members = placed.filter(hasThreadLocals);
  const [first] = members;
  const last = members.at(-1);
  if (!first || !last) return undefined;
  const mixed = members.find(({ inputs }) => inputs.some(({ section }) => !section.flags.tls));
  const between = placed.slice(placed.indexOf(first), placed.indexOf(last) + 1);
  const other = mixed ?? between.find((section) => !members.includes(section));
  if (other) {
    const what = mixed ? "has thread-local variables and others" : "lies among thread-local ones";
    const remedy = "Give .tdata and .tbss output sections of their own, one after the other.";
    report.error("LINK029", `output section ${other.name} ${what}`, remedy);
  }
  const aligns = members.flatMap(({ inputs }) => inputs.map(({ section }) => section.align));
  const align = aligns.reduce((most, each) => Math.max(most, each), 1);
  return { start: first.address, end: alignUp(last.end, align) };
}

function hasThreadLocals({ inputs }: PlacedSection): boolean {
  return inputs.some(({ section }) => section.flags.tls === true);
}
