#!/usr/bin/env node
// The command `isthmus` (src/cli/main.ts).
import { loadEntry } from "./entry.js";

const { main } = await loadEntry("main");
process.exitCode = await main(process.argv.slice(2));
