// `npm run bless [-- WORD...]`: writes what the passes of the compiler do now into the cases of
// test/compile as what is expected, and the drawings of test/draw as they are now, in those files
// whose path contains one of the words. Look at the difference before you commit it.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { blessed, readCases } from "../test/compile/pass-case";
import { goldens } from "../test/draw/golden";

const words = process.argv.slice(2);
const { cases, problems } = readCases("test/compile");
for (const problem of problems) process.stderr.write(`${problem}\n`);

function bless(file: string, textNow: () => string): void {
  if (words.length > 0 && !words.some((word) => file.includes(word))) return;
  const text = textNow();
  if (existsSync(file) && text === readFileSync(file, "utf8")) return;
  writeFileSync(file, text);
  console.log(file);
}

for (const each of cases) bless(each.file, () => blessed(each));
for (const { file, text } of goldens()) bless(file, () => text);
process.exitCode = problems.length > 0 ? 1 : 0;
