#!/usr/bin/env node
// The command `isthmus`: makes Node read TypeScript and hands over to src/cli/main.ts.
import "./loader.js";

const { main } = await import("../src/cli/main.ts");
process.exitCode = await main(process.argv.slice(2));
