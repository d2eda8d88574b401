// What the page asks the worker that looks at files of the reader's own, and its answer.

export interface OwnFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface CheckRequest {
  /** A kernel or a program; or objects and archives, with a layout or a linker script. */
  readonly files: readonly OwnFile[];
  readonly isDark: boolean;
}

export interface PlainFinding {
  readonly code: string;
  readonly severity: string;
  readonly what: string;
  readonly change: string;
  /** How many more are like it. */
  readonly more: number;
}

export interface PlainVerdict {
  readonly loader: string;
  readonly outcome: string;
  readonly reasons: readonly string[];
}

/** What is wrong with an input. */
export interface PlainDiagnostic {
  readonly code: string | undefined;
  readonly text: string;
  readonly remedy: string;
  /** `isthmus.layout.json:3`. */
  readonly place: string | undefined;
}

export type CheckAnswer =
  | {
      readonly kind: "report";
      /** The kernel: the file itself, or what was linked. */
      readonly kernel: OwnFile;
      /** The layout that it was linked by, as text, to be changed and tried again. */
      readonly layout: OwnFile | undefined;
      readonly findings: readonly PlainFinding[];
      readonly verdicts: readonly PlainVerdict[];
      /** Where what the spaces share begins and ends; undefined if nothing is shared. */
      readonly shared: { readonly start: number; readonly end: number } | undefined;
      /** The drawing, as SVG. */
      readonly picture: string;
    }
  | { readonly kind: "program"; readonly program: OwnFile }
  | {
      readonly kind: "refusal";
      /** The layout, if it can be corrected in the page. */
      readonly layout: OwnFile | undefined;
      readonly diagnostics: readonly PlainDiagnostic[];
    };
