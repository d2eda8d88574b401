// What `isthmus check` prints for people, editors, scripts and services: one kernel with several
// mistakes in each format.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { MISTAKES } from "../../src/link/check/mistakes";
import { ASSEMBLY, change, makeKernel } from "../link/check/make-kernel";
import { unlessInstalled } from "../link/tools";
import { isthmus } from "./isthmus";

const skip = unlessInstalled("gcc") || unlessInstalled("ld");

/** Three functions that run before paging use what is linked high. */
const EARLY = change(
  ASSEMBLY,
  "  mov $page_directory, %eax\n",
  "  call a\n  call b\n  call c\n  mov $page_directory, %eax\n",
).replace(
  "1:\n  hlt",
  "1:\n  hlt\n  jmp 1b\na: mov shared_value, %eax\n ret\nb: mov shared_value, %eax\n ret\n" +
    "c: mov shared_value, %eax\n ret",
);

/** Compiled with lines, as users do. */
function earlyKernel(t: TestContext) {
  return makeKernel(t, { assembly: `#line 1 "boot, 100%.S"\n${EARLY}`, debug: true }).path;
}

describe("isthmus check", { skip }, () => {
  it("prints findings that are alike as one, with the number of the others", async (t) => {
    const { status, stdout } = await isthmus(["check", earlyKernel(t)]);
    assert.equal(status, 1);
    assert.match(stdout, /^boot, 100%\.S:\d+: error\[LAY012\]: a runs before paging and reads/m);
    assert.equal(stdout.match(/LAY012\]/g)?.length, 1);
    assert.match(stdout, /^ {2}and 2 more like it: --verbose lists them$/m);
    assert.match(stdout, /^3 errors, 1 note$/m);
  });

  it("lists every one of them if asked to", async (t) => {
    const { stdout } = await isthmus(["check", earlyKernel(t), "--verbose"]);
    assert.match(stdout, /^ {2}also boot, 100%\.S:\d+: error\[LAY012\]: c runs before paging/m);
    assert.doesNotMatch(stdout, /more like it/);
  });

  it("says in the report what is allowed, and why", async (t) => {
    const allow = ["--allow", "LAY012@a=tested, on hardware", "--allow", "LAY012@b"];
    const { stdout } = await isthmus(["check", earlyKernel(t), ...allow]);
    assert.match(stdout, /error\[LAY012\]: c runs before paging/);
    assert.match(stdout, /^allowed {2}LAY012@a: tested, on hardware$/m);
    assert.match(stdout, /^allowed {2}LAY012@b: no reason is given$/m);
  });

  it("fails on what it is told to", async (t) => {
    const path = earlyKernel(t);
    assert.equal((await isthmus(["check", path, "--fail-on", "never"])).status, 0);
    const allow = ["--allow", "LAY012,LAY038"];
    assert.equal((await isthmus(["check", path, ...allow, "--fail-on", "note"])).status, 0);
    assert.equal((await isthmus(["check", path, "--allow", "LAY012"])).status, 0);
    const strict = ["check", path, "--allow", "LAY012", "--fail-on", "note"];
    assert.equal((await isthmus(strict)).status, 1);
    const { status, stderr } = await isthmus(["check", path, "--fail-on", "warnings"]);
    assert.equal(status, 2);
    assert.match(stderr, /Did you mean warning\?/);
  });

  it("writes JSON with the number and the places of each kind", async (t) => {
    const path = earlyKernel(t);
    const { stdout } = await isthmus(["check", path, "--format", "json"]);
    assert.equal(stdout, (await isthmus(["check", path, "--json"])).stdout);
    const { ok, findings } = JSON.parse(stdout);
    assert.equal(ok, false);
    assert.equal(findings.length, 2);
    const [{ code, severity, count, places, within }] = findings;
    assert.deepEqual([code, severity, count, within], ["LAY012", "error", 3, "a"]);
    assert.deepEqual(
      places.map((place: { within: string }) => place.within),
      ["a", "b", "c"],
    );
    const both = await isthmus(["check", path, "--json", "--format", "sarif"]);
    assert.equal(both.status, 2);
    assert.match(both.stderr, /--json and --format sarif exclude each other/);
  });

  it("writes workflow commands for GitHub, with what is special in them escaped", async (t) => {
    const { status, stdout } = await isthmus(["check", earlyKernel(t), "--format", "github"]);
    assert.equal(status, 1);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? "", /^::notice file=/);
    assert.match(
      lines[0] ?? "",
      /^::error file=boot%2C 100%25\.S,line=\d+,title=LAY012 code that runs [^:]*::a runs before /,
    );
    assert.match(lines[0] ?? "", /\(and 2 more like it\)%0AUse /);
  });
});

/** What SARIF 2.1.0 demands, by the kind of object: the schema's `required`, and types. */
const REQUIRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  log: { version: "string", runs: "array" },
  run: { tool: "object" },
  driver: { name: "string" },
  rule: { id: "string" },
  result: { message: "object" },
  message: { text: "string" },
  invocation: { executionSuccessful: "boolean" },
  suppression: { kind: "string" },
};

function demand(kind: string, value: Record<string, unknown>): void {
  for (const [name, type] of Object.entries(REQUIRED[kind] ?? {})) {
    const found = Array.isArray(value[name]) ? "array" : typeof value[name];
    assert.equal(found, type, `${kind}.${name}`);
  }
}

describe("isthmus check --format sarif", { skip }, () => {
  it("writes what SARIF 2.1.0 demands, with a rule for each code", async (t) => {
    const path = earlyKernel(t);
    const words = ["check", path, "--format", "sarif", "--allow", "LAY012@b=tested"];
    const { status, stdout } = await isthmus(words);
    assert.equal(status, 1);
    const log = JSON.parse(stdout);
    demand("log", log);
    assert.equal(log.version, "2.1.0");
    const [run] = log.runs;
    demand("run", run);
    demand("driver", run.tool.driver);
    for (const invocation of run.invocations) demand("invocation", invocation);
    const { rules } = run.tool.driver;
    assert.equal(rules.length, MISTAKES.length);
    for (const rule of rules) {
      demand("rule", rule);
      demand("message", rule.shortDescription);
      assert.ok(["error", "warning", "note"].includes(rule.defaultConfiguration.level));
    }
    for (const result of run.results) {
      demand("result", result);
      demand("message", result.message);
      assert.equal(rules[result.ruleIndex].id, result.ruleId);
      for (const suppression of result.suppressions ?? []) demand("suppression", suppression);
    }
    const [early, unchecked, allowed] = run.results;
    assert.equal(unchecked.level, "note");
    assert.equal(early.level, "error");
    assert.equal(early.occurrenceCount, 2);
    assert.equal(early.relatedLocations.length, 1);
    const { artifactLocation, region } = early.locations[0].physicalLocation;
    assert.equal(artifactLocation.uri, "boot%2C%20100%25.S");
    assert.ok(region.startLine > 1);
    assert.equal(allowed.suppressions[0].justification, "tested");
  });

  it("has only notes for a kernel without mistakes", async (t) => {
    const { path } = makeKernel(t);
    const { status, stdout } = await isthmus(["check", path, "--format", "sarif"]);
    assert.equal(status, 0);
    const { results } = JSON.parse(stdout).runs[0];
    assert.deepEqual(
      results.map(({ level }: { level: string }) => level),
      ["note"],
    );
  });
});

describe("the problem matchers in docs/editors", { skip }, () => {
  it("take every line of a finding apart", async (t) => {
    const tasks = JSON.parse(readFileSync("docs/editors/vscode-tasks.json", "utf8"));
    const github = JSON.parse(readFileSync("docs/editors/github-matcher.json", "utf8"));
    const { stdout } = await isthmus(["check", earlyKernel(t), "--verbose"]);
    const patterns = [tasks.tasks[0].problemMatcher.pattern, github.problemMatcher[0].pattern[0]];
    for (const { regexp, file, line, severity, code, message } of patterns) {
      const found = stdout.split("\n").flatMap((text) => {
        const match = new RegExp(regexp).exec(text);
        return match ? [match] : [];
      });
      assert.equal(found.length, 4);
      for (const match of found.slice(0, 3)) {
        assert.equal(match[file], "boot, 100%.S");
        assert.ok(Number(match[line]) > 1);
        assert.deepEqual([match[severity], match[code]], ["error", "LAY012"]);
        assert.match(match[message] ?? "", /^[abc] runs before paging/);
      }
    }
  });
});
