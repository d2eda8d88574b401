// Programs of WASI preview 1 as clang and wasi-libc make them: for Linux they do what they do in
// Node's WASI, and files outside of their directories stay out of reach.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readCompileInput } from "../../../src/cli/compile-input";
import { checkProgram, linkProgram } from "../../../src/cli/link-program";
import { loadProgramRuntime } from "../../../src/cli/program-runtime";
import { DEFAULT_PREOPENS, parsePreopen } from "../../../src/cli/wasi";
import { compileModule } from "../../../src/compile/compile";
import { elfFile } from "../../../src/link/output/elf-files";
import { cannotRun } from "../../compile/native/native";
import { i32 } from "../../compile/random/code";
import { body, section, text, vector, wasm } from "../../compile/wasm/wasm-bytes";

const HERE = new URL(".", import.meta.url).pathname;
const folder = realpathSync(mkdtempSync(join(tmpdir(), "isthmus-wasi-")));
after(() => rmSync(folder, { recursive: true }));

const HERE_ONLY = [{ guest: ".", host: "." }];

/** Compiles a module to a program; returns what its compilation warns of. */
async function compile(module: string, program: string, preopens = DEFAULT_PREOPENS) {
  const runtime = await loadProgramRuntime();
  const input = await readCompileInput(module, "linux", 1, runtime, preopens);
  checkProgram(input);
  const object = compileModule(input.module, { ...input.options, name: "wasi", checksCalls: true });
  const image = linkProgram(object, input, runtime, "linux", "wasi");
  writeFileSync(program, elfFile(image), { mode: 0o755 });
  return input.warnings;
}

/** Why there are no modules of clang's here, or false. In CI there must be. */
function cannotBuild(): string | false {
  if (cannotRun()) return cannotRun();
  const probe = build("sort");
  if (probe === undefined) return false;
  if (process.env.CI === "true") throw new Error(probe);
  return "clang makes no programs for wasm32-wasi here";
}

/** Builds a program of this folder; what went wrong, if it did. */
function build(name: string): string | undefined {
  const files = [join(HERE, `${name}.c`), "-o", join(folder, `${name}.wasm`)];
  const run = spawnSync("clang", ["--target=wasm32-wasi", "-O1", "-Wall", ...files]);
  return run.status === 0 ? undefined : (run.stderr?.toString() ?? String(run.error));
}

const ENVIRONMENT = { ...process.env, GREETING: "hi there" };

function run(command: string, args: readonly string[], directory: string, input = "") {
  const options = { cwd: directory, env: ENVIRONMENT, input, encoding: "utf8" as const };
  const { status, stdout, stderr } = spawnSync(command, args, options);
  return { status, stdout, stderr };
}

/** Runs a program of WASI in Node. */
function runInNode(name: string, args: readonly string[], directory: string, input = "") {
  const script = join(HERE, "run-in-node.mjs");
  const module = join(folder, `${name}.wasm`);
  return run(process.execPath, ["--no-warnings", script, module, ".", ...args], directory, input);
}

function freshFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

const ESCAPES = `mkdir: 0
up: Capabilities insufficient
up and back: Capabilities insufficient
symlink outwards: 0
by it: Capabilities insufficient
symlink to its directory: 0
by that: Capabilities insufficient
new by that: Capabilities insufficient
remove by that: Capabilities insufficient
rename by that: Capabilities insufficient
link by that: Capabilities insufficient
mkdir by that: Capabilities insufficient
an absolute link: 0
by it: Capabilities insufficient
up from what is not there: No such file or directory
in two steps: 0
by those: Capabilities insufficient
to what is not there yet: 0
new by that: 1
it is there: 0
open a link itself: Symbolic link loop
clock: 0
sleep: 0
slept long enough: 1
this is no time before 2020: 1
random: 0
random each time: 1
not blocking: 0
its flag: 1
poll: 1
is ready: 1
a pointer outside of memory: 1
a yield: 0
`;

describe("programs of WASI", { skip: cannotBuild() }, () => {
  it("do with files what they do in Node", async () => {
    assert.equal(build("files"), undefined);
    const program = join(folder, "files");
    assert.deepEqual(await compile(`${program}.wasm`, program, HERE_ONLY), []);
    const args = ["one", "two words"];
    const expected = runInNode("files", args, freshFolder("files-in-node"));
    assert.equal(expected.status, 42);
    assert.deepEqual(run(program, args, freshFolder("files-here")), expected);
  });

  it("read standard input, and report files that are not there", async () => {
    const program = join(folder, "sort");
    await compile(`${program}.wasm`, program);
    const directory = freshFolder("sorting");
    writeFileSync(join(directory, "words"), "strait\nisthmus\n");
    for (const [args, input] of [
      [[], "b\na\nc\n"],
      [["words", "absent"], ""],
      [["words", "words"], ""],
    ] as const) {
      const expected = runInNode("sort", args, directory, input);
      assert.deepEqual(run(program, args, directory, input), expected);
    }
  });

  it("cannot leave their directories", async () => {
    assert.equal(build("escapes"), undefined);
    const program = join(folder, "escapes");
    await compile(`${program}.wasm`, program, HERE_ONLY);
    const out = freshFolder("out");
    writeFileSync(join(out, "secret"), "secret");
    const { status, stdout, stderr } = run(program, [], freshFolder("escaping"));
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: ESCAPES, stderr: "" });
    assert.equal(readFileSync(join(out, "secret"), "utf8"), "secret");
    assert.equal(existsSync(join(out, "new")), false);
  });

  it("find directories by the names that the command line gives them", async () => {
    const program = join(folder, "named");
    const directory = freshFolder("named-folder");
    writeFileSync(join(directory, "list"), "y\nx\n");
    const preopen = parsePreopen(`/data=${directory}`);
    assert.ok(preopen);
    await compile(join(folder, "sort.wasm"), program, [preopen]);
    assert.equal(run(program, ["/data/list"], "/").stdout, "x\ny\n");
    assert.match(run(program, ["list"], directory).stderr, /sort: list: /);
  });
});

describe("what WASI lacks", { skip: cannotRun() }, () => {
  const I32 = 0x7f;
  /** `_start` exits with what `name`(1, 2) returns. */
  const calls = (name: string) =>
    wasm(
      section(1, vector([0x60, 2, I32, I32, 1, I32], [0x60, 1, I32, 0], [0x60, 0, 0])),
      section(
        2,
        vector(
          [...text("wasi_snapshot_preview1"), ...text(name), 0, 0],
          [...text("wasi_snapshot_preview1"), ...text("proc_exit"), 0, 1],
        ),
      ),
      section(3, vector([2])),
      section(5, vector([0, 1])),
      section(7, vector([...text("_start"), 0, 2], [...text("memory"), 2, 0])),
      section(10, vector(body(...i32(1), ...i32(2), 0x10, 0, 0x10, 1, 0x0b))),
    );

  it("returns ENOSYS, and is named when the program is compiled", async () => {
    const program = join(folder, "sockets");
    writeFileSync(`${program}.wasm`, calls("sock_shutdown"));
    const warnings = await compile(`${program}.wasm`, program);
    assert.deepEqual(
      warnings.map(({ code, message }) => [code, message.replace(/^.*: /, "")]),
      [["COMP011", "sock_shutdown"]],
    );
    assert.equal(run(program, [], folder).status, 52);
  });

  it("is refused where a function has another type", async () => {
    const program = join(folder, "typed");
    writeFileSync(`${program}.wasm`, calls("fd_sync"));
    await assert.rejects(compile(`${program}.wasm`, program), {
      code: "COMP010",
      message: /fd_sync of WASI with another type/,
    });
  });

  it("takes a preopened directory by one name or two", () => {
    assert.deepEqual(parsePreopen("/a=b/c=d"), { guest: "/a", host: "b/c=d" });
    assert.deepEqual(parsePreopen("dir"), { guest: "dir", host: "dir" });
    assert.equal(parsePreopen("=x"), undefined);
  });
});
