// What calls and the image have cost over time: a line for each figure that a blessed run changed.
//
//   2026-11-29 <tab> getppid <tab> 84 <tab> 81        date, row, the figure before, and since
//
// bench/history.tsv has them, the latest last: `grep getppid bench/history.tsv` is a row's history.
// figures.json has what holds now.

export type Costs = Readonly<Record<string, number>>;

/** The lines to add for `after`; a row that is new has a `-` before. */
export function historyLines(date: string, before: Costs, after: Costs): string {
  return Object.entries(after)
    .filter(([row, cost]) => before[row] !== cost)
    .map(([row, cost]) => `${[date, row, before[row] ?? "-", cost].join("\t")}\n`)
    .join("");
}

/** What each row cost last, by the lines of a history. */
export function lastCosts(history: string): Costs {
  const lines = history.split("\n").map((line) => line.split("\t"));
  const known = lines.filter((fields) => fields.length === 4);
  return Object.fromEntries(known.map(([, row = "", , cost = ""]) => [row, Number(cost)]));
}
