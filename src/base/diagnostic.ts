// The one kind of error that the tools report to a person.
//
// A diagnostic says what is wrong, where, and how to mend it; `code` is stable so that scripts and
// documentation can name it. Anything else that is thrown is our bug and may show its stack.

/** A position in a source file; `line` and `column` count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** An error that the input caused. Any floor throws it; only `src/cli/` prints it. */
export class Diagnostic extends Error {
  override readonly name = "Diagnostic";

  /**
   * @param code   a stable code: letters for the floor, then three digits (`LINK003`)
   * @param text   what was found and what was expected, one sentence, no full stop
   * @param remedy how to mend it, one imperative sentence
   * @param place  where, when a file is to blame
   */
  constructor(
    readonly code: string,
    text: string,
    readonly remedy: string,
    readonly place?: Place,
  ) {
    super(text);
  }
}

/** Several findings of one run, thrown as one and printed one after the other. */
export class Diagnostics extends Diagnostic {
  constructor(readonly list: readonly [Diagnostic, ...Diagnostic[]]) {
    const [first, ...rest] = list;
    const more = rest.length === 0 ? "" : ` (and ${rest.length} more)`;
    super(first.code, first.message + more, first.remedy, first.place);
  }
}

/** `file:line:column`, as far as known: the form that editors and terminals turn into a link. */
export function formatPlace(place: Place): string {
  const line = place.line === undefined ? "" : `:${place.line}`;
  return `${place.file}${line}${line && place.column !== undefined ? `:${place.column}` : ""}`;
}

/** The text that a person reads: `place: error[CODE]: text`, then a `help:` line. */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  severity: "error" | "warning" = "error",
): string {
  if (diagnostic instanceof Diagnostics) {
    return diagnostic.list.map((each) => formatDiagnostic(each, severity)).join("\n");
  }
  const { place } = diagnostic;
  // A sentence about a whole file begins with its name: once is enough.
  const isNamed = place?.line === undefined && diagnostic.message.startsWith(`${place?.file} `);
  const where = place && !isNamed ? `${formatPlace(place)}: ` : "";
  const text = `${where}${severity}[${diagnostic.code}]: ${diagnostic.message}`;
  return `${text}\n  help: ${diagnostic.remedy}`;
}
