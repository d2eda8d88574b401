// `isthmus init`: each of its kernels is made in an empty folder, built and checked by the commands
// that its README names, booted, and stopped under gdb.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { kernelFiles, LANGUAGES, type Language } from "../../src/cli/kernel-template";
import { INSTALLATION } from "../../src/cli/project";
import { openMachine } from "../../src/machine/open-machine";
import { GdbSession } from "../kernel/gdb-session";
import { rustc, unlessInstalled, unlessRust } from "../link/tools";
import { skipReason } from "../machine/installed";
import { isthmus } from "./isthmus";

interface Case {
  readonly skip: string | false;
  /** `isthmus build` builds it, and it imports from the package. */
  readonly isProject?: boolean;
  /** The words that build it and check it. */
  readonly check: readonly string[];
  readonly build: readonly string[];
  /** A function to stop in, the file that it is in, and a text of one of its lines. */
  readonly stop: readonly [name: string, file: string, text: string];
  /** A file that the task `build` finds a mistake in, once this is added. */
  readonly mistake?: readonly [file: string, text: string];
}

const MAKE = { check: ["make", "check"], build: ["make", "build"] };

const CASES: Readonly<Record<Language, Case>> = {
  typescript: {
    skip: false,
    isProject: true,
    check: ["npm", "run", "check"],
    build: ["npm", "run", "build"],
    stop: ["systemCall", "kernel/system-call.ts", "export function systemCall("],
    mistake: ["kernel/console.ts", "const wrong: u32 = missing;\n"],
  },
  c: {
    ...MAKE,
    skip: unlessInstalled("gcc") || unlessInstalled("make"),
    stop: ["system_call", "kernel.c", "int32_t system_call("],
  },
  "c++": {
    ...MAKE,
    skip: unlessInstalled("g++") || unlessInstalled("make"),
    stop: ["system_call", "kernel.cpp", "int32_t system_call("],
  },
  rust: {
    check: [...MAKE.check, `RUSTC=${rustc()?.program ?? "rustc"}`],
    build: MAKE.build,
    skip: unlessRust() || unlessInstalled("make") || unlessInstalled("as"),
    stop: ["system_call", "kernel.rs", 'extern "C" fn system_call('],
  },
};

const LINES = [
  /^kernel: hello$/,
  /^kernel: the trampoline is at 0xffffe000, loaded at 0x[0-9a-f]{8}$/,
  /^user: hello from 0x1000$/,
  /^user: the kernel's memory is not mine$/,
];

/** Spaces and letters that are not ASCII are in many people's paths. */
const parent = mkdtempSync(join(tmpdir(), "isthmus init é-"));
after(() => rmSync(parent, { recursive: true }));

/** What `npm install PATH` would make in a kernel's folder. */
function install(folder: string): void {
  mkdirSync(join(folder, "node_modules", ".bin"), { recursive: true });
  symlinkSync(INSTALLATION, join(folder, "node_modules", "isthmus"), "junction");
  const command = join(INSTALLATION, "bin", "isthmus.js");
  symlinkSync(command, join(folder, "node_modules", ".bin", "isthmus"));
}

function run(folder: string, [program = "", ...words]: readonly string[]): string {
  return execFileSync(program, words, { cwd: folder, encoding: "utf8", stdio: "pipe" });
}

for (const language of LANGUAGES) {
  const { skip, isProject = false, check, build, stop, mistake } = CASES[language];
  describe(`the kernel of isthmus init --language ${language}`, {
    skip,
    concurrency: false,
  }, () => {
    const folder = join(parent, `my ${language} kernel`);
    const kernel = () => readFileSync(join(folder, "build", "kernel.elf"));

    before(async () => {
      const words = ["init", folder, "--language", language, "--json"];
      const { status, stdout, stderr } = await isthmus(words, { directory: parent });
      assert.equal(status, 0, stderr);
      const { files } = JSON.parse(stdout) as { files: string[] };
      const made = readdirSync(folder, { recursive: true, withFileTypes: true });
      assert.equal(made.filter((entry) => entry.isFile()).length, files.length);
      install(folder);
    });

    if (isProject) {
      it("is built by an isthmus that is not installed beside it", async () => {
        rmSync(join(folder, "node_modules"), { recursive: true });
        const { status, stderr } = await isthmus(["build"], { directory: folder });
        install(folder);
        assert.equal(status, 0, stderr);
        rmSync(join(folder, "build"), { recursive: true });
      });
    }

    it("is built, and has no mistakes", () => {
      assert.match(run(folder, check), /no mistake was found/);
    });

    for (const name of ["v86", "qemu"] as const) {
      it(`says the same on serial line and screen in ${name}`, {
        skip: skipReason(name),
      }, async () => {
        const machine = openMachine(name, { kernel: kernel(), commandLine: "", memoryMiB: 16 });
        try {
          await machine.start();
          assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
          const serial = machine.serial.text().trimEnd().split(/\r?\n/);
          assert.equal(serial.length, LINES.length, serial.join("\n"));
          for (const [index, line] of LINES.entries()) assert.match(serial[index] ?? "", line);
          assert.deepEqual((await machine.screen()).slice(0, LINES.length), serial);
        } finally {
          await machine.close();
        }
      });
    }

    const noDebugger = unlessInstalled("gdb") || skipReason("qemu");
    it("stops under gdb at a breakpoint, in its source", { skip: noDebugger }, async () => {
      const [name, file, text] = stop;
      const socket = join(parent, "gdb");
      const options = { kernel: kernel(), commandLine: "", memoryMiB: 16 };
      const machine = openMachine("qemu", options, { debuggerAt: `unix:${socket}` });
      const gdb = new GdbSession(join("build", "kernel.elf"), folder);
      try {
        await machine.start();
        await gdb.ask(`target remote ${socket}`);
        await gdb.ask(`hbreak ${name}`);
        assert.match(await gdb.ask("continue"), new RegExp(`Breakpoint 1, .*${name}`));
        const lines = readFileSync(join(folder, file), "utf8").split("\n");
        const first = lines.findIndex((line) => line.includes(text)) + 1;
        const line = Number(/Line (\d+) of /.exec(await gdb.ask("info line"))?.[1]);
        assert.ok(line >= first && line <= first + 3, `line ${line}, the function's is ${first}`);
      } finally {
        await gdb.close();
        await machine.close();
      }
    });

    if (!mistake) return;
    it("has a task whose matcher finds mistakes in its sources", () => {
      const [file, text] = mistake;
      const path = join(folder, file);
      const before = readFileSync(path, "utf8");
      writeFileSync(path, `${before}${text}export function broken(): u32 {\n  return wrong;\n}\n`);
      const [program = "", ...words] = build;
      const { stdout, stderr, status } = spawnSync(program, words, {
        cwd: folder,
        encoding: "utf8",
      });
      writeFileSync(path, before);
      assert.notEqual(status, 0);
      const tasks = JSON.parse(readFileSync(join(folder, ".vscode", "tasks.json"), "utf8"));
      const { pattern } = tasks.tasks[0].problemMatcher[1];
      const found = `${stdout}${stderr}`.split("\n").map((line) => line.match(pattern.regexp));
      const [place] = found.filter((match) => match !== null);
      assert.equal(place?.[pattern.file], file);
      assert.equal(Number(place?.[pattern.line]), before.split("\n").length);
      assert.equal(place?.[pattern.severity], "error");
    });
  });
}

describe("isthmus init", () => {
  it("refuses a folder that is not empty, and touches nothing in it", async () => {
    const folder = join(parent, "full");
    mkdirSync(folder);
    writeFileSync(join(folder, "kernel.c"), "mine");
    const { status, stderr } = await isthmus(["init", folder, "--language", "c"]);
    assert.equal(status, 2);
    assert.match(stderr, /CLI020.*full is not empty: it has kernel\.c\n.*Name an empty folder/);
    assert.deepEqual(readdirSync(folder), ["kernel.c"]);
    assert.equal(readFileSync(join(folder, "kernel.c"), "utf8"), "mine");
  });

  it("refuses a file", async () => {
    writeFileSync(join(parent, "file"), "");
    const { status, stderr } = await isthmus(["init", "file"], { directory: parent });
    assert.equal(status, 2);
    assert.match(stderr, /CLI020.*file is a file/);
  });

  it("makes a kernel where one is, if there is nothing but a .git", async () => {
    const folder = join(parent, "cloned");
    mkdirSync(join(folder, ".git"), { recursive: true });
    const words = ["init", ".", "--language", "rust"];
    const { status, stdout } = await isthmus(words, { directory: folder });
    assert.equal(status, 0);
    assert.match(stdout, /^made \., a kernel in Rust: 11 files\nnext: .*make run\n$/);
  });

  it("says how to install isthmus, unless it is in the PATH or in a folder above", async () => {
    const next = async (directory: string, PATH: string) => {
      const words = ["init", "new", "--language", "c"];
      const { stdout } = await isthmus(words, { directory, environment: { PATH } });
      rmSync(join(directory, "new"), { recursive: true });
      return stdout.split("\n")[1];
    };
    const bin = join(parent, "bin");
    const beside = join(parent, "beside", "node_modules", ".bin");
    for (const folder of [bin, beside]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "isthmus"), "");
    }
    const missing = `next: cd new && npm install --prefix . ${INSTALLATION} && make run`;
    assert.equal(await next(parent, "/nowhere"), missing);
    assert.equal(await next(parent, beside), missing, "npx puts this into the PATH");
    assert.equal(await next(parent, bin), "next: cd new && make run");
    assert.equal(await next(join(parent, "beside"), "/nowhere"), "next: cd new && make run");
  });

  it("wants a name, and a language that it knows", async () => {
    assert.match((await isthmus(["init"])).stderr, /CLI001.*needs the name of a folder/);
    const { stderr } = await isthmus(["init", "x", "--language", "pascal"]);
    assert.match(stderr, /CLI001.*pascal, not one of typescript, c, c\+\+, rust/);
  });
});

describe("the templates", () => {
  for (const language of LANGUAGES) {
    it(`leave no gap in a text, whatever the kernel's name: ${language}`, () => {
      const name = `Bob's "best" \\ kernel`;
      const files = kernelFiles({ language, name, install: "npm install x" });
      for (const [path, text] of files) {
        assert.doesNotMatch(text, /\{\{/, path);
        if (path.endsWith(".json")) JSON.parse(text);
      }
      assert.match(files.get("README.md") ?? "", /Bob's "best"/);
      assert.ok(files.has(".gitignore") && files.has(".vscode/launch.json"));
    });
  }
});
