// Functions as compilers write them that do not optimise: thousands of locals, each used in one
// place, and as many blocks. At no level may the work grow faster than such a function, and -O0,
// which has fewest passes, may do no more than -O2.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import type { Level } from "../../../src/compile/pipeline";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import { leb, section, text, vector, wasm } from "../wasm/wasm-bytes";

const I32 = 0x7f;

/** In a block, `count` times: local := parameter + 1; leave the block if it is not 0. */
function manyLocals(count: number): Uint8Array {
  const steps = Array.from({ length: count }, (_, i) => {
    const local = leb(1 + i);
    return [0x20, 0, 0x41, 1, 0x6a, 0x21, ...local, 0x20, ...local, 0x0d, 0];
  });
  const code = [1, ...leb(count), I32, 0x02, 0x40, ...steps.flat(), 0x0b];
  return wasm(
    section(1, vector([0x60, 1, I32, 1, I32])),
    section(3, vector([0])),
    section(7, vector([...text("f"), 0, 0])),
    section(10, vector([...leb(code.length + 3), ...code, 0x20, 0, 0x0b])),
  );
}

/** Words of the functions as each pass after construction leaves them: what there is to work on. */
function workOf(count: number, level: Level): number {
  const module = decodeModule(manyLocals(count), "many-locals");
  validateModule(module);
  let words = 0;
  const dump = (pass: string, _fn: string, print: () => string) => {
    if (pass !== "build") words += print().split(/\s+/).length;
  };
  compileModule(module, { target: "user", name: "many-locals", level, dump });
  return words;
}

describe("a function of many locals and blocks", () => {
  it("takes work in proportion to its size", () => {
    for (const level of [0, 2] as const) {
      const [less, more] = [workOf(100, level), workOf(400, level)];
      assert.ok(
        more < 4.5 * less,
        `-O${level}: ${less} words, and for four times the size ${more}`,
      );
    }
  });

  it("takes no more work at -O0 than at -O2", () => {
    const [none, all] = [workOf(300, 0), workOf(300, 2)];
    assert.ok(none <= all, `${none} words at -O0, ${all} at -O2`);
  });
});
