// For every test process; the runner imports it.
//
// Each file of tests is a process of its own that lives for seconds, in most of which it does
// something for the first time. V8 would optimise code that is then hardly run again: with these
// budgets, over ten times as large as usual, the standard library's tests take half of the
// processor's time. What runs for long, as v86 does, is still optimised.

import { setFlagsFromString } from "node:v8";

setFlagsFromString("--interrupt-budget=1000000");
setFlagsFromString("--wasm-tiering-budget=20000000");
