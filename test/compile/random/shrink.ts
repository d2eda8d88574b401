// Makes a failing random module small: tries shorter lists of the generator's answers, and smaller
// answers, as long as the module that they make fails. What made one function, statement or
// expression goes first, then runs of answers, whatever they mean.

import type { RandomModule } from "./module";
import { randomModule } from "./module";
import { Random } from "./random";

/** How often a candidate may be tried. */
const TRIES = 1500;

export interface Shrunk {
  readonly module: RandomModule;
  /** How many candidates were tried. */
  readonly tries: number;
}

/**
 * The smallest module found that fails as the module of `seed` does.
 *
 * @param fails whether a module shows the failure; one that cannot be judged does not
 */
export function shrink(seed: number, fails: (module: RandomModule) => boolean): Shrunk {
  const first = new Random(seed);
  let best = { module: randomModule(first), answers: [...first.taken], spans: [...first.spans] };
  let tries = 0;
  const attempt = (answers: readonly number[]): boolean => {
    if (tries >= TRIES) return false;
    const random = new Random(answers);
    const module = randomModule(random);
    const taken = trimmed(random.taken);
    if (!isSimpler(taken, best.answers)) return false;
    tries++;
    if (!fails(module)) return false;
    best = { module, answers: taken, spans: [...random.spans] };
    return true;
  };
  for (let improved = true; improved && tries < TRIES; ) {
    improved = dropSpans(() => best, attempt);
    improved = dropRuns(() => best.answers, attempt) || improved;
    improved = lowerAnswers(() => best.answers, attempt) || improved;
  }
  return { module: best.module, tries };
}

/** Zeros at the end are what a list that is used up gives anyway. */
function trimmed(answers: readonly number[]): number[] {
  let length = answers.length;
  while (length > 0 && answers[length - 1] === 0) length--;
  return answers.slice(0, length);
}

/** Shorter, or as long and smaller at the first difference. */
function isSimpler(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return a.length < b.length;
  const first = a.findIndex((answer, i) => answer !== b[i]);
  return first >= 0 && a[first]! < b[first]!;
}

type Attempt = (answers: readonly number[]) => boolean;

interface Spanned {
  readonly answers: readonly number[];
  readonly spans: readonly (readonly [number, number])[];
}

/** The answers of a leaf. */
const LEAF = [0, 0, 0];

/** Takes spans out, or puts a leaf in their place, long ones first. */
function dropSpans(current: () => Spanned, attempt: Attempt): boolean {
  let improved = false;
  for (let again = true; again; ) {
    const { answers, spans } = current();
    const ordered = [...spans].sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
    again = ordered.some(([start, end]) => {
      const before = answers.slice(0, start);
      const after = answers.slice(end);
      return attempt([...before, ...after]) || attempt([...before, ...LEAF, ...after]);
    });
    improved ||= again;
  }
  return improved;
}

/** Takes runs out, long ones first. */
function dropRuns(answers: () => readonly number[], attempt: Attempt): boolean {
  let improved = false;
  for (let size = answers().length >> 1; size > 0; size >>= 1) {
    for (let at = answers().length - size; at >= 0; at -= size) {
      const now = answers();
      if (attempt([...now.slice(0, at), ...now.slice(at + size)])) improved = true;
    }
  }
  return improved;
}

/** Replaces answers by 0, or halves of them. */
function lowerAnswers(answers: () => readonly number[], attempt: Attempt): boolean {
  let improved = false;
  for (let at = 0; at < answers().length; at++) {
    for (let lower = 0; ; lower = (lower + answers()[at]! + 1) >> 1) {
      const now = answers();
      const before = now[at];
      if (before === undefined || lower >= before) break;
      if (attempt([...now.slice(0, at), lower, ...now.slice(at + 1)])) {
        improved = true;
        break;
      }
    }
  }
  return improved;
}
