// Runs test files in this process, again and again: a process for each would take longer to start
// than the tests take.
//
// A test file is imported anew each time, with `describe`, `it` and `beforeEach` of node:test
// replaced by the few lines here, which stop at the first test that fails. Node's own test runner
// no longer works in a process that imports this file.

import { createRequire, syncBuiltinESMExports } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

type Body = () => unknown;
/** A test, with what runs before it. */
interface Test {
  readonly name: string;
  readonly bodies: readonly Body[];
}

let tests: Test[] = [];
/** What runs before each test of the groups that are being described. */
let before: readonly Body[] = [];

const replacement = {
  describe(_name: string, body: Body) {
    const outer = before;
    body();
    before = outer;
  },
  it(name: string, body: Body) {
    tests.push({ name, bodies: [...before, body] });
  },
  beforeEach(body: Body) {
    before = [...before, body];
  },
};

/** What a test file must not use until it is replaced, too. */
const refused = Object.fromEntries(
  ["test", "suite", "before", "after", "afterEach"].map((name) => [
    name,
    () => {
      throw new Error(`the mutation run has no ${name}()`);
    },
  ]),
);

Object.assign(createRequire(import.meta.url)("node:test"), replacement, refused);
syncBuiltinESMExports();

let runs = 0;

/** What the first test that fails says, or undefined: all of them pass. */
export async function firstFailure(path: string): Promise<string | undefined> {
  tests = [];
  before = [];
  runs++;
  try {
    await import(`${pathToFileURL(resolve(path)).href}?run=${runs}`);
    if (tests.length === 0) return `${path} has no tests`;
  } catch (error) {
    return `it does not start: ${messageOf(error)}`;
  }
  for (const { name, bodies } of tests) {
    try {
      for (const body of bodies) await body();
    } catch (error) {
      return `${name}: ${messageOf(error)}`;
    }
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
