// What the page asks the worker that compiles, and its answers.

import type { Layout } from "../../src/link/layout/layout";

export interface BuildRequest {
  /** All sources, edited or not, by path. */
  readonly sources: ReadonlyMap<string, string>;
  /** The paths of those that are edited: what depends on none of them is not built. */
  readonly edited: readonly string[];
}

/** What is wrong with a source. */
export interface Fault {
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

export interface BuiltFile {
  /** `kernel`, or a program's name. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The kernel's, if it is edited. */
  readonly layout?: Layout;
}

export type BuildAnswer =
  | { readonly kind: "progress"; readonly text: string }
  | {
      readonly kind: "done";
      readonly files: readonly BuiltFile[];
      readonly warnings: Fault[];
      /** The worker has run code of the reader's. */
      readonly isSpent: boolean;
    }
  | { readonly kind: "refused"; readonly faults: readonly Fault[]; readonly isSpent: boolean }
  | { readonly kind: "broken"; readonly text: string };
