// Imports by the name of a package: found where asc finds them.

import "../../short-lived";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Diagnostic } from "../../../src/base/diagnostic";
import { compileAssemblyScript } from "../../../src/compile/assemblyscript/assemblyscript";

/** Compiles entry `src/main.ts` of these files; the sources that were read. */
function sourcesOf(files: Readonly<Record<string, string>>): readonly string[] {
  const { sources } = compileAssemblyScript(
    {
      root: "/project/app",
      entries: ["src/main.ts"],
      target: "user",
      runtime: "stub",
      memoryBase: 0x1000,
      optimize: 0,
    },
    (path) => files[path],
  );
  return sources;
}

const using = (what: string) =>
  `import { value } from "${what}";\nexport function main(): i32 { return value(); }\n`;
const GIVES = "export function value(): i32 { return 1; }\n";

describe("an import of a package", () => {
  for (const [what, name, place] of [
    ["its index", "p", "node_modules/p/index.ts"],
    ["a folder's index", "p/assembly", "node_modules/p/assembly/index.ts"],
    ["a file", "p/assembly", "node_modules/p/assembly.ts"],
    ["a file in a folder", "p/assembly/deep", "node_modules/p/assembly/deep.ts"],
    ["a package with a scope", "@s/p/assembly", "node_modules/@s/p/assembly/index.ts"],
    ["a package beside the importing file", "p", "src/node_modules/p/index.ts"],
    ["a package above the root", "p", "../node_modules/p/index.ts"],
  ] as const) {
    it(`finds ${what}`, () => {
      assert.deepEqual(
        sourcesOf({ "src/main.ts": using(name), [place]: GIVES }),
        [place, "src/main.ts"].sort(),
      );
    });
  }

  it("finds what a package imports in the package's own folder first", () => {
    const found = sourcesOf({
      "src/main.ts": using("p/assembly"),
      "node_modules/p/assembly/index.ts": 'export { value } from "./inner";\n',
      "node_modules/p/assembly/inner.ts":
        'import { value as v } from "q";\nexport function value(): i32 { return v(); }\n',
      "node_modules/p/node_modules/q/index.ts": GIVES,
      "node_modules/q/index.ts": "export const other = 1;\n",
    });
    assert.ok(found.includes("node_modules/p/node_modules/q/index.ts"));
    assert.ok(!found.includes("node_modules/q/index.ts"));
  });

  it("prefers the nearest folder, and what the library has", () => {
    const found = sourcesOf({
      "src/main.ts": `import "memory";\n${using("p")}`,
      "src/node_modules/p/index.ts": GIVES,
      "node_modules/p/index.ts": "",
      "node_modules/memory/index.ts": "",
    });
    assert.deepEqual([...found], ["src/main.ts", "src/node_modules/p/index.ts"]);
  });

  it("that is not there is reported where it is imported", () => {
    assert.throws(
      () => sourcesOf({ "src/main.ts": using("p/assembly") }),
      (error: Diagnostic) => error.code === "TS6054" && /p\/assembly/.test(error.message),
    );
  });
});
