// Reads a trace as strace -f -o writes it, and as ours is (trace-text.ts): which process made which
// calls, in order.
//
//   4     read(0,  <unfinished ...>
//   5     write(1, "x", 1)                  = 1
//   4     <... read resumed>"y", 10)        = 1
//
// A process is known by where it comes from, as its number says nothing: "1" is the first, "1.2"
// its second child.

export interface TracedCall {
  /** Where the process comes from. */
  readonly process: string;
  /** The call's name, or that of a signal or end: `SIGCHLD`, `exited`. */
  readonly name: string;
  /** The line, in one piece and without the process. */
  readonly text: string;
  /** The text without what differs from run to run: addresses, numbers of processes. */
  readonly form: string;
}

const LINE = /^(\d+) +(.*)$/;
const RESUMED = /^<\.\.\. \w+ resumed> ?/;
const UNFINISHED = / ?<unfinished \.\.\.>$/;
/** What strace says of itself, and what it does not see. */
const REMARK = /^(\[ |strace: |--- SIGKILL )/;
const STARTED = /^execve\(.*= 0$/;
const FORK = /^(fork|vfork|clone3?)\(.*= (\d+)$/;
/** Calls whose numbers are those of processes. */
const PROCESS_NUMBERS =
  /^(v?fork|clone3?|get(p|pp|t|s|pg)id|getpgrp|set(s|pg)id|wait\w*|t?g?kill|set_tid\w+|SIG\w+)$/;
const ADDRESS = /0x[0-9a-f]{5,}/g;
/** What strace for another machine leaves out, and the numbers of a kernel's descriptors. */
const HABITS = /SA_RESTORER\|?|, sa_restorer=0x…| \(entry_number=\d+\)/g;
/** As wide as strace's column of results: one blank is enough. */
const RESULT = /\) += /;

interface Line {
  readonly pid: number;
  readonly text: string;
}

/**
 * The calls of a program and of what it starts, from its start on.
 *
 * @param skipped how many programs are started before the one to begin with
 */
export function parseTrace(text: string, skipped = 0): TracedCall[] {
  const lines = fromProgram(joinedLines(text), skipped);
  const processes = processNames(lines);
  const own = lines.filter(({ pid }) => processes.has(pid));
  return own.map(({ pid, text: line }) => {
    const name = nameOf(line);
    const numbered = PROCESS_NUMBERS.test(name)
      ? line.replace(/\b\d+\b/g, (number) => processes.get(Number(number)) ?? number)
      : line;
    const process = processes.get(pid) ?? "";
    const form = numbered.replace(ADDRESS, "0x…").replace(HABITS, "");
    return { process, name, text: line, form: form.replace(/sa_flags=([,}])/g, "sa_flags=0$1") };
  });
}

/** Lines in the order in which they began, those that were broken in one piece. */
function joinedLines(text: string): Line[] {
  const lines: { pid: number; text: string }[] = [];
  const unfinished = new Map<number, { pid: number; text: string }>();
  for (const each of text.split("\n")) {
    const [, pid, rest = ""] = LINE.exec(each) ?? [];
    if (pid === undefined || REMARK.test(rest)) continue;
    const begun = unfinished.get(Number(pid));
    if (begun !== undefined && RESUMED.test(rest)) {
      begun.text = `${begun.text}${rest.replace(RESUMED, "")}`.replace(RESULT, ") = ");
      unfinished.delete(begun.pid);
      continue;
    }
    const line = { pid: Number(pid), text: rest.replace(UNFINISHED, "").replace(RESULT, ") = ") };
    if (UNFINISHED.test(rest)) unfinished.set(line.pid, line);
    lines.push(line);
  }
  return lines;
}

function fromProgram(lines: readonly Line[], skipped: number): Line[] {
  let count = 0;
  const isStart = ({ text }: Line) => STARTED.test(text) && count++ === skipped;
  const start = lines.findIndex(isStart);
  return start < 0 ? [] : lines.slice(start);
}

/** Where each process comes from, by its number. */
function processNames(lines: readonly Line[]): Map<number, string> {
  const names = new Map<number, string>();
  const children = new Map<number, number>();
  const first = lines[0];
  if (first !== undefined) names.set(first.pid, "1");
  for (const { pid, text } of lines) {
    const child = FORK.exec(text)?.[2];
    if (child === undefined) continue;
    const count = (children.get(pid) ?? 0) + 1;
    children.set(pid, count);
    names.set(Number(child), `${names.get(pid) ?? pid}.${count}`);
  }
  return names;
}

function nameOf(text: string): string {
  return /^(?:--- |\+\+\+ )?(\w+)/.exec(text)?.[1] ?? text;
}
