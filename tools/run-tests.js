// `npm test`: runs every test/**/*.test.ts, or those whose path contains one of the arguments, with
// Node's test runner. Node 20 takes no glob patterns, so the files are collected here.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

const wanted = process.argv.slice(2);
const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => `test/${file}`)
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`run-tests: no test file's path contains ${wanted.join(" or ")}`);
  process.exit(2);
}
const run = spawnSync(process.execPath, ["--import", "./bin/loader.js", "--test", ...files], {
  stdio: "inherit",
});
process.exit(run.status ?? 1);
