// The official WebAssembly core test suite, converted to data, where it is available.
//
// Tests that need it skip with `suite.missing` as the reason.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** One value: its type and its bits as an unsigned decimal number, or a class of NaN. */
export interface SuiteValue {
  readonly type: "i32" | "i64" | "f32" | "f64" | "externref" | "funcref";
  readonly value: string;
}

export interface SuiteAction {
  readonly type: "invoke" | "get";
  readonly module?: string;
  readonly field: string;
  readonly args: readonly SuiteValue[];
}

export interface SuiteCommand {
  readonly type: string;
  readonly line: number;
  readonly name?: string;
  /** `register`: under which name other modules import from it. */
  readonly as?: string;
  readonly filename?: string;
  readonly module_type?: "binary" | "text";
  readonly text?: string;
  readonly action?: SuiteAction;
  readonly expected?: readonly SuiteValue[];
}

/** The suite in one folder. */
export class Suite {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Why it cannot be used, or false where it is there. */
  get missing(): string | false {
    if (existsSync(join(this.#folder, "i32.json"))) return false;
    return `there is no WebAssembly test suite in ${this.#folder}`;
  }

  /** The names of its files, without `.json`. */
  get files(): string[] {
    if (this.missing) return [];
    return readdirSync(this.#folder)
      .filter((file) => file.endsWith(".json"))
      .map((file) => file.slice(0, -".json".length))
      .sort();
  }

  commands(name: string): SuiteCommand[] {
    return JSON.parse(readFileSync(join(this.#folder, `${name}.json`), "utf8")).commands;
  }

  module(filename: string): Uint8Array {
    return readFileSync(join(this.#folder, filename));
  }
}

/** The suite that tests use: `$WASM_TESTSUITE`, else the one beside the repository. */
export const suite = new Suite(process.env.WASM_TESTSUITE ?? resolve("../shared/wasm-testsuite"));
