// What the code benchmark found, as a table for people and as JSON for machines.
//
// Everything is a ratio to GCC's build of the same program; a geomean is over the programs that all
// compilers built, so that they can be compared.

import type { CompilerName } from "./build";
import { COMPILERS } from "./build";

/** What one build of a program costs. */
export interface BuildCost {
  /** Executed instructions; exact. */
  readonly instructions: number;
  /** Processor time on this host for `nativeRounds` rounds; undefined if it was not measured. */
  readonly nanoseconds: number | undefined;
  /** Bytes of code. */
  readonly textBytes: number;
}

export interface ProgramResult {
  readonly name: string;
  readonly builds: Readonly<Partial<Record<CompilerName, BuildCost>>>;
  /** Why our build is missing. */
  readonly skipped?: string;
}

export type Measure = keyof BuildCost;

export const MEASURES: readonly Measure[] = ["instructions", "nanoseconds", "textBytes"];

/** How one build compares with GCC's; undefined if one of them was not measured. */
export function ratio(
  { builds }: ProgramResult,
  compiler: CompilerName,
  measure: Measure,
): number | undefined {
  const own = builds[compiler]?.[measure];
  const rival = builds.gcc?.[measure];
  return own === undefined || rival === undefined ? undefined : own / rival;
}

/** The geometric mean of a compiler's ratios over the programs that every compiler built. */
export function geomean(
  results: readonly ProgramResult[],
  compiler: CompilerName,
  measure: Measure,
): number | undefined {
  const ratios = results
    .filter(({ builds }) => COMPILERS.every((each) => builds[each]))
    .flatMap((result) => ratio(result, compiler, measure) ?? []);
  if (ratios.length === 0) return undefined;
  return Math.exp(ratios.reduce((sum, each) => sum + Math.log(each), 0) / ratios.length);
}

/** Everything that was measured, with the geomeans. */
export function toJson(results: readonly ProgramResult[]): string {
  const geomeans = Object.fromEntries(
    COMPILERS.map((compiler) => [
      compiler,
      Object.fromEntries(MEASURES.map((each) => [each, geomean(results, compiler, each)])),
    ]),
  );
  return JSON.stringify({ rival: "gcc", programs: results, geomeans }, undefined, 2);
}

const NAME_WIDTH = 15;
const RIVALS = COMPILERS.filter((compiler) => compiler !== "gcc");

/** The lines above the programs'. */
export function tableHead(): string {
  const group = (title: string) => title.padStart(12 + 9 * RIVALS.length);
  const columns = ["gcc".padStart(12), ...RIVALS.map((each) => each.padStart(9))].join("");
  return [
    `${" ".repeat(NAME_WIDTH)}${group("instructions")}${group("native ms")}${group("code bytes")}`,
    `${"".padEnd(NAME_WIDTH)}${columns.repeat(MEASURES.length)}`,
  ].join("\n");
}

const FORMAT: Readonly<Record<Measure, (value: number) => string>> = {
  instructions: (value) => value.toLocaleString("en"),
  nanoseconds: (value) => (value / 1e6).toFixed(2),
  textBytes: (value) => value.toLocaleString("en"),
};

/** One program: GCC's cost, and the ratios of the others. */
export function tableRow(result: ProgramResult): string {
  const cells = MEASURES.map((measure) => {
    const rival = result.builds.gcc?.[measure];
    const first = rival === undefined ? "-" : FORMAT[measure](rival);
    return first.padStart(12) + ratios((each) => ratio(result, each, measure));
  });
  const note = result.skipped === undefined ? "" : `\n${"".padEnd(NAME_WIDTH)}${result.skipped}`;
  return result.name.padEnd(NAME_WIDTH) + cells.join("") + note;
}

/** The geomeans, as the table's last line. */
export function tableFoot(results: readonly ProgramResult[]): string {
  const cells = MEASURES.map(
    (measure) => "".padStart(12) + ratios((each) => geomean(results, each, measure)),
  );
  return "geomean".padEnd(NAME_WIDTH) + cells.join("");
}

function ratios(of: (compiler: CompilerName) => number | undefined): string {
  return RIVALS.map((each) => (of(each)?.toFixed(3) ?? "-").padStart(9)).join("");
}
