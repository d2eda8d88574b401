// The table in README.md that says what calls cost: the rows of figures.json that most readers ask
// for. `npm run bench -- --bless` writes it anew with the figures; a test compares the two.

import { GUARD_END, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import type { Figures } from "./table";

const START = "<!-- written by npm run bench -- --bless -->";
const END = "<!-- to here -->";

/** Row of figures.json, what README calls it. */
const ROWS: readonly (readonly [id: string, what: string])[] = [
  ["getppid", "null system call, from `int 0x80` to the next instruction of the program"],
  ["file-1", "read 1 byte of a file, `lseek` included"],
  ["open", "`open` and `close`"],
  ["demand-zero", "first write to a page"],
  ["fork", "`fork`, `exit`, `waitpid`"],
  ["exec", "the same with `execve`"],
  ["console", "64 KiB to the console"],
];

/** The table as Markdown. */
export function readmeTable({ rows }: Figures): string {
  const counted = ROWS.map(([id, what]) => {
    const row = rows[id];
    if (row === undefined) throw new Error(`figures.json has no row ${id}`);
    return `| ${what} | ${countText(row.ours)} | ${countText(row.linux)} |`;
  });
  const sleep = rows["sleep-1"];
  if (sleep === undefined) throw new Error("figures.json has no row sleep-1");
  const user = `4 GiB - ${(2 ** 32 - (USER_END - PAGE_SIZE)) / 1024} KiB`;
  const shared = (2 ** 32 - GUARD_END) / PAGE_SIZE;
  return [
    "| | Isthmus | Linux 6.1 i386 with PTI |",
    "| --- | --- | --- |",
    `| address space of a program | ${user} | 3 GiB; on a 64-bit Linux 4 GiB - 8 KiB |`,
    `| shared with the kernel | ${shared} pages | entry code and data; FreeBSD 4/4: 4 MiB |`,
    ...counted,
    `| \`nanosleep\` of 1 ms | ${timeText(sleep.ours)} | ${timeText(sleep.linux)} |`,
  ].join("\n");
}

/** README with this table in the place of the one that it has. */
export function withTable(readme: string, table: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) throw new Error("README.md has no place for the table");
  return `${readme.slice(0, start + START.length)}\n\n${table}\n\n${readme.slice(end)}`;
}

/** `1,254`, `29.7 million`. */
function countText(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} million`;
  return count.toLocaleString("en-US");
}

function timeText(milliseconds: number): string {
  return `${Number(milliseconds.toFixed(milliseconds < 10 ? 2 : 0))} ms`;
}
