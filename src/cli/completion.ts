// isthmus completion: prints what a shell needs to complete command lines of isthmus
//
//   npx isthmus completion bash|zsh|fish
//
// Commands, options and the values that some of them take are completed; everything else is a file.
// The script is made from the commands of this version: print it anew after an update.
//
// Example
//   $ isthmus completion bash >> ~/.bashrc
//   $ isthmus completion zsh > "${fpath[1]}/_isthmus"
//   $ isthmus completion fish > ~/.config/fish/completions/isthmus.fish
//
// Exit status: 0 printed; 2 there is no such shell here.

import { type Command, type CommandLine, type CommandTable, UsageError } from "./command";
import { type CompletionEntry, SHELLS, type Shell, writeCompletion } from "./completion-script";
import { manualPage } from "./manual-page";
import { optionSummaries } from "./manual-text";
import { print } from "./terminal";

const NAMES = Object.keys(SHELLS) as Shell[];

export const command: Command = { options: {}, operands: 1, operandChoices: NAMES, run };

async function run({ operands: [word] }: CommandLine, table: CommandTable): Promise<number> {
  const shell = NAMES.find((each) => each === word);
  if (shell === undefined) {
    const what =
      word === undefined ? "completion needs a shell" : `there is no completion for ${word}`;
    throw new UsageError(`${what}: ${NAMES.join(", ")}`, word, NAMES);
  }
  const entries = table.names.map(async (name) => entryFor(name, await table.load(name)));
  print(writeCompletion(shell, await Promise.all(entries)));
  return 0;
}

function entryFor(name: string, command: Command): CompletionEntry {
  const { summary, text } = manualPage(name);
  const summaries = optionSummaries(text);
  const options = Object.entries(command.options).map(([option, { type, short, choices }]) => ({
    name: option,
    short,
    summary: summaries.get(option) ?? "",
    takesValue: type === "string",
    choices: choices ?? [],
  }));
  return { name, summary, options, operands: command.operandChoices ?? [] };
}
