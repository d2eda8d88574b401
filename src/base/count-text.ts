// How many of something, in words.

/** `1 page`, `2 pages`; `many` is what more than one are called, by default with an s. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
