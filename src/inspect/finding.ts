// A law's verdict, and what breaks it.

export type Verdict = "holds" | "broken" | "unchecked";

/** Something at an address that breaks a law. */
export interface Offence {
  /** `kernel`, `hello (pid 3)`. */
  readonly space: string;
  readonly va: number;
  /** The frame behind the address, where one is to blame. */
  readonly pa?: number;
  readonly what: string;
}

export interface Finding {
  readonly verdict: Verdict;
  /** One clause, as it stands behind the verdict and a colon. */
  readonly why: string;
  readonly offences: readonly Offence[];
}

/** The verdict that follows from the offences that were found. */
export function judge(offences: readonly Offence[], holds: string, broken: string): Finding {
  const count = offences.length;
  if (count === 0) return { verdict: "holds", why: holds, offences };
  return { verdict: "broken", why: `${broken} (${count} found)`, offences };
}

export function unchecked(why: string): Finding {
  return { verdict: "unchecked", why, offences: [] };
}
