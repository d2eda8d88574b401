// The document about a run of LTP's tests, docs/ltp.md: what passes, and why the others do not.

import { type Result, STATUSES, type Status } from "./ltp-run";

/** Whether Linux passes a test in the same machine, by the test's name. */
export type Reference = ReadonlyMap<string, boolean>;

const REASON_MAX = 140;
const NAMES_WIDTH = 98;
/** The folders of a source file, which say where somebody has built it. */
const SOURCE = /[\w./-]*\/([\w-]+\.[ch]:\d+)/g;

/** The groups of tests that do not pass, by name or by reason; the first that matches counts. */
const CAUSES: readonly (readonly [string, RegExp, RegExp?])[] = [
  [
    "System V messages, semaphores, shared memory",
    /^(msg|sem|shm)(get|ctl|op|snd|rcv|at|dt|stress)/,
  ],
  ["POSIX message queues", /^mq_/],
  [
    "sockets",
    /^(accept|bind|connect|getpeername|getsock|listen|recv|send(?!file)|setsock|socket|sockio)/,
  ],
  ["extended attributes", /xattr/],
  ["inotify, fanotify", /^(inotify|fanotify)/],
  ["asynchronous I/O", /^io_|^aio|^io_uring/],
  ["keys", /^(add_key|request_key|keyctl)/],
  ["BPF, perf, landlock, user faults", /^(bpf|perf_event|landlock|userfaultfd)/],
  ["kernel modules", /^(init_module|finit_module|delete_module)/],
  ["NUMA, huge pages", /^(mbind|migrate_pages|move_pages|get_mempolicy|set_mempolicy|huge)/],
  ["quotas, swap, accounting", /^(quotactl|swap|acct)/],
  ["ptrace, kcmp, process_vm", /^(ptrace|kcmp|process_vm|process_madvise|pidfd)/],
  ["name spaces", /^(unshare|setns|clone0[5-9]x|ioctl_ns)/],
  [
    "mounts",
    /^(u?mount|fs(mount|open|pick|config)|move_mount|open_tree|pivot_root|(stat|list)mount)/,
  ],
  [
    "a loop device, or a mount instead of it",
    /./,
    /loop device|losetup|acquire device|No free devices/i,
  ],
  ["programs of the test that are not there", /./, /not built|not found|Failed to exec/i],
  ["a call that the kernel has not", /./, /ENOSYS|not implemented|not supported|syscall.*__NR/],
  ["not for this machine, says the test", /./, /TCONF/],
  ["its time is over", /./, /timeouted|timed out|killed! \(timeout/i],
];
/** What the column about Linux is. */
const LINUX = [
  "Linux is Debian's 6.1 for i686 with page-table isolation, in the same machine from an archive,",
  "with the same programs: what it passes there in two runs.",
];
const OTHER = "other answers than the test wants";

/**
 * The document's text; `version` is LTP's, if it is known, and `kept` how many of the results are
 * not of this run.
 */
export function document(
  results: readonly Result[],
  reference: Reference | undefined,
  version?: string,
  kept = 0,
): string {
  const passed = results.filter(({ status }) => status === "PASS");
  const others = results.filter(({ status }) => status !== "PASS");
  return [
    "# Tests of the Linux Test Project",
    "",
    "What LTP's list `runtest/syscalls`, built from its source as static programs for i386, says",
    "of this kernel. Made by `npm run ltp`; do not edit. A test passes if all that it asks is",
    "answered as on Linux; FAIL: something is not; BROK: it could not go on; CONF: it found that",
    "it cannot be asked here; TIMEOUT: it did not end.",
    ...(version === undefined ? [] : ["", `The version of LTP is ${version}.`]),
    ...(reference === undefined ? [] : ["", ...LINUX]),
    ...(kept === 0 ? [] : ["", ...keptResults(kept, results.length)]),
    "",
    ...summary(results, reference),
    "",
    "## What does not pass, by cause",
    "",
    ...causeTable(others, reference),
    "",
    "## Tests that do not pass",
    "",
    "The reason is the first line in which the test says what is wrong.",
    "",
    `| test |${reference ? " Linux |" : ""} here | reason |`,
    `| --- |${reference ? " --- |" : ""} --- | --- |`,
    ...others.map((result) => row(result, reference)),
    "",
    "## Tests that pass",
    "",
    ...wrapped(passed.map(({ test }) => test)),
    "",
  ].join("\n");
}

function keptResults(kept: number, all: number): string[] {
  return [
    `Of the ${all} results ${all - kept} are of the last run; ${kept} were kept from earlier ones,`,
    "of earlier commits, as most of a run's time goes to what had passed already.",
  ];
}

/** Why a test does not pass, as a group of many. */
export function causeOf({ test, reason }: Result): string {
  const found = CAUSES.find(
    ([, name, text]) => name.test(test) && (text === undefined || text.test(reason)),
  );
  return found?.[0] ?? OTHER;
}

/** How many tests came out in which way, as lines of a table. */
export function summary(
  results: readonly Result[],
  reference: Reference | undefined,
): readonly string[] {
  const of = (status: Status) => results.filter((result) => result.status === status);
  const onLinux = (list: readonly Result[]) =>
    list.filter(({ test }) => reference?.get(test) === true).length;
  return [
    `| here | tests |${reference ? " of those that Linux passes |" : ""}`,
    `| --- | --- |${reference ? " --- |" : ""}`,
    ...STATUSES.map((status) => {
      const list = of(status);
      return `| ${status} | ${list.length} |${reference ? ` ${onLinux(list)} |` : ""}`;
    }),
    `| all | ${results.length} |${reference ? ` ${onLinux(results)} |` : ""}`,
  ];
}

function causeTable(others: readonly Result[], reference: Reference | undefined): string[] {
  const groups = new Map<string, Result[]>();
  for (const result of others) {
    const cause = causeOf(result);
    groups.set(cause, [...(groups.get(cause) ?? []), result]);
  }
  const passes = (list: readonly Result[]) =>
    list.filter(({ test }) => reference?.get(test) === true).length;
  const sorted = [...groups].sort(([, a], [, b]) => passes(b) - passes(a) || b.length - a.length);
  return [
    `| cause | tests |${reference ? " Linux passes |" : ""}`,
    `| --- | --- |${reference ? " --- |" : ""}`,
    ...sorted.map(
      ([cause, list]) => `| ${cause} | ${list.length} |${reference ? ` ${passes(list)} |` : ""}`,
    ),
  ];
}

function row({ test, status, reason, signal, exit }: Result, reference?: Reference): string {
  const linux = reference?.get(test);
  const column = reference ? ` ${linux === undefined ? "?" : linux ? "PASS" : "-"} |` : "";
  return `| ${test} |${column} ${status} | ${cell(reason) || endOf(exit, signal)} |`;
}

function endOf(exit: number | null, signal: number | null): string {
  if (signal !== null) return `killed by signal ${signal}`;
  return exit === null ? "it says nothing" : `it says nothing; its exit status is ${exit}`;
}

function cell(reason: string): string {
  const short = reason.replace(SOURCE, "$1");
  const text = short.length > REASON_MAX ? `${short.slice(0, REASON_MAX - 1)}…` : short;
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;").trim();
}

/** Words in lines. */
function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > NAMES_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
