// How long one waits for a prompt: from a clone, from a package, after an edit, and when nothing
// has changed; and what a prompt costs that nobody types at.
//
//   npm run bench:start [-- options]
//
//   --quick     leaves out the clone and the package, which npm installs
//   --json      prints one JSON document instead of the table
//
// Seconds are of the processor, of all processes together, and limits are on them alone: how much
// time passes depends on what else the machine does. A limit grows on a machine that is slower than
// the one it was set on, as harness/yardstick.ts finds. Prompts are the shell's, in v86. npm takes
// what it needs from its cache, as after a first installation.
//
// Exit status: 1 if a row is beyond its limit.

import "../tools/report-errors";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { INSTALLATION } from "../src/cli/project";
import { childSeconds, type Spent, timeCommand, wholeTree } from "./harness/cpu-time";
import { limitHere, slowness } from "./harness/yardstick";
import { failureOf, formatRow, type Row } from "./kernel/table";

const COMMAND = join(INSTALLATION, "bin", "isthmus.js");
const BUNDLER = join(INSTALLATION, "tools", "build-package.js");
const PROMPT = "/$ ";
const NPM_INSTALL = ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund"];
/** Runs of what takes milliseconds. */
const RUNS = 20;
/** Of what takes a second or two. */
const COMPILATIONS = 4;
/** How long a prompt is left alone before it is watched, and how long it is watched. */
const SETTLING_MS = 8_000;
const IDLE_MS = 20_000;
/** Of Linux's /proc/PID/stat. */
const TICKS_PER_SECOND = 100;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const scratch = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
try {
  for (const words of [[BUNDLER], [COMMAND, "build"]]) {
    timeCommand(process.execPath, words, INSTALLATION);
  }
  const warm = [...(await withoutChange()), ...(await idlePrompt())];
  const rows = values.quick ? warm : [...warm, ...(await strangersWay())];
  console.log(values.json ? JSON.stringify({ rows }, null, 2) : rows.map(formatRow).join("\n"));
  const failures = rows.map((row) => failureOf(row, false)).filter((each) => each !== undefined);
  for (const failure of failures) process.stderr.write(`bench: ${failure}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function row(what: string, { cpu, wall }: Spent): Row {
  return { what, ours: cpu, unit: "CPU s", wall };
}

/** The same with a limit, in seconds of the machine that limits are for. */
function limited(what: string, spent: Spent, seconds: number, moments: readonly number[]): Row {
  return { ...row(what, spent), limit: limitHere(seconds, moments) };
}

/** What is quick because nothing is built. */
async function withoutChange(): Promise<Row[]> {
  const moments = [slowness()];
  const shown = help();
  moments.push(slowness());
  const prompt = await timeToPrompt([process.execPath, COMMAND, "run"], INSTALLATION);
  moments.push(slowness());
  const compiled = compileHello();
  moments.push(slowness());
  return [
    limited("isthmus --help, over node -e 0", shown, 0.03, moments.slice(0, 2)),
    limited("prompt, nothing has changed", prompt, 0.6, moments.slice(1, 3)),
    limited("isthmus compile hello.ts", compiled, 1.5, moments.slice(2)),
  ];
}

/** Both are run in turn, so that neither has the quieter machine. */
function help(): Spent {
  const spent = { node: 0, help: 0, wall: 0 };
  for (let run = 0; run < RUNS; run++) {
    spent.node += timeCommand(process.execPath, ["-e", "0"], scratch).cpu;
    const { cpu, wall } = timeCommand(process.execPath, [COMMAND, "--help"], scratch);
    spent.help += cpu;
    spent.wall += wall;
  }
  const cpu = (spent.help - spent.node) / RUNS;
  return { cpu, wall: spent.wall / RUNS };
}

/** A program of one line, each time with nothing left from the time before. */
function compileHello(): Spent {
  writeFileSync(join(scratch, "hello.ts"), 'console.log("Hello from a program of one line.");\n');
  const words = [COMMAND, "compile", "hello.ts", "-o", "hello"];
  const runs = Array.from({ length: COMPILATIONS }, () =>
    timeCommand(process.execPath, words, scratch),
  );
  const all = runs.reduce(sum);
  return { cpu: all.cpu / COMPILATIONS, wall: all.wall / COMPILATIONS };
}

/** What a prompt costs that nobody types at. Linux alone tells it of another process. */
async function idlePrompt(): Promise<Row[]> {
  if (process.platform !== "linux") return [];
  const child = spawn(process.execPath, [COMMAND, "run"], { cwd: INSTALLATION });
  let shown = "";
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      shown += chunk;
      if (shown.includes(PROMPT)) resolve();
    });
  });
  await sleep(SETTLING_MS);
  const before = secondsOf(child.pid);
  await sleep(IDLE_MS);
  const spent = secondsOf(child.pid) - before;
  child.stdin.write("poweroff\n");
  await new Promise((resolve) => child.once("close", resolve));
  const ours = (100 * spent) / (IDLE_MS / 1000);
  return [{ what: "an idle prompt, in v86", ours, unit: "% of a core", limit: 1 }];
}

/** Seconds of the processor that a process has spent. */
function secondsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

interface FirstStart {
  readonly clone: string;
  readonly installed: Spent;
  readonly first: Spent;
  readonly both: Row;
}

/** A clone, its first prompt and the first after an edit; then a package of it. */
async function strangersWay(): Promise<Row[]> {
  const { clone, installed, first, both } = await quieterStart();
  appendFileSync(join(clone, "kernel", "main.ts"), "// An edit.\n");
  const edited = await timeToPrompt(["npm", "start"], clone);

  const packed = time(["npm", "pack", "--silent", "--pack-destination", scratch], clone);
  const [tarball = ""] = readdirSync(scratch).filter((name) => name.endsWith(".tgz"));
  const user = mkdtempSync(join(scratch, "user-"));
  writeFileSync(join(user, "package.json"), '{ "private": true }');
  const fetched = time([...NPM_INSTALL, join(scratch, tarball)], user);
  const moments = [slowness()];
  const prompt = await timeToPrompt(["npx", "--no", "isthmus", "run"], user);
  moments.push(slowness());
  return [
    row("clone: npm install", installed),
    row("clone: npm start, to the first prompt", first),
    both,
    row("clone: npm start, an edit of the kernel", edited),
    row("package: npm pack, what is built is built", packed),
    row("package: npm install", fetched),
    limited("package: npx isthmus run, the first prompt", prompt, 3, moments),
  ];
}

/**
 * The better of two clones: a start takes a quarter of a minute, and what else the machine does
 * meanwhile the yardstick before and after it need not notice. It only ever adds.
 */
async function quieterStart(): Promise<FirstStart> {
  const one = await startClone(join(scratch, "clone"));
  const other = await startClone(join(scratch, "other"));
  return shareOfLimit(one.both) <= shareOfLimit(other.both) ? one : other;
}

function shareOfLimit({ ours = 0, limit = 1 }: Row): number {
  return ours / limit;
}

async function startClone(clone: string): Promise<FirstStart> {
  const left = /[\\/](node_modules|\.git|build|dist)([\\/]|$)/;
  cpSync(INSTALLATION, clone, {
    recursive: true,
    filter: (path) => !left.test(path.slice(INSTALLATION.length)),
  });
  const moments = [slowness()];
  const installed = time(NPM_INSTALL, clone);
  moments.push(slowness());
  const first = await timeToPrompt(["npm", "start"], clone);
  moments.push(slowness());
  const both = limited("clone: both", sum(installed, first), 22, moments);
  return { clone, installed, first, both };
}

function time([program = "", ...parameters]: readonly string[], cwd: string): Spent {
  return timeCommand(program, parameters, cwd);
}

function sum(one: Spent, other: Spent): Spent {
  return { cpu: one.cpu + other.cpu, wall: one.wall + other.wall };
}

/** Runs a command until the guest's shell prompts, then has the guest switched off. */
async function timeToPrompt(command: readonly string[], cwd: string): Promise<Spent> {
  const begun = performance.now();
  const script = '"$@"; times';
  const child = spawn("sh", ["-c", script, "sh", ...wholeTree(), ...command], { cwd });
  let shown = "";
  let said = "";
  let wall = 0;
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  child.stdout.on("data", (chunk: Buffer) => {
    shown += chunk;
    if (wall > 0 || !shown.includes(PROMPT)) return;
    wall = (performance.now() - begun) / 1000;
    child.stdin.write("poweroff\n");
  });
  await new Promise((resolve) => child.once("close", resolve));
  if (wall === 0) throw new Error(`${command.join(" ")}: no prompt: ${shown}${said}`);
  const times = shown.trim().split("\n").slice(-2).join("\n");
  return { cpu: childSeconds(times), wall };
}
