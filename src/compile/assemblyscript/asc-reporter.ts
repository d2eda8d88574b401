// The messages of the AssemblyScript compiler as our diagnostics.
//
// asc numbers its messages like TypeScript's (TS2322) or as its own (AS100); the codes are kept,
// since they are what a person finds in documentation. All errors of a phase are shown together.

import * as assemblyscript from "assemblyscript";
import { Diagnostic, Diagnostics, type Place } from "../../base/diagnostic";
import { explainLimit } from "./limits";

/** How many errors of one run are shown: what follows is mostly a consequence. */
const SHOWN = 20;

const INFO = 1;
const WARNING = 2;

/** Conversions between pointers and 32-bit numbers: they are the same here, and will stay so. */
const POINTER_CONVERSION = 201;

const REMEDIES: Readonly<Record<string, string>> = {
  AS100: "Write it differently: AssemblyScript lacks this feature.",
  AS103: "Use an instruction of module x86 instead, such as x86.xchg32 for an atomic exchange.",
  AS200: "Write the conversion: `<u8>value`.",
  TS2305: "Import what the file exports, or export it there.",
  TS2304: "Declare it, import it, or correct its spelling.",
  TS2322: "Convert the value, or change the type.",
  TS2339: "Declare the member, or correct its spelling.",
  TS2564: "Give the field a value where it is declared.",
  TS6054: "Correct the path of the import; it has no extension and is relative.",
};
const REMEDY = "Correct the source; AssemblyScript is stricter than TypeScript.";

/** Collects the errors of a program. */
export class AscReporter {
  readonly #program: assemblyscript.Program;
  readonly warnings: Diagnostic[] = [];
  readonly #errors: Diagnostic[] = [];

  constructor(program: assemblyscript.Program) {
    this.#program = program;
  }

  add(error: Diagnostic): void {
    this.#errors.push(error);
  }

  /** Throws all errors so far, asc's and ours, in the order of the sources. */
  barrier(): void {
    this.#drain();
    this.#errors.sort(bySource);
    const [first, ...rest] = this.#errors.slice(0, SHOWN);
    if (!first) return;
    throw rest.length === 0 ? first : new Diagnostics([first, ...rest]);
  }

  #drain(): void {
    for (;;) {
      const message = assemblyscript.nextDiagnostic(this.#program);
      if (message === null) return;
      if (assemblyscript.isError(message)) this.#errors.push(translate(message));
      else if (isWarning(message)) this.warnings.push(translate(message));
    }
  }
}

function isWarning({ category, code }: assemblyscript.DiagnosticMessage): boolean {
  return (category === WARNING || category === INFO) && code !== POINTER_CONVERSION;
}

function bySource({ place: left }: Diagnostic, { place: right }: Diagnostic): number {
  if (!left || !right || left.file !== right.file) return 0;
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0);
}

function translate(message: assemblyscript.DiagnosticMessage): Diagnostic {
  const number = assemblyscript.getDiagnosticCode(message);
  const code = `${number < 1000 ? "AS" : "TS"}${number}`;
  const said = message.message.replace(/\.$/, "");
  const limit = explainLimit({ code, text: said, ...sourceOf(message) });
  const { text, remedy } = limit ?? { text: said, remedy: REMEDIES[code] ?? REMEDY };
  return new Diagnostic(code, text, remedy, ownPlace(message));
}

/** The source that a message is about, and the line on which that begins. */
function sourceOf({ range }: assemblyscript.DiagnosticMessage): { source: string; line: string } {
  if (!range?.source) return { source: "", line: "" };
  const { text } = range.source;
  const start = text.lastIndexOf("\n", range.start - 1) + 1;
  const end = text.indexOf("\n", range.start);
  return {
    source: text.slice(range.start, range.end),
    line: text.slice(start, end < 0 ? text.length : end),
  };
}

/** The place that belongs to the program, where the message has one besides the library's. */
function ownPlace({ range, relatedRange }: assemblyscript.DiagnosticMessage): Place | undefined {
  const places = [range, relatedRange].flatMap((each) => (each ? [placeOf(each)] : []));
  return places.find((place) => place && !place.file.startsWith("~lib/")) ?? places[0];
}

/** Where a piece of source starts; undefined for what asc made up itself. */
export function placeOf(range: assemblyscript.Range): Place | undefined {
  const { source } = range;
  if (!source || source.isNative) return undefined;
  const line = source.lineAt(range.start);
  return { file: source.normalizedPath, line, column: source.columnAt() };
}
