// Pass: the output sections of a script, with their inputs: what its statements name, then orphans.
//
// Provides: `output` of inputs, `placed.inputs` and `items` of output sections.

import type { OutputStatement, Script } from "../gnu-script/syntax";
import { matchesAny } from "../layout/glob";
import type { InputSection, PlacedSection } from "../passes/model";
import { DISCARD, InputMatcher } from "./match-inputs";
import { ScriptOutput } from "./model";
import { OrphanPlacer, type PlacedStatement } from "./place-orphans";
import type { Regions } from "./regions";
import type { ScriptOptions } from "./scripted-image";

export const STACK_NOTE = ".note.GNU-stack";
/** What only tools read, or the linker itself: it is in no image. */
const NEVER_LINKED = [STACK_NOTE, ".gnu_debuglink", ".gnu.lto_*", ".llvm_addrsig", ".llvm.*"];
const COMMON = "COMMON";

/** The statements of a script with the output sections that they make. */
export interface AssignedInputs {
  readonly statements: readonly PlacedStatement[];
  readonly outputs: readonly ScriptOutput[];
  readonly placed: readonly PlacedSection[];
  /** What KEEP names. */
  readonly kept: ReadonlySet<InputSection>;
}

export function assignInputs(
  inputs: readonly InputSection[],
  script: Script,
  regions: Regions,
  { sectionStarts, magic }: ScriptOptions,
): AssignedInputs {
  const linked = inputs.filter(({ section }) => !matchesAny(section.name, NEVER_LINKED));
  for (const input of inputs) input.output = undefined;
  const matcher = new InputMatcher(linked);
  const statements: PlacedStatement[] = [];
  for (const statement of script.statements) {
    if (statement.kind !== "output") statements.push(statement);
    else {
      const output = outputFor(statement, statements, regions);
      if (!isWanted(output, matcher)) continue;
      matcher.fill(output, statement);
      if (output.name !== DISCARD && !isListed(output, statements)) {
        statements.push({ kind: "output", output });
      }
    }
  }
  placeOrphans(linked, statements, matcher, regions);
  const outputs = statements.flatMap((each) => (each.kind === "output" ? [each.output] : []));
  for (const output of outputs) connect(output, sectionStarts);
  // Whatever is in it.
  for (const output of outputs) {
    if (output.name === ".text") output.flags.readonly = magic !== "omagic";
  }
  inheritLoadRegions(outputs);
  const { kept } = matcher;
  return { statements, outputs, placed: outputs.map(({ placed }) => placed), kept };
}

/** A section that the script has twice is one: the second statement adds to the first. */
function outputFor(
  statement: OutputStatement,
  statements: readonly PlacedStatement[],
  regions: Regions,
): ScriptOutput {
  const same = statements.find(
    (each) =>
      each.kind === "output" &&
      each.output.name === statement.name &&
      each.output.statement.constraint === undefined,
  );
  if (same?.kind === "output" && statement.constraint === undefined) return same.output;
  return new ScriptOutput(statement.name, statement, regions.of(statement));
}

function isListed(output: ScriptOutput, statements: readonly PlacedStatement[]): boolean {
  return statements.some((each) => each.kind === "output" && each.output === output);
}

/** ONLY_IF_RO and ONLY_IF_RW: whether the inputs are as they say. */
function isWanted(output: ScriptOutput, matcher: InputMatcher): boolean {
  const { constraint } = output.statement;
  if (constraint === undefined) return true;
  return matcher.wouldBeReadonly(output) === (constraint === "ONLY_IF_RO");
}

function placeOrphans(
  inputs: readonly InputSection[],
  statements: PlacedStatement[],
  matcher: InputMatcher,
  regions: Regions,
): void {
  const orphans = inputs.filter((input) => !input.discarded && !matcher.isTaken(input));
  const written = new Set(
    orphans.filter(({ section }) => section.flags.write).map(({ section }) => section.name),
  );
  const make = (name: string, statement: OutputStatement, near: ScriptOutput | undefined) => {
    const region = near?.region ?? regions.default;
    const output = new ScriptOutput(name, statement, { region, loadRegion: near?.loadRegion });
    output.segments = near?.segments ?? [];
    return output;
  };
  const placer = new OrphanPlacer(statements, make);
  for (const input of orphans) {
    const { name } = input.section;
    if (name === COMMON) placer.placeCommon(input, matcher.commonHome);
    else placer.place(input, written.has(name));
  }
}

/** `AT>REGION` holds on for the sections that follow in the same region of addresses. */
function inheritLoadRegions(outputs: readonly ScriptOutput[]): void {
  for (const [index, output] of outputs.entries()) {
    const before = outputs[index - 1];
    const { address, loadAddress } = output.statement;
    const decides = output.loadRegion ?? loadAddress ?? address ?? output.givenAddress;
    if (decides || output.region !== before?.region) continue;
    output.loadRegion = before.loadRegion;
  }
}

function connect(output: ScriptOutput, sectionStarts: ReadonlyMap<string, bigint>): void {
  const inputs: InputSection[] = [];
  for (const item of output.items) {
    if (item.kind !== "input") continue;
    item.input.output = output.placed;
    inputs.push(item.input);
  }
  output.placed.inputs = inputs;
  const start = sectionStarts.get(output.name);
  if (start === undefined) return;
  const { place } = output.statement;
  output.givenAddress = { kind: "number", value: start, place };
}
