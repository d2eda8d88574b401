// Audits the isolation of a stopped machine: the nine laws, each judged and each with its reason.
//
//   1 shared set     2 user directories   3 kernel directory   4 W^X and CR0.WP   5 entry stack
//   6 user pointers  7 liveness           8 global pages       9 page 0
//
// A law that cannot be judged is `unchecked` with the reason, never silently passed. Several audits
// of one run are joined: broken once is broken, and holding once is enough otherwise.
// The laws' own functions are in laws-of-paging.ts, laws-of-contents.ts and law-of-sources.ts.

import type { ElfImage } from "./elf-image";
import type { Finding, Verdict } from "./finding";
import { entryStackHoldsNoSecrets, writeExcludesExecute } from "./laws-of-contents";
import {
  globalPages,
  kernelDirectory,
  pageZero,
  sharedSet,
  userDirectories,
} from "./laws-of-paging";
import type { Spaces } from "./spaces";

/** A finding about the law of that number. */
export interface LawResult extends Finding {
  readonly number: number;
  readonly title: string;
}

/** What an audit looks at. */
export interface AuditInput {
  readonly spaces: Spaces;
  /** The kernel's file. */
  readonly image: ElfImage;
  /** Files of user programs by name, as far as known: they say which pages are code. */
  readonly programs: ReadonlyMap<string, ElfImage>;
  /** Laws 6 and 7 are judged elsewhere: from the sources, and from the whole run. */
  readonly userPointers: Finding;
  readonly liveness: Finding;
}

export const LAW_TITLES: readonly string[] = [
  "the trampoline is all that is shared",
  "user directories hold user frames and the trampoline",
  "the kernel directory has no user page; windows are closed",
  "no page is both writable and executable",
  "the entry stack holds no other program's words",
  "user pointers become bytes in one file only",
  "no user action panics the kernel",
  "only the trampoline is global",
  "page 0 is mapped nowhere",
];

/** Judges all nine laws at one moment. */
export function audit(input: AuditInput): LawResult[] {
  const findings = [
    sharedSet(input.spaces),
    userDirectories(input.spaces),
    kernelDirectory(input.spaces),
    writeExcludesExecute(input.spaces, input.image, input.programs),
    entryStackHoldsNoSecrets(input.spaces, input.image),
    input.userPointers,
    input.liveness,
    globalPages(input.spaces),
    pageZero(input.spaces),
  ];
  return findings.map((finding, index) => ({
    number: index + 1,
    title: LAW_TITLES[index] ?? "",
    ...finding,
  }));
}

const WEIGHT: Readonly<Record<Verdict, number>> = { broken: 2, holds: 1, unchecked: 0 };

/** Joins audits of several moments of one run into one verdict a law. */
export function joinAudits(audits: readonly (readonly LawResult[])[]): LawResult[] {
  return LAW_TITLES.map((title, index) => {
    const results = audits.flatMap((results) => results[index] ?? []);
    const worst = results.reduce<LawResult | undefined>(
      (best, next) => (best && WEIGHT[best.verdict] >= WEIGHT[next.verdict] ? best : next),
      undefined,
    );
    const { verdict, why } = worst ?? {
      verdict: "unchecked" as const,
      why: "nothing was looked at",
    };
    const offences = results.flatMap((result) => result.offences);
    return { number: index + 1, title, verdict, why, offences };
  });
}
