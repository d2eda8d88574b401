// What a script of tools/ or bench/ imports, so that a wrong option or a missing program is told in
// words, as by the command: code, place and remedy, exit status 2. A bug still shows its trace.
//
// Import it first: what modules throw when they are loaded counts, too.

import { Diagnostic, formatDiagnostic } from "../src/base/diagnostic";

const STATUS_UNUSABLE = 2;
const STATUS_BUG = 1;

process.setUncaughtExceptionCaptureCallback((error) => {
  const words = wordsOf(error);
  process.stderr.write(`${words ?? error.stack ?? String(error)}\n`);
  process.exit(words === undefined ? STATUS_BUG : STATUS_UNUSABLE);
});

function wordsOf(error: NodeJS.ErrnoException): string | undefined {
  if (error instanceof Diagnostic) return formatDiagnostic(error);
  if (!error.code?.startsWith("ERR_PARSE_ARGS")) return undefined;
  // Node adds to this sentence how to write what is no option, in words of its own.
  const [sentence = error.message] = error.message.split(". ");
  return `${sentence}. The head of ${process.argv[1]} says what there is.`;
}
