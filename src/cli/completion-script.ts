// Completion scripts for shells, made from the commands: their options, and what these can be.
//
// Nothing is asked of isthmus while a user types: a script has all words in it.

/** A command as far as completion goes. */
export interface CompletionEntry {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  /** What an operand can be; none: a file. */
  readonly operands: readonly string[];
}

export interface CompletionOption {
  readonly name: string;
  readonly short: string | undefined;
  readonly summary: string;
  readonly takesValue: boolean;
  /** What the value can be; none: a file, a number, a name. */
  readonly choices: readonly string[];
}

export const SHELLS = { bash: writeBash, zsh: writeZsh, fish: writeFish } as const;
export type Shell = keyof typeof SHELLS;

/** The script of a shell. */
export function writeCompletion(shell: Shell, entries: readonly CompletionEntry[]): string {
  return SHELLS[shell](entries);
}

function writeBash(entries: readonly CompletionEntry[]): string {
  const names = [...entries.map(({ name }) => name), "help", "--help", "--version"];
  return `# Completion of isthmus for bash, made by \`isthmus completion bash\`.
_isthmus() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local words="" command=\${COMP_WORDS[1]-}
  if ((COMP_CWORD == 1)); then
    words=${quote(names.join(" "))}
  else
    case $command in
      help) words=${quote(entries.map(({ name }) => name).join(" "))} ;;
${entries.map(bashCase).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if ((\${#COMPREPLY[@]} == 0)); then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _isthmus isthmus`;
}

function bashCase({ name, options, operands }: CompletionEntry): string {
  const words = [...options.map(longName), "--help"];
  const values = options.filter(({ takesValue }) => takesValue);
  const lines = values.map((option) => {
    const choices = quote(option.choices.join(" "));
    return `          ${spellings(option).join(" | ")}) words=${choices} ;;`;
  });
  return [
    `      ${name})`,
    `        words=${quote(operands.join(" "))}`,
    `        if [[ $current == -* ]]; then words=${quote(words.join(" "))}; fi`,
    ...(lines.length > 0 ? ["        case $previous in", ...lines, "        esac"] : []),
    "        ;;",
  ].join("\n");
}

function writeZsh(entries: readonly CompletionEntry[]): string {
  const commands = entries.map(
    ({ name, summary }) => `    ${quote(`${name}:${zshText(summary)}`)}`,
  );
  return `#compdef isthmus
# Completion of isthmus for zsh, made by \`isthmus completion zsh\`.
_isthmus() {
  local -a commands
  commands=(
${commands.join("\n")}
    'help:shows the manual page of a command'
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
    help) _describe command commands ;;
${entries.map(zshCase).join("\n")}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _isthmus "$@"
else
  compdef _isthmus isthmus
fi`;
}

function zshCase({ name, options, operands }: CompletionEntry): string {
  const help: CompletionOption = {
    name: "help",
    short: undefined,
    summary: "shows the manual page",
    takesValue: false,
    choices: [],
  };
  const specs = [...options, help].flatMap((option) =>
    spellings(option).map((spelling) => {
      const action = option.choices.length > 0 ? `(${option.choices.join(" ")})` : "_files";
      const value = option.takesValue ? `:value:${action}` : "";
      return `      ${quote(`${spelling}[${zshText(option.summary)}]${value}`)}`;
    }),
  );
  const rest = operands.length > 0 ? `(${operands.join(" ")})` : "_files";
  const lines = [...specs, `      ${quote(`*:operand:${rest}`)}`];
  return [`    ${name}) _arguments \\`, `${lines.join(" \\\n")} ;;`].join("\n");
}

/** Text in a place where zsh gives \`:\`, \`[\` and \`]\` a meaning. */
function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, "\\$&");
}

function writeFish(entries: readonly CompletionEntry[]): string {
  const first = "complete -c isthmus -n __fish_use_subcommand -f";
  const commands = entries.map(({ name, summary }) => `${first} -a ${name} -d ${quote(summary)}`);
  const help = `complete -c isthmus -n '__fish_seen_subcommand_from help' -f -a ${quote(
    entries.map(({ name }) => name).join(" "),
  )}`;
  return [
    "# Completion of isthmus for fish, made by `isthmus completion fish`.",
    ...commands,
    `${first} -a help -d 'shows the manual page of a command'`,
    help,
    ...entries.flatMap(fishLines),
  ].join("\n");
}

function fishLines({ name, options, operands }: CompletionEntry): string[] {
  const condition = `complete -c isthmus -n '__fish_seen_subcommand_from ${name}'`;
  const lines = options.map((option) => {
    const short = option.short === undefined ? "" : ` -s ${option.short}`;
    const choices = option.choices.length > 0 ? ` -x -a ${quote(option.choices.join(" "))}` : " -r";
    const value = option.takesValue ? choices : "";
    return `${condition} -l ${option.name}${short}${value} -d ${quote(option.summary)}`;
  });
  const words = operands.length > 0 ? [`${condition} -f -a ${quote(operands.join(" "))}`] : [];
  return [...lines, ...words];
}

function longName({ name }: CompletionOption): string {
  return `--${name}`;
}

function spellings(option: CompletionOption): string[] {
  return [longName(option), ...(option.short === undefined ? [] : [`-${option.short}`])];
}

/** A word in single quotes, as all three shells take it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
