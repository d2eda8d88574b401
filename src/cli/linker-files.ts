// The files of a link: where they are found, and what they are. Shared by `isthmus link` and
// isthmus-ld.
//
// A file that is neither object nor archive may be a linker script, which names others (INPUT,
// GROUP): libraries are often found by way of one.

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Diagnostic, type Place } from "../base/diagnostic";
import { parseScript } from "../link/gnu-script/parse-script";
import type { FileList, NamedFile, Script, Statement } from "../link/gnu-script/syntax";
import { readBinary } from "../link/input/binary-object";
import { isLinkerScript, type LinkInput, readInput } from "../link/input/read-input";
import type { InputGroup, OrderedInput } from "../link/passes/pull-members";
import { readInput as readBytes } from "./boot-settings";

/** What the files of a link say besides being linked. */
export class LinkerFiles {
  /** Searched in this order for libraries and what scripts name. */
  readonly #folders: readonly string[];
  readonly #sysroot: string;
  /** Statements of linker scripts among the files. */
  readonly statements: Statement[] = [];

  constructor(folders: readonly string[], sysroot = "") {
    this.#sysroot = sysroot;
    this.#folders = folders.map((folder) => this.#inSysroot(folder));
  }

  /** Reads the script `path`, and what it includes. @throws Diagnostics CLI002, SCRIPT001 to 003 */
  async script(path: string): Promise<Script> {
    const found = existsSync(path) ? path : (this.#inFolders(path) ?? path);
    const text = new TextDecoder().decode(await readBytes(found));
    return this.parse(text, found);
  }

  parse(text: string, path: string): Script {
    return parseScript(text, path, (name) => {
      const beside = join(dirname(path), name);
      const found = [name, this.#inFolders(name), beside].find(
        (each) => each !== undefined && existsSync(each),
      );
      return found === undefined ? undefined : readFileSync(found, "utf8");
    });
  }

  /** Inputs that a script's INPUT, GROUP and STARTUP name; those of STARTUP are first. */
  async ofScript({ startup, inputs, searchFolders, file }: Script): Promise<OrderedInput[]> {
    const files = new LinkerFiles([...this.#folders, ...searchFolders], this.#sysroot);
    const lists: FileList[] = startup ? [{ isGroup: false, files: [startup] }] : [];
    lists.push(...inputs);
    const found = await Promise.all(lists.map((list) => files.#list(list, file)));
    this.statements.push(...files.statements);
    return found.flat();
  }

  async #list({ isGroup, files }: FileList, script: string): Promise<OrderedInput[]> {
    const found = await Promise.all(files.map((file) => this.#named(file, script)));
    const inputs = found.flat();
    return isGroup ? [groupOf(inputs)] : inputs;
  }

  async #named({ name, place }: NamedFile, script: string): Promise<OrderedInput[]> {
    if (name.startsWith("-l")) return this.input(this.library(name.slice(2), place));
    const beside = join(dirname(script), name);
    const found = [this.#inSysroot(name), this.#inFolders(name), beside].find(
      (each) => each !== undefined && existsSync(each),
    );
    return this.input(found ?? name);
  }

  /** An object, an archive, or what a linker script names. */
  async input(path: string): Promise<OrderedInput[]> {
    const bytes = await readBytes(path);
    if (!isLinkerScript(bytes)) return [readInput(bytes, path)];
    const script = this.parse(new TextDecoder().decode(bytes), path);
    this.statements.push(...script.statements);
    return this.ofScript(script);
  }

  async binary(path: string): Promise<LinkInput> {
    return readBinary(await readBytes(path), path);
  }

  /** `libNAME.a`, or the file FILE of `:FILE`. @throws Diagnostic CLI030 */
  library(name: string, place?: Place): string {
    const file = name.startsWith(":") ? name.slice(1) : `lib${name}.a`;
    const found = this.#inFolders(file);
    if (found !== undefined) return found;
    const shared = this.#inFolders(`lib${name}.so`);
    if (shared !== undefined) {
      const text = `of library ${name} there is only ${shared}, which is shared`;
      throw new Diagnostic("CLI030", text, "Build it as an archive: ar rcs.", place);
    }
    const searched = this.#folders.length > 0 ? this.#folders.join(", ") : "no folder";
    const text = `there is no ${file} in ${searched}`;
    throw new Diagnostic("CLI030", text, "Give the folder that it is in with -L.", place);
  }

  #inFolders(name: string): string | undefined {
    return this.#folders.map((folder) => join(folder, name)).find(isFile);
  }

  /** `=folder` and `$SYSROOT/folder` are below the system root. */
  #inSysroot(path: string): string {
    const [, rest] = /^(?:=|\$SYSROOT)(.*)$/s.exec(path) ?? [];
    return rest === undefined ? path : join(this.#sysroot || "/", rest);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Groups in groups are one: all are searched together. */
export function groupOf(inputs: readonly OrderedInput[]): InputGroup {
  return { group: inputs.flatMap((input) => ("group" in input ? input.group : [input])) };
}
