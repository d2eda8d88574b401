// Completion in the shells themselves: what they offer for a command line that is not finished.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { COMMAND_NAMES } from "../../src/cli/main";
import { unlessInstalled } from "../link/tools";
import { isthmus } from "./isthmus";

const folder = mkdtempSync(join(tmpdir(), "isthmus-complete-"));
const scripts: Record<string, string> = {};
before(async () => {
  writeFileSync(join(folder, "kernel.elf"), "");
  for (const shell of ["bash", "zsh", "fish"]) {
    const { status, stdout } = await isthmus(["completion", shell]);
    assert.equal(status, 0);
    scripts[shell] = join(folder, `${shell}-script`);
    writeFileSync(scripts[shell], stdout);
  }
});
after(() => rmSync(folder, { recursive: true }));

/** What a shell prints that runs this. */
function run(shell: string, ...words: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(shell, words, { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return stdout.trim().split("\n");
}

/** Completes the command line in the arguments, after the script in the first. */
const BASH = [
  'source "$0"',
  'COMP_WORDS=("$@")',
  "COMP_CWORD=$(($# - 1))",
  "_isthmus",
  `printf '%s\\n' "\${COMPREPLY[@]}"`,
].join("\n");

describe("completion in bash", { skip: unlessInstalled("bash") }, () => {
  const offers = (...typed: string[]) => {
    return run("bash", "--norc", "-c", BASH, scripts.bash ?? "", "isthmus", ...typed);
  };

  it("offers commands, options and values", () => {
    assert.deepEqual(offers("co"), ["compile", "completion"]);
    assert.deepEqual(offers("").slice(0, COMMAND_NAMES.length), COMMAND_NAMES);
    assert.deepEqual(offers("run", "--me"), ["--memory"]);
    assert.deepEqual(offers("run", "--machine", ""), ["v86", "qemu", "grub"]);
    assert.deepEqual(offers("completion", ""), ["bash", "zsh", "fish"]);
    assert.deepEqual(offers("help", "ex"), ["explain"]);
  });

  it("offers files where a file is meant", () => {
    assert.deepEqual(offers("map", "ker"), ["kernel.elf"]);
    assert.deepEqual(offers("run", "--kernel", "ker"), ["kernel.elf"]);
  });
});

describe("completion in zsh", { skip: unlessInstalled("zsh") }, () => {
  it("is a script that zsh takes", () => {
    assert.deepEqual(run("zsh", "-f", "-n", scripts.zsh ?? ""), [""]);
    const code = "autoload -U compinit; compinit -D -u; source $0; print $_comps[isthmus]";
    assert.deepEqual(run("zsh", "-f", "-c", code, scripts.zsh ?? ""), ["_isthmus"]);
  });
});

describe("completion in fish", { skip: unlessInstalled("fish") }, () => {
  const offers = (typed: string) => {
    const code = `source ${scripts.fish}; complete -C ${JSON.stringify(typed)}`;
    const lines = run("fish", "--no-config", "-c", code);
    return lines.map((line) => line.split("\t")[0]);
  };

  it("offers commands, options and values", () => {
    assert.deepEqual(offers("isthmus co"), ["compile", "completion"]);
    assert.deepEqual(offers("isthmus run --me"), ["--memory"]);
    assert.deepEqual(offers("isthmus run --machine "), ["grub", "qemu", "v86"]);
    assert.deepEqual(offers("isthmus completion "), ["bash", "fish", "zsh"]);
  });
});

describe("isthmus completion", () => {
  it("names the shells that it knows", async () => {
    const { status, stderr } = await isthmus(["completion", "basj"]);
    assert.equal(status, 2);
    assert.match(stderr, /CLI001.*no completion for basj: bash, zsh, fish\n.*Did you mean bash\?/);
    assert.match((await isthmus(["completion"])).stderr, /completion needs a shell/);
  });
});
