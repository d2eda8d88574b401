// Shrinking keeps a failure while it makes the module small, and the module can be read.

import assert from "node:assert/strict";
import { it } from "node:test";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { Op } from "../../../src/compile/wasm/opcodes";
import { moduleText } from "../wasm/module-text";
import { functionIndex } from "./frame";
import type { RandomModule } from "./module";
import { randomModule } from "./module";
import { shrink } from "./shrink";

function uses(module: RandomModule, wanted: number): boolean {
  const { functions } = decodeModule(module.bytes, "random");
  return functions.slice(functionIndex(0)).some(({ body }) => body?.code.op.includes(wanted));
}

it("shrinking keeps the failure and little else", () => {
  const rotation = Op["i64.rotl"];
  const seed = Array.from({ length: 100 }, (_, i) => i + 1).find((each) => {
    const module = randomModule(each);
    return module.functions.length > 2 && uses(module, rotation);
  });
  const { module } = shrink(seed ?? 1, (each) => uses(each, rotation));
  assert.ok(uses(module, rotation));
  const text = moduleText(decodeModule(module.bytes, "random"));
  const [, first = ""] = text.split("(func $f0");
  assert.match(first, /i64\.rotl/);
  assert.equal(module.functions.length, 1);
  // Half of it comes with every function: what uses fuel, and what stores the locals.
  assert.ok(first.split("\n").length < 60, first);
});

it("a module reads as WebAssembly's text does", () => {
  const text = moduleText(decodeModule(randomModule(3).bytes, "random"));
  assert.match(text, /^\(func \$plain64 \(param f64\) \(result f64\)$/m);
  assert.match(text, /^ {2}(i32|i64|f32|f64|local|global)\.\w+/m);
  assert.doesNotMatch(text, /undefined|\?/);
});
