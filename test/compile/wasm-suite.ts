// The official WebAssembly core test suite, converted to data, where it is available.
//
// It is looked for in `$WASM_TESTSUITE`, else beside the repository. Tests that need it skip with
// `suite.missing` as the reason.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = process.env.WASM_TESTSUITE ?? resolve("../shared/wasm-testsuite");

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
  readonly filename?: string;
  readonly module_type?: "binary" | "text";
  readonly text?: string;
  readonly action?: SuiteAction;
  readonly expected?: readonly SuiteValue[];
}

/** The reason to skip, or false where the suite is there. */
export const missing: string | false = existsSync(join(FOLDER, "i32.json"))
  ? false
  : `no WebAssembly test suite in ${FOLDER} (set WASM_TESTSUITE)`;

/** The names of the suite's files, without `.json`. */
export function suiteFiles(): string[] {
  if (missing) return [];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -5));
}

export function suiteCommands(name: string): SuiteCommand[] {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")).commands;
}

export function suiteModule(filename: string): Uint8Array {
  return readFileSync(join(FOLDER, filename));
}
