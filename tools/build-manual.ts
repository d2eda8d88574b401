// `tools/build-manual.ts FOLDER`: writes the manual pages, made from the headers of the commands.
// npm installs them with a global package, so that `man isthmus-run` works.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manualSet } from "../src/cli/manual-set";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("tools/build-manual.ts needs a folder");
// What is built from the same sources should have the same bytes: reproducible-builds.org.
const epoch = process.env.SOURCE_DATE_EPOCH;
const now = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, text] of manualSet(now.toISOString().slice(0, 10))) {
  writeFileSync(join(folder, name), text);
}
