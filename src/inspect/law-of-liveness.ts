// Law 7, as far as one run shows it: the kernel lives on while ring 3 enters it.

import type { Ending } from "../machine/machine";
import { type Judgement, unchecked } from "./judgement";

/**
 * Judges by how often the kernel was entered from ring 3 and stayed alive, and by how the run
 * ended, once it has.
 */
export function kernelSurvives(entries: number, ending: Ending | undefined): Judgement {
  if (ending?.kind === "panic" || ending?.kind === "crash") {
    const what = ending.kind === "panic" ? "the kernel panicked" : "the machine died";
    const why = `${what}: ${ending.text}`;
    return { verdict: "broken", why, offences: [{ space: "kernel", what: why }] };
  }
  if (entries === 0) return unchecked("no entry from ring 3 was seen");
  const end = ending ? "to its end" : "so far";
  const why = `in this run, ${end}: the kernel was alive after ${entries} entries from ring 3`;
  return { verdict: "holds", why, offences: [] };
}
