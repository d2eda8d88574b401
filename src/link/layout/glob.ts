// Name patterns as linker scripts have them: `*` is any text, `?` one character.

/** Whether `name` matches one of `patterns`. */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  for (const pattern of patterns) if (matcherOf(pattern)(name)) return true;
  return false;
}

/** The same as a function, for patterns that many names are compared with. */
export function matcherOfAny(patterns: readonly string[]): Matcher {
  const each = patterns.map(matcherOf);
  const [only] = each;
  if (only && each.length === 1) return only;
  return (name) => each.some((matches) => matches(name));
}

export type Matcher = (name: string) => boolean;

const matchers = new Map<string, Matcher>();

function matcherOf(pattern: string): Matcher {
  let matcher = matchers.get(pattern);
  if (!matcher) {
    matcher = compile(pattern);
    matchers.set(pattern, matcher);
  }
  return matcher;
}

/** Most patterns are names or `name.*`, which need no regular expression. */
function compile(pattern: string): Matcher {
  const wild = pattern.search(/[*?]/);
  if (wild < 0) return (name) => name === pattern;
  if (pattern === "*") return () => true;
  if (wild === pattern.length - 1 && pattern.endsWith("*")) {
    const start = pattern.slice(0, -1);
    return (name) => name.startsWith(start);
  }
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*");
  const expression = new RegExp(`^${source.replace(/\?/g, ".")}$`, "s");
  return (name) => expression.test(name);
}
