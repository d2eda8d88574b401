// What an audit of a whole run found, as data and as text.
//
//   v86: no law is broken
//
//   law 4  holds      no page is both writable and executable
//                     by W and NX of every entry; CR0.WP is set
//   law 9  broken     page 0 is mapped nowhere
//                     a null pointer would find memory (1 found)
//                     0x00000000 in sh (pid 2), page 0: page 0 is mapped

import { hex } from "../base/align";
import { wrap } from "../base/wrap";
import type { LawResult, LocatedOffence } from "./audit";
import type { SharedPage } from "./shared-pages";

/** A moment at which the machine was looked at. */
export interface Moment {
  readonly name: string;
  readonly cpl: number;
  readonly eip: number;
  /** The processes there were, by title. */
  readonly processes: readonly string[];
}

/** How much a space maps. */
export interface SpaceSize {
  readonly name: string;
  readonly cr3: number;
  readonly mappedBytes: number;
}

export interface AuditReport {
  /** No law is broken. */
  readonly ok: boolean;
  readonly machine: string;
  /** Of the random numbers by which the random stops were chosen. */
  readonly seed: number;
  readonly sharedBytes: number;
  /** At the moment with most processes, as are `spaces`. */
  readonly shared: readonly SharedPage[];
  readonly laws: readonly LawResult[];
  readonly spaces: readonly SpaceSize[];
  readonly moments: readonly Moment[];
  /** Moments that did not come in time. */
  readonly missed: readonly string[];
}

/** Colours a piece of text, where colours are seen. */
export type Paint = (text: string, colour: "green" | "red" | "yellow") => string;

const COLOURS = { holds: "green", broken: "red", unchecked: "yellow" } as const;
const OFFENCES_SHOWN = 10;
const LAW_INDENT = 18;
const MOMENT_INDENT = 24;
/** Narrower than this, text is harder to read than to scroll. */
const LEAST_TEXT = 30;

/** The report as lines of text, the verdict first; text is broken to fit into `width` columns. */
export function reportLines(report: AuditReport, paint: Paint, width = Infinity): string[] {
  const fit = (text: string, indent: number) => wrap(text, Math.max(width - indent, LEAST_TEXT));
  return [
    `${report.machine}: ${report.ok ? paint("no law is broken", "green") : paint("broken", "red")}`,
    "",
    ...report.laws.flatMap((law) => lawLines(law, paint, fit)),
    "",
    ...report.shared.map(({ va, pa, flags }) => `shared  ${hex(va)} -> frame ${hex(pa)}  ${flags}`),
    `${report.sharedBytes} bytes are shared`,
    "",
    ...report.moments.flatMap((moment) => momentLines(moment, fit)),
    `random stops by seed ${report.seed}`,
    ...report.missed.map((name) => paint(`missed  ${name}`, "yellow")),
  ];
}

/** Breaks text for a place that begins at column `indent`. */
type Fit = (text: string, indent: number) => string[];

/** `head`, then `text` in lines that all begin where it ends. */
function hang(head: string, indent: number, lines: readonly string[]): string[] {
  return lines.map((line, index) => (index === 0 ? head : " ".repeat(indent)) + line);
}

function lawLines(
  { number, title, verdict, why, offences }: LawResult,
  paint: Paint,
  fit: Fit,
): string[] {
  const hidden = offences.length - OFFENCES_SHOWN;
  const details = [
    why,
    ...offences.slice(0, OFFENCES_SHOWN).map(offenceText),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
  ];
  const mark = paint(verdict.padEnd(9), COLOURS[verdict]);
  const lines = [title, ...details].flatMap((each) => fit(each, LAW_INDENT));
  return hang(`law ${number}  ${mark}  `, LAW_INDENT, lines);
}

/** `0xfffff1b0 in kernel, .trampoline.data, entry_stack+0x1b0: what`. */
function offenceText({ space, va, region, symbol, what }: LocatedOffence): string {
  if (va === undefined) return `${space}: ${what}`;
  const place = [`${hex(va)} in ${space}`, region, symbol].filter((each) => each !== undefined);
  return `${place.join(", ")}: ${what}`;
}

function momentLines({ name, cpl, eip, processes }: Moment, fit: Fit): string[] {
  const what = `ring ${cpl} at ${hex(eip)}, ${processes.join(", ") || "no process"}`;
  return hang(`looked  ${name.padEnd(14)}  `, MOMENT_INDENT, fit(what, MOMENT_INDENT));
}
