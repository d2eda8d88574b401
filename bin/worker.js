// Starts a worker thread whose module is TypeScript: `new Worker(".../worker.js", { workerData })`
// with `workerData.module`, the module's URL.
import { workerData } from "node:worker_threads";
import "./loader.js";

await import(workerData.module);
