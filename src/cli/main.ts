// isthmus: an i686 kernel in TypeScript, and its toolchain
//
//   npx isthmus COMMAND [OPTIONS]
//   npx isthmus COMMAND --help
//   npx isthmus --version
//
// Exit status: 0 success; 1 a command found something wrong, or the guest's program failed; 2 the
// command line or a file cannot be used; 70 a bug in isthmus itself. `run` has more.

import { Diagnostic } from "../base/diagnostic";
import { asksForHelp, type Command, parseCommandLine, UsageError } from "./command";
import { manualPage } from "./manual-page";
import { packageVersion } from "./package-version";
import { systemTrouble } from "./system-trouble";
import { complain, endWithReader, print, progress, style } from "./terminal";
import { repeatOnChange } from "./watch";

const STATUS_UNUSABLE = 2;
/** EX_SOFTWARE of BSD's sysexits. */
const STATUS_BUG = 70;

/** The commands, in the order of the overview. Each is loaded only when needed. */
const COMMANDS: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  init: () => import("./init"),
  build: () => import("./build"),
  run: () => import("./run"),
  pack: () => import("./pack"),
  "diff-run": () => import("./diff-run"),
  audit: () => import("./audit"),
  map: () => import("./map"),
  step: () => import("./step"),
  web: () => import("./web"),
  compile: async () => {
    (await import("./optimise-less")).optimiseLess();
    return import("./compile");
  },
  check: () => import("./check"),
  syscalls: () => import("./syscalls"),
  explain: () => import("./explain"),
  image: () => import("./image"),
  script: () => import("./script"),
  import: () => import("./import"),
  link: () => import("./link"),
  doctor: () => import("./doctor"),
  completion: () => import("./completion"),
};

export const COMMAND_NAMES = Object.keys(COMMANDS);

/** The command's module, by its name. */
export async function loadCommand(name: string): Promise<Command> {
  const load = COMMANDS[name];
  if (load === undefined) {
    throw new UsageError(`unknown command ${name}`, name, COMMAND_NAMES);
  }
  return (await load()).command;
}

/** What commands that tell about commands are given. */
export const COMMAND_TABLE = { names: COMMAND_NAMES, load: loadCommand };

/** Runs `isthmus` with these words and returns its exit status; never throws. */
export async function main(words: readonly string[]): Promise<number> {
  endWithReader();
  try {
    return await dispatch(words);
  } catch (error) {
    return report(error);
  }
}

async function dispatch(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) {
    printOverview();
    return STATUS_UNUSABLE;
  }
  if (name === "--version" || name === "-V") return printVersion();
  if (name === "--help" || name === "-h") return printOverview();
  if (name === "help") {
    const topic = rest[0];
    if (topic === undefined) return printOverview();
    await loadCommand(topic);
    return printManual(topic);
  }
  if (name.startsWith("-")) {
    const known = ["--help", "--version"];
    throw new UsageError(`unknown option ${name}`, name, known);
  }
  const command = await loadCommand(name);
  if (asksForHelp(rest)) return printManual(name);
  try {
    const line = parseCommandLine(command, rest);
    if (command.watched === undefined || !line.flag("watch"))
      return await command.run(line, COMMAND_TABLE);
    const again = words.filter((word) => word !== "--watch");
    return await repeatOnChange(again, command.watched(line));
  } catch (error) {
    throw error instanceof UsageError ? error.of(name) : error;
  }
}

function printOverview(): number {
  const width = Math.max(...COMMAND_NAMES.map((name) => name.length));
  print(manualPage("main").text);
  print("");
  print("Commands");
  for (const name of COMMAND_NAMES) {
    print(`  ${style(name.padEnd(width), "bold")}   ${manualPage(name).summary}`);
  }
  return 0;
}

function printManual(name: string): number {
  print(manualPage(name).text);
  return 0;
}

function printVersion(): number {
  print(packageVersion());
  return 0;
}

function report(error: unknown): number {
  const diagnostic = error instanceof Diagnostic ? error : systemTrouble(error);
  if (diagnostic) {
    complain(diagnostic);
    return STATUS_UNUSABLE;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  progress("isthmus: this is a bug in isthmus, not in your input. Please report it with this:");
  progress(trace);
  return STATUS_BUG;
}
