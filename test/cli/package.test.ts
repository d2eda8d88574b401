// The package as its users get it: packed or from git or from a clone, installed into an empty
// folder with a name that needs quoting, and used there from plain JavaScript, from TypeScript, in
// a browser and as a command. The package is packed once for all tests.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, test } from "node:test";
import { INSTALLATION } from "../../src/cli/project";
import { patchV86 } from "../../src/machine/v86-patch";
import { shippedV86Wasm } from "../../src/machine/v86-wasm";
import { bundleForBrowsers, linkInPage, START_OBJECT } from "../link/in-browser";

/** In bytes, without dependencies. */
const INSTALLED_MAX = 25_000_000;
const FROM_CACHE = ["--prefer-offline", "--no-audit", "--no-fund"];
/** A file in build/ that no build has made. */
const FOREIGN = "foreign";
/** Where the sources are packed: a clone without a history. */
let source = "";
/** Where the package is installed. */
let user = "";
let tarball = "";
const folders: string[] = [];

function folder(): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "isthmus pück 包 "));
  folders.push(path);
  return path;
}

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in `directory`; returns what it says, and fails if it fails. */
function ask(directory: string, program: string, ...args: string[]): Answer {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: directory,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", XDG_CACHE_HOME: join(source, "cache") },
  });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return { stdout, stderr };
}

/** The same; returns only what it prints. */
function run(directory: string, program: string, ...args: string[]): string {
  return ask(directory, program, ...args).stdout;
}

/** Installs the package into `directory` as a user would. */
function install(directory: string, from: string): void {
  writeFileSync(join(directory, "package.json"), '{ "name": "user", "private": true }');
  run(directory, "npm", "install", ...FROM_CACHE, from);
}

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(user, name), content);
  return name;
}

before(() => {
  // Packing builds dist/, which must not happen in the folder that other tests run in.
  source = folder();
  const skipped = /[\\/](node_modules|\.git|build|dist)([\\/]|$)/;
  cpSync(INSTALLATION, source, {
    recursive: true,
    filter: (path) => !skipped.test(path.slice(INSTALLATION.length)),
  });
  symlinkSync(join(INSTALLATION, "node_modules"), join(source, "node_modules"), "junction");
  // What is built already need not be built for the package.
  run(INSTALLATION, process.execPath, "bin/isthmus.js", "build");
  cpSync(join(INSTALLATION, "build"), join(source, "build"), { recursive: true });
  // Nor is what else is kept there.
  writeFileSync(join(source, "build", FOREIGN), "kept by a test");
  user = folder();
  run(source, "npm", "pack", "--silent", "--pack-destination", user);
  tarball = join(user, readdirSync(user)[0] ?? "");
  install(user, tarball);
  write("start.o", START_OBJECT);
});

after(() => {
  for (const path of folders) rmSync(path, { recursive: true });
});

/** What is in a folder, with sizes and times: it changes with whatever is written there. */
function inventory(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const { size, mtimeMs } = lstatSync(join(path, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}

describe("npx isthmus run in an empty folder", () => {
  const boots = (directory: string) => {
    const { stdout, stderr } = ask(directory, "npx", "--no", "isthmus", "run", "--", "hello");
    assert.match(stdout, /^Hello from TypeScript in ring 3/);
    return stderr;
  };

  it("boots what the tarball carries, and writes nothing", () => {
    const before = inventory(user);
    const installed = join(user, "node_modules", "isthmus");
    const why = "isthmus: no kernel/main.ts here or above, so this is the kernel of";
    assert.equal(boots(user), `${why} ${installed}\n`);
    assert.deepEqual(inventory(user), before);
    assert.equal(existsSync(join(source, "cache")), false);
  });

  it("boots what the clone has built that it was installed from by its path", () => {
    const directory = folder();
    install(directory, source);
    const before = inventory(join(source, "build"));
    assert.doesNotMatch(boots(directory), /built/);
    assert.deepEqual(inventory(join(source, "build")), before);
  });

  it("boots what npm built when it installed from git", () => {
    const repository = folder();
    const ignored = /[\\/](node_modules|build|dist|test|cache)([\\/]|$)/;
    cpSync(source, repository, {
      recursive: true,
      filter: (path) => !ignored.test(path.slice(source.length)),
    });
    run(repository, "git", "init", "--quiet");
    run(repository, "git", "add", "--all");
    const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    run(repository, "git", ...author, "commit", "--quiet", "--message", "All");
    const directory = folder();
    install(directory, `git+file://${encodeURI(repository)}`);
    assert.doesNotMatch(boots(directory), /built/);
    assert.ok(existsSync(join(directory, "node_modules/isthmus/dist/types/index.d.ts")));
  });
});

const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"];
const isRoot = process.getuid?.() === 0;
const whyAlone = isRoot ? false : "only root can be another user";

describe("an installation of root's, used by another user", { skip: whyAlone }, () => {
  let prefix = "";
  let scratch = "";
  const asNobody = (...words: string[]) => {
    const home = ["HOME=/nonexistent", "XDG_CACHE_HOME=", `TMPDIR=${scratch}`];
    const command = [process.execPath, join(prefix, "bin", "isthmus"), ...words];
    return ask(scratch, "setpriv", ...NOBODY, "env", ...home, ...command);
  };

  before(() => {
    prefix = folder();
    scratch = folder();
    chmodSync(prefix, 0o755);
    chmodSync(scratch, 0o777);
    run(user, "npm", "install", "--global", "--prefix", prefix, ...FROM_CACHE, tarball);
  });

  it("boots, and writes nothing", () => {
    const before = inventory(prefix);
    assert.match(asNobody("run", "--", "hello").stdout, /^Hello/);
    assert.deepEqual(inventory(prefix), before);
  });

  it("is built in that user's own cache once its sources are others", () => {
    rmSync(join(prefix, "lib", "node_modules", "isthmus", "user", "programs.ts"));
    const before = inventory(prefix);
    const { stdout, stderr } = asNobody("build");
    const cache = join(scratch, "isthmus-65534");
    assert.match(
      stderr,
      /\/nonexistent\/\.cache\/isthmus cannot be used: permission is denied; so/,
    );
    assert.ok(stderr.includes(`so this builds in ${cache}/`), stderr);
    assert.match(stdout, /kernel\.elf\n.*initramfs\.cpio\nbuilt 1 of 1\n$/s);
    assert.equal(lstatSync(cache).mode & 0o777, 0o700);
    assert.equal(asNobody("build").stdout, "everything is up to date\n");
    assert.deepEqual(inventory(prefix), before);
  });
});

test("plain Node imports the library", () => {
  const program = write(
    "use.mjs",
    `import { readFileSync } from "node:fs";
     import { check, elfFile, link, readElf, readInput } from "isthmus";
     const image = link([readInput(readFileSync("start.o"), "start.o")], { name: "kernel" });
     const { entry } = readElf(elfFile(image), "kernel.elf");
     const { findings } = check(elfFile(image), "kernel.elf");
     console.log(entry, Array.isArray(findings));`,
  );
  assert.equal(run(user, process.execPath, program), "1048576 true\n");
});

test("v86's WebAssembly is in the package, patched and with its licence", () => {
  const dist = join(user, "node_modules", "isthmus", "dist");
  const shipped = readFileSync(shippedV86Wasm());
  assert.ok(readFileSync(join(dist, "v86.wasm")).equals(patchV86(shipped)));
  assert.match(readFileSync(join(dist, "v86.LICENSE"), "utf8"), /Copyright/);
});

test("manual pages and the kernels of init are in the package", () => {
  const manual = join(user, "node_modules", "isthmus", "dist", "man");
  assert.match(readFileSync(join(manual, "isthmus-run.1"), "utf8"), /^\.TH ISTHMUS\\-RUN 1 /);
  run(user, "npx", "--no", "isthmus", "init", "kernel", "--language", "c");
  assert.match(readFileSync(join(user, "kernel", ".gitignore"), "utf8"), /^build\/$/m);
});

test("the page is in the package, which stays small", () => {
  const installed = join(user, "node_modules", "isthmus");
  const sizes = readdirSync(installed, { recursive: true, encoding: "utf8" }).map(
    (name) => lstatSync(join(installed, name)).size,
  );
  const size = sizes.reduce((sum, each) => sum + each, 0);
  assert.equal(existsSync(join(installed, "dist", "system", FOREIGN)), false);
  assert.ok(size < INSTALLED_MAX, `${size} bytes`);
  run(user, "npx", "--no", "isthmus", "web", "--build", "page");
  // All that the page keeps for use without a network is there, and so are the compilers.
  const page = (name: string) => readFileSync(join(user, "page", name));
  const precached = /\["\.\/",("[^\]]*")\]/.exec(page("sw.js").toString())?.[1] ?? "";
  const names = JSON.parse(`[${precached}]`) as string[];
  assert.ok(names.includes("source-editor.js") && names.includes("build/user/hello.elf"));
  for (const name of [...names, "compile/worker.js", "compile/binaryen.js"]) page(name);
  assert.deepEqual(page("build/kernel.elf"), readFileSync(join(source, "build", "kernel.elf")));
});

test("TypeScript checks a user's file against the declarations, library files included", () => {
  const file = write(
    "use.mts",
    `import { type CheckReport, check, type Layout, link, type LinkedImage } from "isthmus";
     const layout: Layout = { regions: { kernel: { start: 0x100000 } } };
     export const image: LinkedImage = link([], layout);
     export const report: CheckReport = check(new Uint8Array(0), "kernel.elf");
     // @ts-expect-error A region is a record.
     export const wrong: Layout = { regions: { kernel: 7 } };
     // @ts-expect-error There is no such field.
     export const gone = image.elephant;`,
  );
  const tsc = join(INSTALLATION, "node_modules", "typescript", "bin", "tsc");
  for (const moduleResolution of ["nodenext", "bundler"]) {
    const module = moduleResolution === "bundler" ? "esnext" : moduleResolution;
    const compilerOptions = { strict: true, noEmit: true, target: "es2022", types: [] };
    const options = { compilerOptions: { ...compilerOptions, module, moduleResolution } };
    write("tsconfig.json", JSON.stringify({ ...options, files: [file] }));
    run(user, process.execPath, tsc);
  }
});

test("the library can be bundled, and the bundle runs without Node", async () => {
  const stdin = { contents: `export * from "isthmus";`, resolveDir: user };
  assert.equal(linkInPage(await bundleForBrowsers({ stdin })), 0x100000);
});

test("npx isthmus links, with a layout in TypeScript, and checks", () => {
  write(
    "isthmus.layout.ts",
    `import type { Layout } from "isthmus";
     export const layout: Layout = { regions: { kernel: { start: 0x200000 } } };`,
  );
  const npx = (...words: string[]) => run(user, "npx", "--no", "isthmus", ...words);
  const linked = JSON.parse(npx("link", "--json", "start.o", "-o", "kernel.elf")) as {
    entry: number;
  };
  assert.equal(linked.entry, 0x200000);
  assert.match(npx("explain", "--list"), /^LAY001 /);
  assert.match(npx("link", "--help"), /npx isthmus link/);
});

test("the package compiles TypeScript to a program, sources and all", () => {
  write("answer.ts", "export function main(): i32 { return 42; }\n");
  run(user, "npx", "--no", "isthmus", "compile", "answer.ts", "-o", "answer");
});

test("an installed command is the bundle: it does not read the linker's sources", () => {
  rmSync(join(user, "node_modules", "isthmus", "src", "link"), { recursive: true });
  run(user, "npx", "--no", "isthmus", "link", "start.o", "-o", "kernel.elf");
});
