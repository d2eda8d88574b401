// What an audit of a whole run found, as data and as text.
//
//   law 4  holds      no page is both writable and executable
//                     by W and NX of every entry; CR0.WP is set
//   law 9  broken     page 0 is mapped nowhere
//                     a null pointer would find memory (1 found)
//                     0x00000000 in sh (pid 2), page 0: page 0 is mapped

import { hex } from "../base/align";
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
const INDENT = " ".repeat(18);

/** The report as lines of text. */
export function reportLines(report: AuditReport, paint: Paint): string[] {
  return [
    ...report.laws.flatMap((law) => lawLines(law, paint)),
    "",
    ...report.shared.map(({ va, pa, flags }) => `shared  ${hex(va)} -> frame ${hex(pa)}  ${flags}`),
    `${report.sharedBytes} bytes are shared`,
    "",
    ...report.moments.map(momentLine),
    ...report.missed.map((name) => paint(`missed  ${name}`, "yellow")),
    `${report.machine}: ${report.ok ? paint("no law is broken", "green") : paint("broken", "red")}`,
  ];
}

function lawLines({ number, title, verdict, why, offences }: LawResult, paint: Paint): string[] {
  const hidden = offences.length - OFFENCES_SHOWN;
  const details = [
    why,
    ...offences.slice(0, OFFENCES_SHOWN).map(offenceText),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
  ];
  const mark = paint(verdict.padEnd(9), COLOURS[verdict]);
  return [`law ${number}  ${mark}  ${title}`, ...details.map((each) => INDENT + each)];
}

/** `0xfffff1b0 in kernel, .trampoline.data, entry_stack+0x1b0: what`. */
function offenceText({ space, va, region, symbol, what }: LocatedOffence): string {
  if (va === undefined) return `${space}: ${what}`;
  const place = [`${hex(va)} in ${space}`, region, symbol].filter((each) => each !== undefined);
  return `${place.join(", ")}: ${what}`;
}

function momentLine({ name, cpl, eip, processes }: Moment): string {
  const ring = `ring ${cpl} at ${hex(eip)}`;
  return `looked  ${name.padEnd(14)}  ${ring}, ${processes.join(", ") || "no process"}`;
}
