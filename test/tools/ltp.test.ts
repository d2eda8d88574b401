// `npm run ltp` with a folder of a few tests that are none: programs of our own that end as LTP's
// do.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { ltp } from "../../tools/ltp";
import { document } from "../../tools/ltp-document";
import type { Result } from "../../tools/ltp-run";
import { parseList } from "../../tools/ltp-tests";
import { newFolder } from "../guest/host-folder";
import { build } from "../kernel/booted-kernel";
import { skipReason } from "../machine/installed";

const PROGRAMS = ["true", "echo", "shell", "sleep", "spin", "poweroff", "ls"];
const BIN = "/opt/ltp/testcases/bin";
const LIST = `# what tests do
passes true
fails shell -c 'echo start; echo a.c:1: TFAIL: "no"\\\\ is wrong; echo TFAIL; exit 1'

breaks shell -c "echo 'TBROK: it cannot'; exit 2"
skips shell -c "echo 'TCONF: not here'; exit 32"
says_nothing shell -c "exit 3"
sleeps sleep 100
spins spin
leaves_files shell -c "${BIN}/spin & echo text > /tmp/left; ${BIN}/ls /tmp"
finds_none shell -c "${BIN}/ls /tmp/left || exit 0; exit 1"
ends_machine poweroff
passes_again true
no_program unsuitable
missing nothing-of-that-name
`;

function command(words: readonly string[]) {
  const all = ["--import", "./bin/loader.js", "tools/ltp.ts", ...words];
  return spawnSync(process.execPath, all, { encoding: "utf8", maxBuffer: 1 << 24 });
}

describe("tests of the Linux Test Project", { skip: skipReason("qemu") }, () => {
  const folder = newFolder();
  const kept = join(newFolder(), "results");
  let results: Map<string, Result>;

  before(async () => {
    await build();
    mkdirSync(join(folder, "runtest"));
    mkdirSync(join(folder, "testcases", "bin"), { recursive: true });
    writeFileSync(join(folder, "runtest", "few"), LIST);
    for (const name of PROGRAMS) {
      const path = join(folder, "testcases", "bin", name);
      copyFileSync(join("build", "user", name), path);
      chmodSync(path, 0o755);
    }
    writeFileSync(join(folder, "testcases", "bin", "unsuitable"), "text", { mode: 0o755 });
    const { stdout, stderr, status } = command([
      ...[folder, "--runtest", "few", "--seconds", "2", "--json", "--results", kept],
    ]);
    assert.equal(status, 0, stderr);
    const list = stdout.split("\n").filter((line) => line !== "");
    results = new Map(list.map((line) => JSON.parse(line)).map((each) => [each.test, each]));
  });

  /** Of a test: its status, exit status, signal and reason. */
  function ended(name: string): unknown[] {
    const { status, exit, signal, reason } = results.get(name) ?? assert.fail(name);
    return [status, exit, signal, reason];
  }

  it("are judged by their exit status, with the first line that says why", () => {
    assert.deepEqual(ended("passes"), ["PASS", 0, null, ""]);
    assert.deepEqual(ended("fails"), ["FAIL", 1, null, "a.c:1: TFAIL: no\\ is wrong"]);
    assert.deepEqual(ended("breaks"), ["BROK", 2, null, "TBROK: it cannot"]);
    assert.deepEqual(ended("skips"), ["CONF", 32, null, "TCONF: not here"]);
    assert.deepEqual(ended("says_nothing"), ["FAIL", 3, null, ""]);
  });

  it("are ended when their time is over, by the guest's clock", () => {
    for (const name of ["sleeps", "spins"]) {
      assert.deepEqual(ended(name), ["TIMEOUT", null, null, ""]);
      const { milliseconds = 0 } = results.get(name) ?? {};
      assert.ok(milliseconds >= 2000 && milliseconds < 2100, String(milliseconds));
    }
  });

  it("leave nothing to those after them", () => {
    assert.deepEqual(ended("leaves_files"), ["PASS", 0, null, "left"]);
    assert.equal(results.get("finds_none")?.status, "PASS");
  });

  it("go on in another machine after one has ended theirs", () => {
    const [status, , , reason] = ended("ends_machine");
    assert.equal(status, "BROK");
    assert.match(String(reason), /^the machine ended: /);
    assert.equal(results.get("passes_again")?.status, "PASS");
  });

  it("that cannot run are named", () => {
    const text = "TBROK: it cannot be executed: error 8";
    assert.deepEqual(ended("no_program"), ["BROK", 127, null, text]);
    assert.deepEqual(ended("missing"), ["BROK", null, null, "its program was not built"]);
  });

  it("keep their results in a file, and those that have passed need not run again", () => {
    const lines = readFileSync(kept, "utf8").trim().split("\n");
    assert.equal(lines.length, results.size);
    const words = [folder, "--runtest", "few", "--only", "^pas", "--results", kept];
    const { status, stderr } = command([...words, "--not-passed"]);
    assert.match(stderr, /LTP004.*no test is to be run/);
    assert.equal(status, 2);
  });
});

describe("the command for LTP's tests", () => {
  it("says what is wrong with its words", async () => {
    const folder = newFolder();
    const refused = async (words: string[], wanted: RegExp) => {
      const said: string[] = [];
      const { write } = process.stderr;
      process.stderr.write = (text) => said.push(String(text)) > 0;
      const status = await ltp(words).finally(() => {
        process.stderr.write = write;
      });
      assert.match(said.join(""), wanted);
      assert.equal(status, 2);
    };
    await refused([], /npm run -s ltp -- FOLDER/);
    await refused([folder], /LTP001.*no testcases\/bin\n {2}help: /);
    await refused([folder, "--nothing"], /LTP003.*--nothing/);
    mkdirSync(join(folder, "testcases", "bin"), { recursive: true });
    mkdirSync(join(folder, "runtest"));
    writeFileSync(join(folder, "runtest", "a"), "");
    await refused([folder], /LTP002.*no runtest\/syscalls\n {2}help: .*there: a/);
    await refused([folder, "--runtest", "a"], /LTP004/);
    await refused([folder, "--runtest", "a", "--seconds", "x"], /LTP003/);
    await refused([folder, "--runtest", "a", "--only", "("], /LTP003/);
    await refused([folder, "--runtest", "a", "--linux", join(folder, "none")], /LTP005/);
  });
});

describe("a list of LTP's tests", () => {
  it("has a name and a command in each line", () => {
    assert.deepEqual(parseList("#DESCRIPTION:x\n\na01 a01 -x 'b c' \"d\"\nalone\n"), [
      { name: "a01", words: ["a01", "-x", "b c", "d"] },
    ]);
  });
});

describe("the document about LTP's tests", () => {
  const result = (test: string, status: Result["status"], reason = ""): Result => ({
    ...{ test, status, reason, exit: status === "PASS" ? 0 : 1, signal: null, milliseconds: 1 },
  });
  const results = [
    result("open01", "PASS"),
    result("msgget01", "BROK", "TBROK: msgget failed: ENOSYS (38)"),
    result("open02", "FAIL", "../home/of/me/a.c:12: a | b"),
  ];

  it("counts what passes beside Linux", () => {
    const text = document(
      results,
      new Map([
        ["open01", true],
        ["open02", true],
        ["msgget01", false],
      ]),
    );
    assert.match(text, /^\| PASS \| 1 \| 1 \|$/m);
    assert.match(text, /^\| all \| 3 \| 2 \|$/m);
    assert.match(text, /^Linux is Debian's/m);
    assert.match(document(results, undefined, "20260529"), /^The version of LTP is 20260529\.$/m);
  });

  it("says how many results were kept from earlier runs, if any were", () => {
    const said = /^Of the 3 results 1 are of the last run; 2 were kept from earlier ones,$/m;
    assert.match(document(results, undefined, undefined, 2), said);
    assert.doesNotMatch(document(results, undefined), /kept/);
  });

  it("groups by cause what does not, and gives each its reason", () => {
    const text = document(results, undefined);
    assert.match(text, /^\| System V messages, semaphores, shared memory \| 1 \|$/m);
    assert.match(text, /^\| other answers than the test wants \| 1 \|$/m);
    assert.match(text, /^\| open02 \| FAIL \| a\.c:12: a \\\| b \|$/m);
  });
});
