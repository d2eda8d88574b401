// What an audit says of one law: the verdict, the reason for it, and everything that breaks the
// law.

export type Verdict = "holds" | "broken" | "unchecked";

/** Something that breaks a law. */
export interface Offence {
  /** The space that it is in: `kernel`, `hello (pid 3)`. */
  readonly space: string;
  /** Absent where no one address is to blame. */
  readonly va?: number;
  /** The frame at that address, where one is to blame. */
  readonly pa?: number;
  readonly what: string;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** One clause: reports print it after the verdict. */
  readonly why: string;
  readonly offences: readonly Offence[];
}

/** The verdict that follows from the offences that were found. */
export function judge(offences: readonly Offence[], holds: string, broken: string): Judgement {
  const count = offences.length;
  if (count === 0) return { verdict: "holds", why: holds, offences };
  return { verdict: "broken", why: `${broken} (${count} found)`, offences };
}

export function unchecked(why: string): Judgement {
  return { verdict: "unchecked", why, offences: [] };
}
