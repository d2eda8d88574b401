// isthmus doctor: says which programs this computer has, what each is for, and what brings it
//
//   npx isthmus doctor [NAMES…] [--json]
//
// Nothing but Node is needed to build kernels in TypeScript and to boot them in v86. Everything
// else is for more: other machines, other languages, a debugger. With NAMES, as in the first
// column, only these are looked for, and demanded.
//
// Options
//   --json       prints one JSON document: ok, system, tools (name, version or null, use, install)
//
// Example
//   $ npx isthmus doctor qemu gdb
//   qemu      7.2.22     boot with --machine qemu, debug with --gdb, audit NX and double faults
//   gdb       missing    debug the kernel by its source lines: run --machine qemu --gdb
//                        apt-get install gdb
//
// Exit status: 0 what is demanded is there; 1 something of it is missing; 2 there is no such name.

import { wrap } from "../base/wrap";
import { type Command, type CommandLine, UsageError } from "./command";
import { type Finding, findTools, HOST_TOOLS, installCommand, thisSystem } from "./host-tools";
import { outputWidth, print, printJson, style } from "./terminal";

const STATUS_MISSING = 1;
const NAME = 10;
const VERSION = 11;
const WIDTH_MIN = 60;

export const command: Command = {
  options: { json: { type: "boolean" } },
  operands: HOST_TOOLS.length,
  operandChoices: HOST_TOOLS.map(({ name }) => name.split(" ")[0] ?? name),
  run: doctor,
};

async function doctor(line: CommandLine): Promise<number> {
  const wanted = namesOf(line.operands);
  const all = await findTools();
  const findings = wanted.length === 0 ? all : all.filter(({ tool }) => wanted.includes(tool.name));
  const demanded = wanted.length === 0 ? ["node"] : wanted;
  const missing = findings.filter(({ version }) => version === undefined);
  const isFine = missing.every(({ tool }) => !demanded.includes(tool.name));
  if (line.flag("json")) printJson(plain(findings, isFine));
  else for (const finding of findings) printFinding(finding);
  return isFine ? 0 : STATUS_MISSING;
}

/** The names of tools among these words; `gcc` alone means `gcc -m32`. */
function namesOf(words: readonly string[]): string[] {
  return words.map((word) => {
    const known = HOST_TOOLS.map(({ name }) => name);
    const name = known.find((each) => each === word || each.startsWith(`${word} `));
    if (name === undefined) throw new UsageError(`doctor knows no program ${word}`, word, known);
    return name;
  });
}

function printFinding({ tool, version }: Finding): void {
  const state = (version ?? "missing").padEnd(VERSION);
  const room = Math.max(WIDTH_MIN, outputWidth()) - NAME - VERSION;
  const install = version === undefined ? installCommand(tool, thisSystem()) : undefined;
  const [first = "", ...more] = Number.isFinite(room) ? wrap(tool.use, room) : [tool.use];
  print(
    `${tool.name.padEnd(NAME)}${style(state, version === undefined ? "yellow" : "green")}${first}`,
  );
  const indent = " ".repeat(NAME + VERSION);
  for (const text of more) print(`${indent}${text}`);
  if (install !== undefined) print(`${indent}${style(install, "bold")}`);
}

function plain(findings: readonly Finding[], ok: boolean) {
  const system = thisSystem();
  return {
    ok,
    system,
    tools: findings.map(({ tool, version }) => ({
      name: tool.name,
      version: version ?? null,
      use: tool.use,
      install: installCommand(tool, system) ?? null,
    })),
  };
}
