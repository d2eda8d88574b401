// What an input says of the output section that it is in, in GNU ld's terms.

import type { OutputType } from "../gnu-script/syntax";
import type { InputSection } from "../passes/model";
import type { OutputFlags, ScriptOutput } from "./model";

/** What an input section would be on its own. */
export function inputFlags({ section }: InputSection): OutputFlags {
  const { flags, type } = section;
  const stored = type === "progbits";
  return {
    alloc: flags.alloc,
    load: flags.alloc && stored,
    contents: stored,
    code: flags.execute,
    readonly: !flags.write,
    tls: flags.tls === true,
  };
}

/** An input joins the output section. */
export function addInput(output: ScriptOutput, input: InputSection): void {
  const added = inputFlags(input);
  const { flags } = output;
  restrict(added, output.statement.type);
  const wasReadonly = flags.readonly || !output.hasInput;
  join(flags, added);
  flags.readonly = added.readonly && wasReadonly;
  output.exists = true;
  output.hasInput = true;
  output.items.push({ kind: "input", input });
}

/** Bytes that the script itself gives (`LONG (1)`). */
export function addData(output: ScriptOutput): void {
  const added = { ...NOTHING, alloc: true, load: true, contents: true };
  restrict(added, output.statement.type);
  const { readonly } = output.flags;
  const isFirst = !output.exists;
  join(output.flags, added);
  output.flags.readonly = isFirst || readonly;
  output.exists = true;
}

const NOTHING: OutputFlags = {
  ...{ alloc: false, load: false, contents: false },
  ...{ code: false, readonly: false, tls: false },
};

function join(flags: OutputFlags, added: OutputFlags): void {
  flags.alloc ||= added.alloc;
  flags.load ||= added.load;
  flags.contents ||= added.contents;
  flags.code ||= added.code;
  flags.tls ||= added.tls;
}

function restrict(flags: OutputFlags, type: OutputType | undefined): void {
  switch (type) {
    case "NOLOAD":
      flags.load = false;
      flags.contents = false;
      break;
    case "COPY":
    case "INFO":
    case "DSECT":
    case "OVERLAY":
      flags.alloc = false;
      flags.load = false;
      break;
    case "READONLY":
      flags.readonly = true;
      break;
    case undefined:
  }
}
