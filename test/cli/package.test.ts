// The package as its users get it: packed, installed into an empty folder, and used there from
// plain JavaScript, from TypeScript, in a browser and as a command.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { INSTALLATION } from "../../src/cli/project";
import { patchV86 } from "../../src/machine/v86-patch";
import { shippedV86Wasm } from "../../src/machine/v86-wasm";
import { bundleForBrowsers, linkInPage, START_OBJECT } from "../link/in-browser";

/** Where the package is installed. */
let user = "";
const folders: string[] = [];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "isthmus-package-"));
  folders.push(path);
  return path;
}

/** Runs a program in `directory`; returns what it prints, and fails if it fails. */
function run(directory: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: directory,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(user, name), content);
  return name;
}

before(() => {
  // Packing builds dist/, which must not happen in the folder that other tests run in.
  const source = folder();
  const skipped = /[\\/](node_modules|\.git|build|dist|test|bench|examples)([\\/]|$)/;
  cpSync(INSTALLATION, source, {
    recursive: true,
    filter: (path) => !skipped.test(path.slice(INSTALLATION.length)),
  });
  symlinkSync(join(INSTALLATION, "node_modules"), join(source, "node_modules"), "junction");
  user = folder();
  run(source, "npm", "pack", "--silent", "--pack-destination", user);
  const [tarball = ""] = readdirSync(user);
  write("package.json", '{ "name": "user", "private": true }');
  run(user, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`);
  write("start.o", START_OBJECT);
});

after(() => {
  for (const path of folders) rmSync(path, { recursive: true });
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
