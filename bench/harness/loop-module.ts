// A module of WebAssembly with any number of loops in one function, one after the other, and of
// globals: each loop counts one of them down. Nothing in the compiler may cost the square of
// either.

import { leb, section, text, vector, wasm } from "../../test/compile/wasm/wasm-bytes";
import { type GeneratedModule, generatedModule } from "./generated-module";

const I32 = 0x7f;
/** Instructions of a loop. */
const OPERATIONS = 8;

/** A mutable global that is 5 at first. */
const GLOBAL = [I32, 1, 0x41, 5, 0x0b];

/** `loop; global = global - 1; branch to it unless that is 0; end`. */
function loopOf(global: number): number[] {
  const number = leb(global);
  const counted = [0x23, ...number, 0x41, 1, 0x6b, 0x24, ...number];
  return [0x03, 0x40, ...counted, 0x23, ...number, 0x0d, 0, 0x0b];
}

/** A module of `count` loops and as many globals. */
export function loopModule(count: number): GeneratedModule {
  const loops = Array.from({ length: count }, (_, i) => loopOf(i)).flat();
  const bytes = wasm(
    section(1, vector([0x60, 0, 0])),
    section(3, vector([0])),
    section(6, vector(...Array.from({ length: count }, () => GLOBAL))),
    section(7, vector([...text("count"), 0, 0])),
    section(10, vector([...leb(loops.length + 2), 0, ...loops, 0x0b])),
  );
  return generatedModule(bytes, OPERATIONS * count);
}
