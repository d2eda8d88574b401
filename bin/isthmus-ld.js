#!/usr/bin/env node
// The command `isthmus-ld`: GNU ld's command line for the linker (src/cli/ld.ts).
import { loadEntry } from "./entry.js";

const { main } = await loadEntry("ld");
process.exitCode = await main(process.argv.slice(2));
