// For commands that live for seconds and run Binaryen, megabytes of WebAssembly, once: what V8's
// optimising compilers would take on the other processor is more than they save. With these
// budgets, what runs for long is still optimised. Set before Binaryen is loaded, they hold for it.
//
// bin/worker.js, in which `isthmus build` compiles, does the same.

import { setFlagsFromString } from "node:v8";

/** Has V8 optimise code later than it would: WebAssembly hundreds of times, JavaScript seven. */
export function optimiseLess(): void {
  setFlagsFromString("--wasm-tiering-budget=1000000000");
  setFlagsFromString("--interrupt-budget=500000");
}
