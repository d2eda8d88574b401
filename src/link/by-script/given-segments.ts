// The segments that a script's PHDRS declares, with the sections that name them.
//
// A section that names none goes where the one before it went; those before the first that names
// one go with that. `:NONE` is no segment.

import { Diagnostic } from "../../base/diagnostic";
import { SEGMENT_TYPES } from "../gnu-script/parse-script";
import type { Expression, SegmentCommand } from "../gnu-script/syntax";
import { type Context, evaluateAddress, type Names } from "./evaluate";
import type { ScriptOutput } from "./model";
import type { SegmentMap } from "./segments";

const NO_SEGMENT = "NONE";

/** @throws Diagnostic SCRIPT004 where a section names a segment that is not declared */
export function givenSegments(
  commands: readonly SegmentCommand[],
  outputs: readonly ScriptOutput[],
  names: Names,
): SegmentMap[] {
  const context: Context = {
    names: { ...withTypes(names) },
    ...{ inside: undefined, dot: undefined, dataSegment: undefined, isFinal: true },
  };
  const value = (expression: Expression | undefined) =>
    expression && evaluateAddress(expression, context);
  const byName = membersOf(commands, outputs);
  return commands.map((command) => {
    const flags = value(command.flags);
    return {
      type: Number(value(command.type) ?? 0n),
      outputs: byName.get(command.name) ?? [],
      hasFileHeader: command.hasFileHeader,
      hasProgramHeaders: command.hasProgramHeaders,
      flags: flags === undefined ? undefined : Number(flags),
      loadAddress: value(command.loadAddress),
    };
  });
}

/** `PT_LOAD` and its relatives are names in PHDRS alone. */
function withTypes(names: Names): Names {
  return {
    symbol: (name) => {
      const value = Object.hasOwn(SEGMENT_TYPES, name) ? SEGMENT_TYPES[name] : undefined;
      return value === undefined ? names.symbol(name) : { value, of: "absolute" };
    },
    isDefined: (name) => names.isDefined(name),
    output: (name) => names.output(name),
    region: (name) => names.region(name),
    constant: (name) => names.constant(name),
    segmentStart: (name) => names.segmentStart(name),
    headersSize: () => names.headersSize(),
  };
}

function membersOf(
  commands: readonly SegmentCommand[],
  outputs: readonly ScriptOutput[],
): Map<string, ScriptOutput[]> {
  const members = new Map<string, ScriptOutput[]>(commands.map(({ name }) => [name, []]));
  const loaded = outputs.filter((output) => output.isInFile && output.flags.alloc);
  let last = loaded.find(({ segments }) => segments.length > 0)?.segments ?? [];
  if (last.length === 0 && loaded.length > 0) {
    const text = "no section is assigned to a segment of PHDRS";
    const remedy = `Write one after a section's brace: } :${commands[0]?.name}.`;
    throw new Diagnostic("SCRIPT004", text, remedy, commands[0]?.place);
  }
  for (const output of loaded) {
    if (output.segments.length > 0) last = output.segments;
    for (const name of last) {
      if (name === NO_SEGMENT) continue;
      const own = members.get(name);
      if (!own) throw undeclared(name, output);
      own.push(output);
    }
  }
  return members;
}

function undeclared(name: string, output: ScriptOutput): Diagnostic {
  const text = `section ${output.name} is in segment ${name}, which PHDRS does not declare`;
  return new Diagnostic("SCRIPT004", text, "Declare it in PHDRS.", output.statement.place);
}
