// What a command is, and how its command line is parsed.
//
// Each command is a file that exports `command`. Its header comment is the command's manual page:
// `--help` prints it (manual-page.ts). So an option is written down twice, for the reader there and
// for the parser here, and a test compares the two.

import { parseArgs } from "node:util";
import { Diagnostic } from "../base/diagnostic";
import { nearestName } from "../base/nearest-name";
import { overwritten } from "./replace-file";

export interface OptionSpec {
  readonly type: "boolean" | "string";
  /** Of a boolean: `--trace=FILE` is as good as `--trace`, and its value is FILE. */
  readonly mayHaveValue?: boolean;
  /** One letter: `-o OUT` for `--output OUT`. */
  readonly short?: string;
  /** It may be given more than once: `values` has all of them. */
  readonly repeats?: boolean;
  /** What its value can be; absent: a file, a number, a name. */
  readonly choices?: readonly string[];
}

export interface Command {
  /** Long options by name, `--help` not among them. */
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** How many operands it takes at most; default 0. */
  readonly operands?: number;
  /** What an operand can be; absent: a file. */
  readonly operandChoices?: readonly string[];
  /** Whether `-- PROGRAM ARGS…` may follow; without operands, `PROGRAM ARGS…` do as well. */
  readonly takesProgram?: boolean;
  /** With --watch: the files and folders whose changes mean that the work is to be done again. */
  watched?(line: CommandLine): readonly string[];
  /** Does the work; returns the exit status. The table is for what tells about other commands. */
  run(line: CommandLine, table: CommandTable): Promise<number>;
}

/** All commands, each loaded only when it is asked for. */
export interface CommandTable {
  readonly names: readonly string[];
  load(name: string): Promise<Command>;
}

type OptionValue = string | boolean | readonly string[];

/** A command line that has been checked against the command's options. */
export class CommandLine {
  readonly #values: Readonly<Record<string, OptionValue | undefined>>;

  constructor(
    values: Readonly<Record<string, OptionValue | undefined>>,
    /** The words before `--` that are not options. */
    readonly operands: readonly string[],
    /** The words after `--`, or from the first that is not an option on: a program's. */
    readonly program: readonly string[],
  ) {
    this.#values = values;
  }

  /** Whether the option is there, whatever its value. */
  isGiven(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  value(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /** All values of an option that may be given more than once. */
  values(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value : [];
  }

  /** The option's value as one of `choices`; the first one if the option is absent. */
  choice<Choice extends string>(name: string, choices: readonly [Choice, ...Choice[]]): Choice {
    const value = this.value(name) ?? choices[0];
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new UsageError(`--${name} is ${value}, not one of ${choices.join(", ")}`, value, choices);
  }

  /** The option's value as a whole number; `absent` if the option is. */
  count<Absent>(name: string, limits: { min: number; max: number }, absent: Absent) {
    const text = this.value(name);
    if (text === undefined) return absent;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= limits.min && value <= limits.max) return value;
    throw new UsageError(`--${name} is ${text}, not a number from ${limits.min} to ${limits.max}`);
  }
}

const SEE_HELP = "See `npx isthmus --help`";

/** A command line that makes no sense: exit status 2. */
export class UsageError extends Diagnostic {
  /** @param wrong with `known`: the word that may be a mistyped one of these */
  constructor(text: string, wrong?: string, known: readonly string[] = []) {
    const nearest = wrong === undefined ? undefined : nearestName(wrong, known);
    super("CLI001", text, nearest ? `Did you mean ${nearest}?` : SEE_HELP);
  }

  /** The same, with the manual page of the command that was used. */
  of(command: string): Diagnostic {
    if (this.remedy !== SEE_HELP) return this;
    return new Diagnostic(this.code, this.message, `See \`npx isthmus ${command} --help\``);
  }
}

/** Whether `--help` or `-h` comes before any `--`. */
export function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? words.length : end).some((w) => w === "--help" || w === "-h");
}

/** @throws UsageError */
export function parseCommandLine(command: Command, words: readonly string[]): CommandLine {
  const names = Object.keys(command.options);
  const { tokens } = parseArgs({
    args: [...words],
    options: { ...command.options },
    strict: false,
    tokens: true,
  });
  const values: Record<string, string | boolean | string[]> = {};
  const operands: string[] = [];
  let program: readonly string[] = [];
  let ended = false;
  for (const token of tokens) {
    if (ended) break;
    if (token.kind === "option-terminator") {
      if (!command.takesProgram) throw new UsageError("this command takes no words after --");
      program = words.slice(token.index + 1);
      ended = true;
    } else if (token.kind === "positional" && command.takesProgram && !command.operands) {
      program = words.slice(token.index);
      ended = true;
    } else if (token.kind === "positional") {
      operands.push(token.value);
    } else {
      const { name, rawName } = token;
      const value = optionValue(command, names, rawName, name, token.value);
      const before = values[name];
      const repeats = command.options[name]?.repeats === true && typeof value === "string";
      values[name] = repeats ? [...(Array.isArray(before) ? before : []), value] : value;
    }
  }
  const limit = command.operands ?? 0;
  if (operands.length > limit) {
    throw new UsageError(`${operands[limit]} is not expected here`);
  }
  return new CommandLine(values, operands, program);
}

function optionValue(
  command: Command,
  names: readonly string[],
  rawName: string,
  name: string,
  value: string | undefined,
): string | boolean {
  const spec = command.options[name];
  if (spec === undefined) {
    const known = names.map((each) => `--${each}`);
    throw new UsageError(`unknown option ${rawName}`, rawName, known);
  }
  if (spec.type === "boolean") {
    if (value !== undefined && spec.mayHaveValue !== true) {
      throw new UsageError(`${rawName} takes no value`);
    }
    return value ?? true;
  }
  if (value === undefined) throw new UsageError(`${rawName} needs a value: ${rawName}=VALUE`);
  return value;
}

/**
 * What is read must not be overwritten. `-` is standard output.
 *
 * @throws UsageError if one of the files that are `written` is one of those that are `read`
 */
export function refuseOverwriting(
  written: readonly (string | undefined)[],
  read: readonly (string | undefined)[],
): void {
  const files = written.filter((path) => path !== "-");
  const lost = overwritten(files, read);
  if (lost) throw new UsageError(`${lost.output} would overwrite the input ${lost.input}`);
}
