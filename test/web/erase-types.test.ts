// Types are blanked out of TypeScript, and nothing else moves.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { transform } from "esbuild";
import { layout as kernelLayout } from "../../kernel/layout";
import type { Diagnostic } from "../../src/base/diagnostic";
import { assemble, assemblySources } from "../../src/cli/build-assembly";
import { programRecipes } from "../../src/cli/program-list";
import { INSTALLATION } from "../../src/cli/project";
import type { ObjectFile } from "../../src/object/object";
import { layout as userLayout } from "../../user/layout";
import { eraseTypes } from "../../web/compile/erase-types";
import { Evaluator } from "../../web/compile/evaluate";

/** What a module exports, of what it imports. */
function evaluate(source: string, imports: Record<string, object> = {}): Record<string, unknown> {
  const exports = {};
  new Function("m", "__import", eraseTypes("case.ts", source))(
    exports,
    (name: string) => imports[name],
  );
  return exports;
}

describe("erasing types", () => {
  it("leaves the code, each character at its place", async () => {
    const source = [
      "interface I { a: number }",
      "type T = { x: number } | string;",
      "const f = (a: number, b?: string, ...c: string[]): [string, number] =>",
      "  g<string>(a as unknown as string)!.x satisfies T;",
      "function check(a: Assembler): asserts a is T { let v!: number; a.b<I>(v); }",
      "function h<X extends T>(x: X = y): void { f(x as I[]); }",
      "class C<T> extends D<T> { private readonly x: number = 1; protected m(): void {} }",
      "declare const q: number;",
      "for (const x of y as T[]) { const m = new Map<string, I>(); m.set(x, {} as const); }",
    ].join("\n");
    const erased = eraseTypes("case.ts", source);
    for (const [at, character] of [...source].entries()) {
      if (erased[at] !== " ") assert.equal(erased[at], character, `character ${at}`);
    }
    const plain = async (loader: "ts" | "js", text: string) =>
      (await transform(text, { loader, minifyWhitespace: true, target: "es2022" })).code;
    assert.equal(await plain("js", erased), await plain("ts", source));
  });

  it("gives imports and exports", () => {
    const source = [
      'import type { A } from "./types";',
      "import {",
      "  one, // the first",
      "  two as zwei,",
      '} from "./x";',
      'import * as all from "./x";',
      "export const SUM: number = one + zwei + all.one;",
      "export function f(): number { return SUM; }",
      "export default function (a: number) { return a + SUM; }",
      "export { zwei, SUM as total };",
      'export { one } from "./x";',
    ].join("\n");
    const found = evaluate(source, { "./x": { one: 1, two: 2 } });
    const { SUM, f, default: whole, zwei, total, one } = found;
    assert.deepEqual([SUM, zwei, total, one], [4, 2, 4, 1]);
    assert.equal((f as () => number)(), 4);
    assert.equal((whole as (a: number) => number)(3), 7);
  });

  it("refuses what needs more than blanks, and what is no TypeScript, with its place", () => {
    const refused = { code: "WEB004", place: { file: "case.ts", line: 2, column: 1 } };
    assert.throws(() => eraseTypes("case.ts", "f();\nenum E { a }"), refused);
    assert.throws(() => eraseTypes("case.ts", "f();\n@d class C {}"), { code: "WEB004" });
    assert.throws(() => eraseTypes("case.ts", "class C { constructor(private a: string) {} }"), {
      code: "WEB004",
    });
    assert.throws(() => eraseTypes("case.ts", "const = 3;"), { code: "WEB004" });
  });
});

describe("evaluating in the page", () => {
  const sources = new Map(
    ["kernel", "user", "src/abi"].flatMap((folder) =>
      readdirSync(join(INSTALLATION, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name): [string, string] => {
          const path = `${folder}/${name}`;
          return [path, readFileSync(join(INSTALLATION, path), "utf8")];
        }),
    ),
  );

  it("assembles as isthmus build does, lines and columns included", async () => {
    const assembly = await assemblyOfSystem();
    assert.ok(assembly.length > 10);
    const evaluator = new Evaluator(sources);
    for (const path of assembly) {
      const wanted = await assemble(INSTALLATION, path);
      assert.deepEqual(comparable(evaluator.assemble(path)), comparable(wanted), path);
    }
  });

  /** The loader of TypeScript takes `a.in` to be where `a` is, as `in` is a keyword. */
  function comparable(object: ObjectFile): ObjectFile {
    const sections = object.sections.map(({ lines = [], ...rest }) => {
      const exact = lines.filter(({ file, line }) => {
        return !sources.get(file)?.split("\n")[line - 1]?.includes("a.in(");
      });
      return { ...rest, lines: exact };
    });
    return { ...object, sections };
  }

  it("reads layouts as isthmus build does", () => {
    const evaluator = new Evaluator(sources);
    assert.deepEqual(evaluator.layout("kernel/layout.ts"), kernelLayout);
    assert.deepEqual(evaluator.layout("user/layout.ts"), userLayout);
  });

  it("says at which line a module fails, and what it may import", () => {
    const path = "kernel/layout.ts";
    const failing = new Evaluator(new Map([[path, "\nexport const layout = gone.by;"]]));
    assert.throws(() => failing.layout(path), { code: "CLI006", place: { file: path, line: 2 } });
    const importing = new Evaluator(new Map([[path, 'import { a } from "../src/link/link";']]));
    assert.throws(() => importing.layout(path), { code: "WEB004", message: /src\/link\/link\.ts/ });
    const module = "kernel/machine/i686/panic.asm.ts";
    const wrong = new Evaluator(
      new Map([[module, 'export default (a: never) => {\n  a.section(".t");\n};']]),
    );
    assert.throws(
      () => wrong.assemble(module),
      (error: Diagnostic) => {
        assert.deepEqual([error.code, error.place?.file, error.place?.line], ["ASM009", module, 2]);
        return true;
      },
    );
  });
});

/** The assembly of the kernel, and of the programs that the page can build. */
async function assemblyOfSystem(): Promise<string[]> {
  const recipes = (await programRecipes(INSTALLATION)).filter(({ isApart }) => !isApart);
  const programs = recipes.flatMap(({ assembly }) => assembly);
  return [...new Set([...assemblySources(INSTALLATION, "kernel"), ...programs])];
}
