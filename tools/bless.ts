// `npm run bless [-- WORD...]`: writes what the passes of the compiler do now into the cases of
// test/compile as what is expected, in those whose path contains one of the words. Look at the
// difference before you commit it.

import { readFileSync, writeFileSync } from "node:fs";
import { blessed, readCases } from "../test/compile/pass-case";

const words = process.argv.slice(2);
const { cases, problems } = readCases("test/compile");
for (const problem of problems) process.stderr.write(`${problem}\n`);
for (const each of cases) {
  if (words.length > 0 && !words.some((word) => each.file.includes(word))) continue;
  const text = blessed(each);
  if (text === readFileSync(each.file, "utf8")) continue;
  writeFileSync(each.file, text);
  console.log(each.file);
}
process.exitCode = problems.length > 0 ? 1 : 0;
