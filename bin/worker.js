// The process in which src/cli/build-worker.ts compiles.
//
// It runs Binaryen's megabytes of WebAssembly for a few seconds: V8's optimising compiler would
// spend more time on them than it saves.
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--liftoff-only");
await import("./loader.js");
await import("../src/cli/build-worker.ts");
