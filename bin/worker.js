// The process in which src/cli/build-worker.ts compiles; its path, or that of the bundle, is the
// only argument.
//
// It lives for seconds, and V8's optimising compilers would take more of them than they save. So
// WebAssembly, Binaryen's megabytes, is not optimised, and JavaScript only once it is really hot:
// after some ten times as many steps as usual.
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--liftoff-only");
setFlagsFromString("--interrupt-budget=1000000");
const [, , work] = process.argv;
if (work.endsWith(".ts")) await import("./loader.js");
await import(pathToFileURL(work).href);
