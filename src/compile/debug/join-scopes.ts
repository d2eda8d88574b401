// The variables of a function as gdb shows them: one for each name.

import type { LocalVariable, ValueRange } from "../../object/debug-info";
import type { LocalFact } from "../assemblyscript/source-facts";

/**
 * Joins the locals of several scopes that have one name, which never have a value at once; those
 * that do keep apart.
 *
 * @param rangesOf where a local has its value; undefined: that is not known
 */
export function joinScopes(
  facts: Iterable<LocalFact>,
  rangesOf: (fact: LocalFact) => readonly ValueRange[] | undefined,
): LocalVariable[] {
  const variables = new Map<string, LocalVariable>();
  for (const fact of facts) {
    const { name, type, isParameter } = fact;
    const values = rangesOf(fact) ?? [];
    const other = variables.get(name);
    if (!other) variables.set(name, { name, type, isParameter, values });
    else if (other.type === type && !overlap(other.values, values)) {
      const joined = [...other.values, ...values].sort((a, b) => a.start - b.start);
      variables.set(name, { ...other, values: joined });
    } else variables.set(`${name} ${variables.size}`, { name, type, isParameter, values });
  }
  return [...variables.values()];
}

/**
 * The same for a function that was inlined. All calls of it have these variables, in this order: of
 * those that have a value at once, only the first is shown with one.
 *
 * @param values where locals have values in one call
 */
export function joinInlined(
  facts: Iterable<LocalFact>,
  values: ReadonlyMap<LocalFact, readonly ValueRange[]> | undefined,
): LocalVariable[] {
  const variables = new Map<string, LocalVariable>();
  for (const fact of facts) {
    const { name, type, isParameter } = fact;
    const key = `${name}:${type}`;
    const own = values?.get(fact) ?? [];
    const others = variables.get(key)?.values ?? [];
    const joined = [...others, ...own].sort((a, b) => a.start - b.start);
    const known = overlap(others, own) ? others : joined;
    variables.set(key, { name, type, isParameter, values: known });
  }
  return [...variables.values()];
}

/** Whether two lists, both ascending, have anything in common. */
function overlap(a: readonly ValueRange[], b: readonly ValueRange[]): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [left, right] = [a[i]!, b[j]!];
    if (left.start < right.end && right.start < left.end) return true;
    if (left.end <= right.end) i++;
    else j++;
  }
  return false;
}
