// For tests that compile AssemblyScript in their own process, to be imported before the compiler.
//
// Such a process lives for a second or two. V8's optimising compilers would take as long again and
// gain nothing: WebAssembly, Binaryen's, is not optimised, and JavaScript only where it is really
// hot. Tests that run v86 for more than a moment need that compiler, and do not import this.

import "./patience";
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--liftoff-only");
