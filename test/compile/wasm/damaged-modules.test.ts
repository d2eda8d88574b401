// Damaged modules: each is refused with a message or compiled, never a crash, and what is accepted
// is what Node accepts.

import assert from "node:assert/strict";
import { it } from "node:test";
import { Diagnostic } from "../../../src/base/diagnostic";
import { compileModule } from "../../../src/compile/compile";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import { randomModule } from "../random/module";
import { Random } from "../random/random";

const MODULES = 40;
const MUTANTS = 12;

/** One byte replaced, changed in a bit, removed or inserted. */
function mutant(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length);
  const before = [...bytes.slice(0, at)];
  const after = [...bytes.slice(at + 1)];
  const byte = bytes[at]!;
  switch (random.below(6)) {
    case 0:
      return Uint8Array.from([...before, ...after]);
    case 1:
      return Uint8Array.from([...before, random.below(256), byte, ...after]);
    case 2:
      return Uint8Array.from([...before, random.below(256), ...after]);
    default:
      return Uint8Array.from([...before, byte ^ (1 << random.below(8)), ...after]);
  }
}

/** Whether the module is valid; undefined: it needs what we do not have. */
function accepts(bytes: Uint8Array): boolean | undefined {
  try {
    const module = decodeModule(bytes, "mutant.wasm");
    validateModule(module);
    compileAny(module);
    return true;
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    return error.code === "WASM002" ? undefined : false;
  }
}

/** A valid module may still be one that could never start, and is refused as that. */
function compileAny(module: ReturnType<typeof decodeModule>): void {
  try {
    compileModule(module, { target: "user", name: "mutant", checksCalls: true });
  } catch (error) {
    if (!(error instanceof Diagnostic) || error.code !== "COMP006") throw error;
  }
}

it("damaged modules are accepted or refused as Node does, and never crash the compiler", () => {
  const random = new Random(1);
  let accepted = 0;
  for (let seed = 1; seed <= MODULES; seed++) {
    const { bytes } = randomModule(seed);
    for (let i = 0; i < MUTANTS; i++) {
      const damaged = mutant(bytes, random);
      const isValid = accepts(damaged);
      if (isValid === undefined) continue;
      assert.equal(isValid, WebAssembly.validate(damaged), `mutant ${i} of seed ${seed}`);
      if (isValid) accepted++;
    }
  }
  assert.ok(accepted > MODULES, `only ${accepted} mutants are valid`);
});
