// Processor time, which limits can be set on: the time that passes also depends on what else the
// machine is doing.

import { spawnSync } from "node:child_process";

/** Seconds that this process has spent on a processor so far, with all its threads. */
export function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

let ownNamespace: readonly string[] | undefined;

/**
 * What a command is started by, so that all its processes count: some outlive those that started
 * them, and only the first process of a namespace is told what these have spent. That takes root.
 */
export function wholeTree(): readonly string[] {
  const words = ["--pid", "--fork", "--mount-proc", "--"];
  ownNamespace ??=
    spawnSync("unshare", [...words, "true"]).status === 0 ? ["unshare", ...words] : [];
  return ownNamespace;
}

export interface Spent {
  /** Of the processor, by the program and all its children. */
  readonly cpu: number;
  readonly wall: number;
}

/** What running a program takes. Its output is dropped. @throws Error if it fails */
export function timeCommand(program: string, parameters: readonly string[], cwd: string): Spent {
  const script = '"$@" >/dev/null || exit; times';
  const begun = performance.now();
  const words = [...wholeTree(), program, ...parameters];
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script, "sh", ...words], {
    cwd,
    encoding: "utf8",
  });
  const wall = (performance.now() - begun) / 1000;
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")}: ${status} ${stderr}`);
  return { cpu: childSeconds(stdout), wall };
}

/** What `work` takes in this process. */
export function timeHere(work: () => void): Spent {
  const begun = { cpu: ownSeconds(), wall: performance.now() };
  work();
  return { cpu: ownSeconds() - begun.cpu, wall: (performance.now() - begun.wall) / 1000 };
}

/** What `times` of a shell says of its children, in its second line: `1m2.34s 0m5.67s`. */
export function childSeconds(times: string): number {
  const line = times.trim().split("\n")[1] ?? "";
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`times said ${JSON.stringify(times)}`);
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}
