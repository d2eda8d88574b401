// `tools/build-reference.ts FILE`: writes the page's reference, from the tables that the command
// prints: codes, manual pages, and what system calls the kernel in build/ serves.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXPLANATIONS } from "../src/cli/explanations";
import { INSTALLATION } from "../src/cli/installation";
import { COMMAND_NAMES } from "../src/cli/main";
import { manualPage } from "../src/cli/manual-page";
import { referenceChapters } from "../src/cli/reference-html";
import { SYSTEM_CALL_LIMITS } from "../src/cli/system-call-limits";
import { type ServedCall, SYSTEM_CALLS_FILE } from "../src/cli/system-calls-file";
import { MISTAKES } from "../src/link/check/mistakes";
import { LINUX_CALLS } from "../src/trace/linux-calls";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("tools/build-reference.ts needs a file");
const table = readFileSync(join(INSTALLATION, "build", SYSTEM_CALLS_FILE), "utf8");
const calls: ServedCall[] = JSON.parse(table);
const served = new Set(calls.map(({ number }) => number));
const facts = {
  mistakes: MISTAKES,
  explanations: EXPLANATIONS,
  commands: COMMAND_NAMES.map((name) => ({ name, ...manualPage(name) })),
  calls,
  limits: SYSTEM_CALL_LIMITS,
  unserved: [...LINUX_CALLS].filter(([number]) => !served.has(number)),
};
const frame = readFileSync(join(INSTALLATION, "web", "reference", "reference.html"), "utf8");
writeFileSync(
  file,
  frame.replace("<!-- chapters -->", () => referenceChapters(facts)),
);
