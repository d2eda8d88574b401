// Name patterns as linker scripts have them: `*` is any text, `?` one character.

/** Whether `name` matches one of `patterns`. */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => compile(pattern).test(name));
}

const compiled = new Map<string, RegExp>();

function compile(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (!expression) {
    const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*");
    expression = new RegExp(`^${source.replace(/\?/g, ".")}$`, "s");
    compiled.set(pattern, expression);
  }
  return expression;
}
