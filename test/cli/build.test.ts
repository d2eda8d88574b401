// `isthmus build` on a project of three small files: what is built, and what is built again.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { INSTALLATION } from "../../src/cli/project";
import { readElf } from "../../src/link/elf/read";
import { readArchive } from "../../src/machine/initramfs";
import { isthmus } from "./isthmus";

const root = mkdtempSync(join(tmpdir(), "isthmus-test-"));

const FILES: Readonly<Record<string, string>> = {
  "package.json": '{ "type": "module" }\n',
  "kernel/main.ts": `import { word } from "./word";
export function kernelMain(): u32 {
  return word() + 1;
}
`,
  "kernel/word.ts": "export function word(): u32 {\n  return 41;\n}\n",
  "kernel/log/abort.ts":
    "export function abort(message: usize, file: usize, line: u32, column: u32): void {}\n",
  "kernel/start.asm.ts": `export default function start(a) {
  a.section(".boot", { execute: true });
  a.long(0x1badb002);
  a.long(0);
  a.long(-0x1badb002 >>> 0);
  a.function("_start", () => {
    a.call("kernelMain");
    a.hlt();
  });
}
`,
  "kernel/layout.ts": `export const layout = {
  name: "kernel",
  boot: "multiboot",
  regions: { kernel: { start: 0x100000, end: 0x400000 } },
  sections: [
    { name: ".boot", permissions: "rx", keep: true },
    { name: ".text", address: 0x110000 },
    { name: ".rodata" },
    { name: ".data", inputs: [{ sections: "*" }] },
  ],
};
`,
  "user/root/etc/motd": "hello\n",
};

interface Report {
  readonly units: readonly { title: string; built: boolean }[];
  readonly files: readonly { path: string; bytes: number }[];
}

async function build(...words: string[]): Promise<Report> {
  const { status, stdout, stderr } = await isthmus(["build", "--json", ...words], {
    directory: root,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Report;
}

function write(path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe("isthmus build", () => {
  before(() => {
    for (const [path, text] of Object.entries(FILES)) write(path, text);
  });
  after(() => rmSync(root, { recursive: true }));

  it("compiles, assembles and links the project that it is in", async () => {
    const { units } = await build();
    assert.deepEqual(
      units.map(({ title, built }) => [title, built]),
      [["kernel", true]],
    );
    const elf = readElf(readFileSync(join(root, "build/kernel.elf")), "kernel.elf");
    assert.ok(elf.symbols.some(({ name }) => name === "kernelMain"));
    assert.match(readFileSync(join(root, "build/kernel.map"), "utf8"), /\.boot/);
  });

  it("packs the files of user/root into the initramfs", () => {
    const archive = readArchive(readFileSync(join(root, "build/initramfs.cpio")));
    assert.deepEqual(
      archive.map(({ name }) => name),
      ["etc", "etc/motd"],
    );
  });

  it("does nothing when nothing has changed", async () => {
    assert.equal((await build()).units[0]?.built, false);
    const { stdout } = await isthmus(["build"], { directory: root });
    assert.equal(stdout, "everything is up to date\n");
  });

  it("says which kernel it builds where there is none", async () => {
    const empty = mkdtempSync(join(tmpdir(), "isthmus-empty-"));
    try {
      const elsewhere = await isthmus(["syscalls"], { directory: empty });
      assert.ok(elsewhere.stderr.includes(`the kernel of ${INSTALLATION}\n`), elsewhere.stderr);
      const here = await isthmus(["build"], { directory: root });
      assert.equal(here.stderr, "");
    } finally {
      rmSync(empty, { recursive: true });
    }
  });

  it("builds again when a source, imported or not, or an output differs", async () => {
    write("kernel/word.ts", "export function word(): u32 {\n  return 42;\n}\n");
    assert.equal((await build()).units[0]?.built, true, "an imported source");
    write("kernel/layout.ts", `${FILES["kernel/layout.ts"]}\n// changed\n`);
    assert.equal((await build()).units[0]?.built, true, "the layout");
    rmSync(join(root, "build/kernel.map"));
    assert.equal((await build()).units[0]?.built, true, "an output");
    assert.equal((await build("--force")).units[0]?.built, true, "--force");
    assert.equal((await build()).units[0]?.built, false);
  });

  it("keeps what was built before when there is no room for what replaces it", async () => {
    const before = readFileSync(join(root, "build/kernel.elf"));
    write("kernel/word.ts", "export function word(): u32 {\n  return 43;\n}\n");
    const command = `ulimit -f 1; node ${join(INSTALLATION, "bin/isthmus.js")} build`;
    const { status, stderr } = spawnSync("bash", ["-c", command], { cwd: root, encoding: "utf8" });
    assert.equal(status, 2);
    assert.match(stderr, /CLI007\S*: \S*kernel\.elf cannot be written: the file would be larger/);
    assert.deepEqual(readFileSync(join(root, "build/kernel.elf")), before);
    const left = readdirSync(join(root, "build")).filter((name) => /partial|lock/.test(name));
    assert.deepEqual(left, []);
    assert.equal((await build()).units[0]?.built, true);
  });

  it("names the line of an assembly module that fails", async () => {
    write("kernel/start.asm.ts", `${FILES["kernel/start.asm.ts"]}`.replace("a.hlt", "a.hult"));
    const { status, stderr } = await isthmus(["build"], { directory: root });
    assert.equal(status, 2);
    assert.match(stderr, /^kernel\/start\.asm\.ts:8: error\[CLI006\]: .*hult/m);
    write("kernel/start.asm.ts", FILES["kernel/start.asm.ts"] ?? "");
  });

  it("names the source and the line of an error, and exits with 2", async () => {
    write("kernel/word.ts", "export function word(): u32 {\n  return missing;\n}\n");
    const { status, stderr } = await isthmus(["build"], { directory: root });
    assert.equal(status, 2);
    assert.match(stderr, /^kernel\/word\.ts:2:\d+: error\[/m);
    assert.doesNotMatch(stderr, /\n\s+at /, "a stack trace");
    const again = await isthmus(["build"], { directory: root });
    assert.equal(again.status, 2, "a failed build is not up to date");
  });
});
