// What a pass notes of a function's values or blocks, by their ids.
//
// Ids are small and dense, so a note is an array's element: several times faster than in a Map or a
// Set, which are most of what passes would otherwise allocate.

interface Numbered {
  readonly id: number;
}

/** Notes on some of the values or blocks of one function. */
export class IdMap<Key extends Numbered, Note> {
  readonly #notes: (Note | undefined)[];

  /** @param limit all ids are below this, except those that a pass creates */
  constructor(limit: number) {
    this.#notes = new Array(limit);
  }

  get({ id }: Key): Note | undefined {
    return this.#notes[id];
  }

  set({ id }: Key, note: Note): void {
    this.#notes[id] = note;
  }
}

/** Some of the values or blocks of one function. */
export class IdSet<Key extends Numbered> {
  readonly #isIn: boolean[];

  /** @param limit as in IdMap */
  constructor(limit: number) {
    this.#isIn = new Array(limit);
  }

  has({ id }: Key): boolean {
    return this.#isIn[id] === true;
  }

  /** Adds it; true if it was not there. */
  add({ id }: Key): boolean {
    if (this.#isIn[id]) return false;
    this.#isIn[id] = true;
    return true;
  }
}
