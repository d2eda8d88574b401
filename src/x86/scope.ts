// Names of labels while a module is assembled: the file's, and inside a function the function's.
//
// A name may be used before it is defined, so its first use makes a label that waits. When a
// function ends, labels that still wait are handed to the file; when the file ends, those are the
// symbols of other objects.
//
// Invariants
//   - One scope has at most one label per name.
//   - A label is forwarded only if it was never placed in its own scope.

import { Label } from "./operand";

export class Scope {
  readonly #labels = new Map<string, Label>();
  readonly #placed = new Set<Label>();

  /** The label of that name in this scope, made now if this is the name's first use. */
  use(name: string): Label {
    let label = this.#labels.get(name);
    if (label === undefined) {
      label = new Label(name);
      this.#labels.set(name, label);
    }
    return label;
  }

  /** The label of that name, now defined; undefined: it was defined before. */
  define(name: string): Label | undefined {
    const label = this.use(name);
    if (this.#placed.has(label)) return undefined;
    this.#placed.add(label);
    return label;
  }

  /** The labels that were used and not defined. */
  waiting(): Label[] {
    return [...this.#labels.values()].filter((label) => !this.#placed.has(label));
  }
}
