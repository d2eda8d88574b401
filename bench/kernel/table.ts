// The table that the benchmark prints: our figure, its limit, the rival's, and the verdict.
//
// The smaller a figure, the better. A row that figures.json knows may not exceed the figure there
// by more than TOLERANCE, or a tolerance of its own; a row may have a ceiling besides, which
// blessing does not move. A row
// that is measured but not stored, or stored but not measured, fails too, or it would go unnoticed.

/** Where a rival's figure is from. */
export type Source = "measured" | "stored" | "quoted";

export interface Row {
  /** Its name in figures.json, if it has a figure there. */
  readonly id?: string;
  readonly what: string;
  readonly unit: string;
  /** Absent: nothing was measured. */
  readonly ours?: number;
  readonly rival?: { readonly name: string; readonly value: number; readonly source: Source };
  /** The most that is acceptable. */
  readonly limit?: number;
  /** Seconds that passed: for information, without a limit. */
  readonly wall?: number;
}

/** What figures.json says of a row. */
export interface Figure {
  readonly ours: number;
  readonly linux: number;
}

export interface Figures {
  /** Which Linux, with which options, in which QEMU. */
  readonly linux: string;
  readonly rows: Readonly<Record<string, Figure>>;
}

/** What a row is, apart from its figures. */
export interface RowName {
  readonly id: string;
  readonly what: string;
  readonly unit?: string;
  readonly ceiling?: number;
  readonly tolerance?: number;
}

export type Counts = ReadonlyMap<string, number>;

/** How much worse than the stored figure a row may be. */
export const TOLERANCE = 0.02;

/** The rows of the table, and those that are stored but no longer declared. */
export function gatedRows(
  names: readonly RowName[],
  ours: Counts,
  linux: Counts | undefined,
  figures: Figures,
): Row[] {
  const declared = names.map((name) =>
    gatedRow(name, ours.get(name.id), linux?.get(name.id), figures.rows[name.id]),
  );
  const known = new Set(names.map(({ id }) => id));
  const gone = Object.keys(figures.rows).filter((id) => !known.has(id));
  return [...declared, ...gone.map((id) => ({ id, what: id, unit: "" }))];
}

function gatedRow(
  row: RowName,
  ours: number | undefined,
  linux: number | undefined,
  figure: Figure | undefined,
): Row {
  const { id, what, unit = "instructions", tolerance = TOLERANCE } = row;
  const { ceiling = Number.POSITIVE_INFINITY } = row;
  const most = figure ? Math.min(figure.ours * (1 + tolerance), ceiling) : undefined;
  const value = linux ?? figure?.linux;
  const source = linux === undefined ? "stored" : "measured";
  return {
    id,
    what,
    unit,
    ...(ours !== undefined && { ours }),
    ...(most !== undefined && { limit: most }),
    ...(value !== undefined && { rival: { name: "Linux", value, source } }),
  };
}

/** Why a row fails; undefined if it does not. Rows of the table above must have a limit. */
export function failureOf({ what, ours, limit }: Row, mustHaveLimit: boolean): string | undefined {
  if (ours === undefined) return `${what} was not measured`;
  if (limit === undefined) {
    return mustHaveLimit ? `${what} has no stored figure; --bless stores it` : undefined;
  }
  return ours > limit ? `${what}: ${number(ours)} is more than ${number(limit)}` : undefined;
}

/** The rows that are so much better that their figures should be stored anew. */
export function improvedRows(ours: Counts, figures: Figures): string[] {
  const isBetter = ([id, figure]: [string, Figure]) =>
    (ours.get(id) ?? figure.ours) < figure.ours * (1 - TOLERANCE);
  return Object.entries(figures.rows)
    .filter(isBetter)
    .map(([id]) => id);
}

/** The new figures.json; Linux's figures stay where none were measured. */
export function bless(
  names: readonly RowName[],
  ours: Counts,
  linux: { readonly name: string; readonly counts: Counts } | undefined,
  figures: Figures,
): Figures {
  const rows = names.map(({ id }): [string, Figure] => {
    const own = ours.get(id);
    const rival = linux?.counts.get(id) ?? figures.rows[id]?.linux;
    if (own === undefined || rival === undefined) {
      throw new Error(`${id} has no figure of Linux: bless it in a run with --linux`);
    }
    return [id, { ours: own, linux: rival }];
  });
  return { linux: linux?.name ?? figures.linux, rows: Object.fromEntries(rows) };
}

export function formatRow({ what, unit, ours, rival, limit, wall }: Row): string {
  const own = ours === undefined ? "missing" : number(ours);
  const most = limit === undefined ? "" : `limit ${number(limit)}`;
  const line = `${what.padEnd(46)}${own.padStart(10)} ${unit.padEnd(13)}${most.padEnd(18)}`;
  if (wall !== undefined) return `${line}${number(wall)} s passed`;
  if (!rival || ours === undefined) return line.trimEnd();
  const { name, value, source } = rival;
  const origin = source === "measured" ? "" : `, ${source}`;
  return `${line}${(ours / value).toFixed(2).padStart(5)} of ${name}: ${number(value)}${origin}`;
}

function number(value: number): string {
  const digits = Number.isInteger(value) || value >= 1000 ? 0 : value < 10 ? 2 : 1;
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
