// C++ names as people write them.

/** How messages show the name of a symbol. */
export function displayName(name: string): string {
  return `"${name}"`;
}
