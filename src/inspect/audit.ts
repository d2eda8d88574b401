// Audits the isolation of a stopped machine: the nine laws, each judged and each with its reason.
//
// A law that cannot be judged is `unchecked` with the reason, never silently passed. Several audits
// of one run are joined: a law broken once is broken for the run, and otherwise holding once is
// enough. Each offence that has an address is resolved, so that a report names region and symbol.
//
// ARCHITECTURE.md has the table of what keeps each law and what checks it.

import type { Ending } from "../machine/machine";
import type { BootedFiles } from "./booted-files";
import { type Judgement, type Offence, unchecked, type Verdict } from "./judgement";
import { kernelSurvives } from "./law-of-liveness";
import { entryStackHoldsNoSecrets, writeExcludesExecute } from "./laws-of-contents";
import {
  globalPages,
  kernelDirectory,
  pageZero,
  sharedSet,
  userDirectories,
} from "./laws-of-paging";
import { kernelRanges, userRanges } from "./named-range";
import { resolve } from "./resolve";
import { processTitle, type Spaces } from "./spaces";

/** What an audit looks at. */
export interface AuditInput {
  /** Undefined if the kernel had not set up its spaces: most laws are unchecked then. */
  readonly spaces: Spaces | undefined;
  readonly files: BootedFiles;
  /** Law 6, which the sources show (law-of-pointers.ts). */
  readonly userPointers: Judgement;
  /** How the run ended, if it has: law 7. */
  readonly ending: Ending | undefined;
}

/** An offence, and what is at its address. */
export interface LocatedOffence extends Offence {
  /** The region or section: `page tables`, `.text`. */
  readonly region?: string;
  /** `name+0x12`. */
  readonly symbol?: string;
}

/** The judgement on the law of that number. */
export interface LawResult extends Judgement {
  readonly number: number;
  readonly title: string;
  readonly offences: readonly LocatedOffence[];
}

interface Law {
  readonly title: string;
  judge(input: AuditInput): Judgement;
}

const LAWS: readonly Law[] = [
  { title: "the trampoline is all that is shared", judge: inSpaces(sharedSet) },
  {
    title: "user directories hold user frames and the trampoline",
    judge: inSpaces(userDirectories),
  },
  {
    title: "the kernel directory has no user page; windows are closed",
    judge: inSpaces(kernelDirectory),
  },
  { title: "no page is both writable and executable", judge: inSpaces(writeExcludesExecute) },
  {
    title: "the entry stack holds no other program's words",
    judge: inSpaces(entryStackHoldsNoSecrets),
  },
  {
    title: "user pointers become bytes in one file only",
    judge: ({ userPointers }) => userPointers,
  },
  {
    title: "no user action panics the kernel",
    judge: ({ spaces, ending }) => kernelSurvives(spaces?.entries ?? 0, ending),
  },
  { title: "only the trampoline is global", judge: inSpaces(globalPages) },
  { title: "page 0 is mapped nowhere", judge: inSpaces(pageZero) },
];

export const LAW_TITLES: readonly string[] = LAWS.map(({ title }) => title);

/** The judgement of what needs the spaces, or the reason why there is none. */
function inSpaces(judge: (spaces: Spaces, files: BootedFiles) => Judgement): Law["judge"] {
  return ({ spaces, files }) =>
    spaces ? judge(spaces, files) : unchecked("the kernel had not set up its spaces");
}

/** Judges all nine laws at one moment. */
export function audit(input: AuditInput): LawResult[] {
  return LAWS.map(({ title, judge }, index) => {
    const { verdict, why, offences } = judge(input);
    return { number: index + 1, title, verdict, why, offences: locate(offences, input) };
  });
}

/** Says of each offence with an address what is there. */
function locate(
  offences: readonly Offence[],
  { spaces, files }: AuditInput,
): readonly LocatedOffence[] {
  if (!spaces || offences.length === 0) return offences;
  const views = new Map([["kernel", { space: spaces.kernel, ranges: kernelRanges(files) }]]);
  for (const process of spaces.processes) {
    const ranges = userRanges(files, process, spaces);
    views.set(processTitle(process), { space: process.space, ranges });
  }
  return offences.map((offence) => {
    const view = views.get(offence.space);
    if (!view || offence.va === undefined) return offence;
    const { memory } = spaces.snapshot;
    const { region, symbol } = resolve(memory, view.space, offence.va, view.ranges);
    return { ...offence, ...(region && { region }), ...(symbol && { symbol }) };
  });
}

const WEIGHT: Readonly<Record<Verdict, number>> = { broken: 2, holds: 1, unchecked: 0 };

/** Joins audits of several moments of one run, in their order, into one verdict for each law. */
export function joinAudits(audits: readonly (readonly LawResult[])[]): LawResult[] {
  return LAW_TITLES.map((title, index) => {
    const results = audits.flatMap((results) => results[index] ?? []);
    const { verdict, why } = results.reduce<Pick<LawResult, "verdict" | "why">>(
      // Of equal weight the later one counts: it knows more of the run.
      (best, next) => (WEIGHT[best.verdict] > WEIGHT[next.verdict] ? best : next),
      unchecked("nothing was looked at"),
    );
    const offences = results.flatMap((result) => result.offences);
    return { number: index + 1, title, verdict, why, offences };
  });
}
