// The requests to a build worker and its answers, as they pass between processes.

import type { Diagnostic, Place } from "../base/diagnostic";
import type { Hashes } from "./content-hash";
import type { Project } from "./project";

/** A user program and what it is linked with, as user/programs.ts says. Paths are relative. */
export interface ProgramRecipe {
  readonly name: string;
  readonly entries: readonly string[];
  readonly assembly: readonly string[];
  readonly runtime: "stub" | "minimal" | "incremental";
  readonly abort: string;
  /** The export that runs the initialisers of the top level. */
  readonly start: string;
  /** It is built, and not put into the initramfs. */
  readonly isApart?: boolean;
}

export type BuildTask =
  | { readonly kind: "kernel"; readonly project: Project }
  | { readonly kind: "program"; readonly project: Project; readonly program: ProgramRecipe };

export interface BuildOutcome {
  /** `kernel`, `user/hello`. */
  readonly title: string;
  /** Absolute paths. */
  readonly outputs: readonly string[];
  /** Everything that the outputs depend on: hashes by path relative to the root. */
  readonly sources: Hashes;
  readonly warnings: readonly Diagnostic[];
  readonly wasmBytes: number;
}

/** A Diagnostic without its class, which does not survive being sent to another process. */
export interface PlainDiagnostic {
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
  readonly place?: Place;
}

export type BuildAnswer =
  | {
      readonly kind: "done";
      readonly outcome: Omit<BuildOutcome, "warnings">;
      readonly warnings: readonly PlainDiagnostic[];
      readonly milliseconds: number;
    }
  | { readonly kind: "refused"; readonly diagnostics: readonly PlainDiagnostic[] }
  | { readonly kind: "broken"; readonly trace: string };
