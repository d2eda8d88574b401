// What the page asks the worker that looks at kernels, and its answer.

export interface CheckRequest {
  readonly name: string;
  readonly bytes: Uint8Array;
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

export type CheckAnswer =
  | {
      readonly kind: "report";
      readonly findings: readonly PlainFinding[];
      readonly verdicts: readonly PlainVerdict[];
      /** The drawing, as SVG. */
      readonly picture: string;
    }
  | {
      readonly kind: "refusal";
      readonly code: string | undefined;
      readonly text: string;
      readonly remedy: string;
    };
