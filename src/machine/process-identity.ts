// Which process this is, in a form that outlives it. What has it, a lock or a folder, can be told
// from what an ended process has left, even if another process has its number by now.
//
//   {"pid": 1234, "start": "8812345", "place": "host pid:[4026531836] boot-id"}
//             |             |                    processes with numbers of their own: a host that
//             |             |                    has not been restarted, a container
//             |             when it started, by the kernel's clock; "" where that is not known
//             its number, which means something in its place only

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

interface Identity {
  readonly pid: number;
  readonly start: string;
  readonly place: string;
}

/** This process, as text. */
export function ownIdentity(): string {
  const { pid } = process;
  const identity: Identity = { pid, start: startOf(pid), place: ownPlace() };
  return JSON.stringify(identity);
}

/** True if the process has ended, false if it runs; undefined if that cannot be known from here. */
export function hasEnded(identity: string): boolean | undefined {
  const owner = parse(identity);
  if (owner === undefined || owner.place !== ownPlace()) return undefined;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return true;
  }
  return startOf(owner.pid) !== owner.start;
}

function parse(text: string): Identity | undefined {
  try {
    const { pid, start, place } = JSON.parse(text) as Partial<Identity>;
    if (typeof pid !== "number" || start === undefined || place === undefined) return undefined;
    return { pid, start, place };
  } catch {
    return undefined;
  }
}

function ownPlace(): string {
  const space = attempt(() => readlinkSync("/proc/self/ns/pid"));
  const boot = attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  return [hostname(), space, boot].join(" ");
}

/** Field 22 of /proc/PID/stat; the name before it may have blanks and parentheses. */
function startOf(pid: number): string {
  const status = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return (
    status
      .slice(status.lastIndexOf(")") + 1)
      .trim()
      .split(" ")[19] ?? ""
  );
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
