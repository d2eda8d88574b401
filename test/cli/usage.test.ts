// The command line itself: help, version, mistakes. Nothing is built or booted here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parseCommandLine } from "../../src/cli/command";
import { COMMAND_NAMES, loadCommand } from "../../src/cli/main";
import { manualPage, parseManualPage } from "../../src/cli/manual-page";
import { parseManualText } from "../../src/cli/manual-text";
import { isthmus } from "./isthmus";

describe("isthmus", () => {
  it("lists every command with the first line of its manual page", async () => {
    const { status, stdout } = await isthmus(["--help"]);
    assert.equal(status, 0);
    for (const name of COMMAND_NAMES) {
      assert.match(stdout, new RegExp(`^  ${name} +\\S.{10}`, "m"));
    }
  });

  it("prints the version of its package", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    assert.deepEqual(await isthmus(["--version"]), {
      status: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });

  it("without a command, shows the overview and fails", async () => {
    const { status, stdout } = await isthmus([]);
    assert.equal(status, 2);
    assert.match(stdout, /Commands/);
  });

  it("suggests the command that was meant", async () => {
    const { status, stderr } = await isthmus(["biuld"]);
    assert.equal(status, 2);
    assert.match(stderr, /^error\[CLI001\]: unknown command biuld\n {2}help: Did you mean build\?/);
    assert.doesNotMatch(stderr, /\n\s+at /, "a stack trace");
  });

  it("suggests the option that was meant", async () => {
    const { status, stderr } = await isthmus(["run", "--machin=qemu"]);
    assert.equal(status, 2);
    assert.match(stderr, /unknown option --machin\n {2}help: Did you mean --machine\?/);
  });

  it("says where a file is that cannot be read", async () => {
    const { status, stderr } = await isthmus(["run", "--kernel", "no-such.elf"]);
    assert.equal(status, 2);
    assert.match(stderr, /CLI002.*no-such\.elf/);
  });

  it("writes over no file that it reads", async () => {
    const commands = [
      ["import", "package.json", "-o"],
      ["map", "package.json", "--svg"],
      ["image", "--kernel", "package.json", "-o"],
      ["script", "--layout", "package.json", "-o"],
      ["script", "--layout", "package.json", "--header"],
    ];
    for (const words of commands) {
      const { status, stderr } = await isthmus([...words, "./package.json"]);
      assert.equal(status, 2, words.join(" "));
      assert.match(stderr, /CLI001\]: \.\/package\.json would overwrite the input package\.json/);
    }
  });

  it("prints a drawing or JSON, not one after the other", async () => {
    const { status, stdout } = await isthmus(["map", "any.elf", "--svg", "-", "--json"]);
    assert.deepEqual([status, stdout], [2, ""]);
  });

  it("refuses a file that is not a kernel, without a stack trace", async () => {
    const { status, stderr } = await isthmus(["map", "package.json"]);
    assert.equal(status, 2);
    assert.match(stderr, /error\[ELF001\]/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  it("colours only when asked to", async () => {
    const forced = await isthmus(["biuld"], { environment: { NO_COLOR: "", FORCE_COLOR: "1" } });
    assert.ok(forced.stderr.includes("\u001b[31merror[CLI001]\u001b[39m"));
    assert.ok(!(await isthmus(["biuld"])).stderr.includes("\u001b"));
  });
});

for (const name of COMMAND_NAMES) {
  describe(`isthmus ${name}`, () => {
    it("has a manual page, printed by --help and by help", async () => {
      const page = manualPage(name).text;
      const byOption = await isthmus([name, "--help"]);
      assert.deepEqual(byOption, { status: 0, stdout: `${page}\n`, stderr: "" });
      assert.match(page, new RegExp(`^isthmus ${name}: `));
      assert.match(page, /^Exit status/m);
    });

    it("has an example with its output, whose options it takes", async () => {
      const { sections } = parseManualText(manualPage(name).text);
      const blocks = sections.find(({ title }) => title === "Example")?.blocks ?? [];
      const lines = blocks.flatMap((block) => (block.kind === "verbatim" ? block.lines : []));
      const typed = lines.filter((line) => line.startsWith("$ "));
      const mine = typed.filter((line) => new RegExp(`\\bisthmus ${name}\\b`).test(line));
      assert.ok(mine.length > 0, `no line of the example runs isthmus ${name}`);
      if (name !== "completion") assert.ok(lines.length > typed.length, "no output");
      const command = await loadCommand(name);
      for (const line of mine) {
        const [, words = ""] = new RegExp(`isthmus ${name} ?([^|>&;]*)`).exec(line) ?? [];
        parseCommandLine(command, words.trim().split(/ +/).filter(Boolean));
      }
    });

    it("describes exactly the options that it takes", async () => {
      const command = await loadCommand(name);
      const described = manualPage(name).text.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm);
      const names = [...described].map((match) => match[1]).sort();
      assert.deepEqual(names, Object.keys(command.options).sort());
    });
  });
}

describe("a command line", async () => {
  const command = await loadCommand("run");
  const parse = (...words: string[]) => parseCommandLine(command, words);

  it("takes values with and without =", () => {
    assert.equal(parse("--memory", "32").value("memory"), "32");
    assert.equal(parse("--memory=32").value("memory"), "32");
  });

  it("leaves all that follows -- to the program", () => {
    const line = parse("--trace", "--", "ls", "--memory", "--", "-x");
    assert.deepEqual(line.program, ["ls", "--memory", "--", "-x"]);
    assert.equal(line.flag("trace"), true);
    assert.equal(line.value("memory"), undefined);
  });

  it("takes the first word that is not an option as the program, also without --", () => {
    const line = parse("--memory", "32", "ls", "-l", "--memory", "--", "x");
    assert.deepEqual(line.program, ["ls", "-l", "--memory", "--", "x"]);
    assert.equal(line.value("memory"), "32");
  });

  it("refuses operands that a command does not take", async () => {
    const build = await loadCommand("build");
    const operand = { code: "CLI001", message: "hello is not expected here" };
    assert.throws(() => parseCommandLine(build, ["hello"]), operand);
  });

  it("refuses values of the wrong kind", () => {
    assert.throws(() => parse("--verbose=yes"), { message: /takes no value/ });
    assert.throws(() => parse("--memory"), { message: /needs a value/ });
    const line = parse("--memory=lots", "--machine=qmeu");
    assert.throws(() => line.count("memory", { min: 1, max: 9 }, 1), { message: /from 1 to 9/ });
    assert.throws(() => line.choice("machine", ["v86", "qemu"]), {
      remedy: "Did you mean qemu?",
    });
  });
});

describe("a manual page", () => {
  it("is the leading comment, without its marks", () => {
    const page = parseManualPage("// isthmus x: does y\n//\n//   indented\n\n// not this\n");
    assert.deepEqual(page, { summary: "does y", text: "isthmus x: does y\n\n  indented" });
  });
});
