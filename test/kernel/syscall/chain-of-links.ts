// Links that the user program `calls` follows, one to the next.

/** As many as Linux follows. */
const MOST_LINKS = 40;

/** Links by name: `chain` leads to `file` through MOST_LINKS, `chainx` through one more. */
export function chainOfLinks(file: string): [name: string, target: string][] {
  const links = Array.from({ length: MOST_LINKS }, (_, i): [string, string] => [
    `link${i}`,
    i === 0 ? file : `link${i - 1}`,
  ]);
  return [...links, ["chain", `link${MOST_LINKS - 2}`], ["chainx", `link${MOST_LINKS - 1}`]];
}
