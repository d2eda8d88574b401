import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { childSeconds } from "../../bench/harness/cpu-time";
import { readCounts } from "../../bench/kernel/count";
import { ROWS } from "../../bench/kernel/rows";
import { ownInstructions } from "../../bench/kernel/steps";
import {
  bless,
  type Figures,
  failureOf,
  formatRow,
  gatedRows,
  improvedRows,
  type RowName,
} from "../../bench/kernel/table";

const CALL: RowName = { id: "call", what: "a call" };
const NULL_CALL: RowName = { id: "null", what: "the null call", ceiling: 105 };
const figures: Figures = {
  linux: "Linux 1.0",
  rows: { call: { ours: 1000, linux: 4000 }, null: { ours: 105, linux: 350 } },
};
const counts = (values: Record<string, number>) => new Map(Object.entries(values));
const failures = (ours: Record<string, number>, names = [CALL, NULL_CALL]) =>
  gatedRows(names, counts(ours), undefined, figures)
    .map((row) => failureOf(row, true))
    .filter((failure) => failure !== undefined);

test("a row may get better, and worse by 2 %, but no worse", () => {
  assert.deepEqual(failures({ call: 10, null: 60 }), []);
  assert.deepEqual(failures({ call: 1000, null: 105 }), []);
  assert.deepEqual(failures({ call: 1020, null: 105 }), []);
  assert.deepEqual(failures({ call: 1021, null: 105 }), ["a call: 1,021 is more than 1,020"]);
});

test("a ceiling holds within the 2 %, and blessing does not move it", () => {
  assert.deepEqual(failures({ call: 1000, null: 106 }), ["the null call: 106 is more than 105"]);
  const worse = counts({ call: 1000, null: 106 });
  const blessed = bless([CALL, NULL_CALL], worse, undefined, figures);
  assert.equal(blessed.rows.null?.ours, 106);
  const rows = gatedRows([CALL, NULL_CALL], worse, undefined, blessed);
  assert.deepEqual(
    rows.map((row) => failureOf(row, true)),
    [undefined, "the null call: 106 is more than 105"],
  );
});

test("a row without tolerance may not become worse at all", () => {
  const exact: RowName = { id: "call", what: "a call", tolerance: 0 };
  assert.deepEqual(failures({ call: 1000, null: 105 }, [exact, NULL_CALL]), []);
  assert.deepEqual(failures({ call: 1001, null: 105 }, [exact, NULL_CALL]), [
    "a call: 1,001 is more than 1,000",
  ]);
});

test("a row that is not measured, not stored or no longer declared fails", () => {
  assert.deepEqual(failures({ null: 105 }), ["a call was not measured"]);
  const added: RowName = { id: "added", what: "a new call" };
  assert.match(
    failures({ call: 1, null: 1, added: 1 }, [CALL, NULL_CALL, added])[0] ?? "",
    /bless/,
  );
  assert.deepEqual(failures({ call: 1, null: 1 }, [NULL_CALL]), ["call was not measured"]);
});

test("a row without a limit fails only where it must have one", () => {
  const row = { what: "user space", unit: "KiB", ours: 4 };
  assert.equal(failureOf(row, false), undefined);
  assert.match(failureOf(row, true) ?? "", /no stored figure/);
});

test("the ratio is ours over Linux's, and the line says where Linux's is from", () => {
  const [stored] = gatedRows([CALL], counts({ call: 1000 }), undefined, figures);
  assert.ok(stored);
  assert.match(
    formatRow(stored),
    /a call +1,000 instructions +limit 1,020 +0\.25 of Linux: 4,000, stored$/,
  );
  const [measured] = gatedRows([CALL], counts({ call: 1000 }), counts({ call: 500 }), figures);
  assert.ok(measured);
  assert.match(formatRow(measured), /2\.00 of Linux: 500$/);
  const quoted = { ...measured, rival: { name: "BSD", value: 500, source: "quoted" } as const };
  assert.match(formatRow(quoted), /of BSD: 500, quoted$/);
});

test("blessing keeps Linux's figures where none were measured, and wants them for new rows", () => {
  const ours = counts({ call: 900, null: 100 });
  const names = [CALL, NULL_CALL];
  assert.deepEqual(bless(names, ours, undefined, figures), {
    linux: "Linux 1.0",
    rows: { call: { ours: 900, linux: 4000 }, null: { ours: 100, linux: 350 } },
  });
  const linux = { name: "Linux 2.0", counts: counts({ call: 3000, null: 300 }) };
  assert.deepEqual(bless(names, ours, linux, figures), {
    linux: "Linux 2.0",
    rows: { call: { ours: 900, linux: 3000 }, null: { ours: 100, linux: 300 } },
  });
  assert.throws(
    () => bless([...names, { id: "new", what: "" }], ours, undefined, figures),
    /--linux/,
  );
});

test("rows that are more than 2 % better are named, so that their figures get stored", () => {
  assert.deepEqual(improvedRows(counts({ call: 979, null: 105 }), figures), ["call"]);
  assert.deepEqual(improvedRows(counts({ call: 980, null: 200 }), figures), []);
  assert.deepEqual(improvedRows(counts({}), figures), []);
});

test("every row of the program has a figure that its limits allow, and no other has", () => {
  const stored = JSON.parse(readFileSync("bench/figures.json", "utf8")) as Figures;
  const ours = new Map(Object.entries(stored.rows).map(([id, figure]) => [id, figure.ours]));
  const rows = gatedRows(ROWS, ours, undefined, stored);
  assert.equal(rows.length, ROWS.length);
  assert.equal(new Set(ROWS.map(({ id }) => id)).size, ROWS.length);
  for (const row of rows) assert.equal(failureOf(row, true), undefined);
});

/** What the program prints if each row took so many ticks and returned what it should. */
function output(
  ticks: (id: string) => readonly number[],
  change: (line: string) => string,
): string {
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  const lines = [{ id: "nothing", result: 0 }, ...ROWS].map(({ id, result = 7 }) =>
    change(
      `row ${id} ${ticks(id)
        .map((each) => `${hex(result)} ${hex(each)}`)
        .join(" ")}\r`,
    ),
  );
  return [...lines, "end\r", ""].join("\n");
}

test("a row costs the median of its samples, less measuring and its own instructions", () => {
  const ticks = (id: string) => (id === "nothing" ? [3, 3, 9] : [5000, 108, 112, 109, 107]);
  const got = readCounts(output(ticks, (line) => line));
  const getppid = ROWS.find(({ id }) => id === "getppid");
  assert.equal(ownInstructions(getppid?.body ?? []), 1);
  assert.equal(got.get("getppid"), 109 - 3 - 1);
  assert.equal(got.get("sleep-1"), (109 - 3) / 1e6);
  assert.equal(got.size, ROWS.length);
});

test("a call that returned something else, a missing row and a failed child are errors", () => {
  const one = () => [100];
  const wrong = (line: string) => line.replace("row zero-1 00000001", "row zero-1 ffffffea");
  assert.throws(() => readCounts(output(one, wrong)), /row zero-1 returned -22/);
  const missing = (line: string) => line.replace("row lseek ", "row other ");
  assert.throws(() => readCounts(output(one, missing)), /row lseek is missing/);
  assert.throws(() => readCounts(`failed: execve\r\n${output(one, String)}`), /failed: execve/);
});

test("the time that passes is printed and has no limit", () => {
  const row = { what: "a build", unit: "CPU s", ours: 3, limit: 4, wall: 100 };
  assert.equal(failureOf(row, false), undefined);
  assert.match(formatRow(row), /a build +3 CPU s +limit 4 +100 s passed$/);
});

test("processor time is what the shell says of its children", () => {
  assert.equal(childSeconds("0m9.00s 0m9.00s\n1m2.50s 0m0.25s\n"), 62.75);
  assert.throws(() => childSeconds("0m0.00s 0m0.00s\n"));
});
