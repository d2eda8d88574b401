// Kernels that nobody here wrote, built with their own Makefiles and linked by GNU ld and by
// isthmus-ld: is what they load the same, what does `check` say, and do they boot as they did?
//
//   node --import ./bin/loader.js tools/foreign-kernels.ts DIR [--no-boot] [NAME…]
//
// DIR has a checkout of each, in a folder of its name; what is missing is left out. Each is built
// twice in one temporary folder, because paths end up in kernels, and nothing in DIR changes. Exit
// status: 0 all are the same; 1 one is not, or was not built; 2 DIR has none of them.

import { countText } from "../src/base/count-text";
import "./report-errors";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type ProgramFacts, programFacts } from "../test/link/by-script/program-facts";

interface Recipe {
  readonly repository: string;
  /** What it is written in, and for which machine. */
  readonly kind: string;
  /** Shell commands; $LD is the linker, and its folder has it under the name `ld`. */
  readonly build: readonly string[];
  /** The linked files that are compared; the first is the kernel. */
  readonly files: readonly string[];
  /** What is booted, if not the first of them. */
  readonly bootFile?: string;
  /** How `isthmus run --kernel` boots it; absent: not at all, it needs a disk of its own. */
  readonly boot?: readonly string[];
}

/** What makes gcc of today build a kernel of its time, unless its Makefile says so itself. */
const PLAIN = "-fno-pic -fno-pie -fno-stack-protector -fcommon";
const XV6_FLAGS = `-fno-pic -static -fno-builtin -fno-strict-aliasing -O2 -MD -ggdb -m32
  -fno-omit-frame-pointer -fno-stack-protector -fno-pie -no-pie`.replaceAll(/\s+/g, " ");
/** The distribution's compiler has the core library for i386. */
const RUST = "RUSTC_BOOTSTRAP=1 $RUSTC --crate-type=staticlib --crate-name kernel";
const RUST_FLAGS = "--edition 2015 -C panic=abort -C relocation-model=static -O Kernel/main.rs";
const rust = (machine: string, target: string, bits: number, flags: string) => [
  `${RUST} --target ${target} --cfg arch__${machine} ${flags} ${RUST_FLAGS} -o kernel.a`,
  `gcc -m${bits} -c Kernel/arch/${machine}/start.S -o start.o`,
  `$LD -m elf_${bits === 32 ? "i386" : "x86_64"} -o kernel -T Kernel/arch/${machine}/link.ld ` +
    "--gc-sections -z max-page-size=0x1000 start.o kernel.a",
];

const RECIPES: Readonly<Record<string, Recipe>> = {
  "xv6-public": {
    repository: "mit-pdos/xv6-public",
    kind: "C, i386",
    build: [`make LD=$LD CFLAGS="${XV6_FLAGS}" xv6.img fs.img`],
    files: ["kernel", "bootblock.o", "bootblockother.o", "initcode.out", "_sh", "_usertests"],
    boot: ["--machine", "qemu"],
  },
  Fiwix: {
    repository: "mikaku/Fiwix",
    kind: "C, i386",
    build: ["sed -i 's/`date -u`/today/' Makefile", "make LD=$LD"],
    files: ["fiwix"],
    boot: ["--machine", "qemu"],
  },
  levos7: {
    repository: "levex/levos7",
    kind: "C, i386",
    // Its scripts are for Python 2, and link it a second time with a table of symbols.
    build: [
      "sed -i 's/print finalstr.strip()/print(finalstr.strip())/' gen_config_line.py",
      `make CC="gcc -m32 ${PLAIN}" AS="gcc -m32" OBJCOPY=objcopy ` +
        'LD="gcc -m32 -B$(dirname $LD)/ -no-pie -static -Wl,--build-id=none" kernel.img || ' +
        "test -e kernel.img",
    ],
    files: ["kernel.img"],
    boot: ["--machine", "qemu"],
  },
  basekernel: {
    repository: "dthain/basekernel",
    kind: "C, i386",
    build: ['make -C kernel KERNEL_LD="$LD -melf_i386" kernel bootblock'],
    files: ["kernel/kernel.elf", "kernel/bootblock.elf"],
  },
  MentOS: {
    repository: "mentos-team/MentOS",
    kind: "C, i386",
    build: ["cmake -B b -DCMAKE_LINKER=$LD", "cmake --build b -t bootloader.bin"],
    files: ["b/mentos/kernel.bin"],
    // It holds the file of the kernel, whose symbol table need not be in GNU ld's order.
    bootFile: "b/mentos/bootloader.bin",
    boot: ["--machine", "qemu", "--memory", "1024"],
  },
  wyoos: {
    repository: "AlgorithMan-de/wyoos",
    kind: "C++, i386",
    build: ["PATH=$(dirname $LD):$PATH make mykernel.bin"],
    files: ["mykernel.bin"],
    boot: ["--machine", "qemu"],
  },
  NOVA: {
    repository: "udosteinberg/NOVA",
    kind: "C++, x86-64, microkernel",
    build: ["make ARCH=x86_64 COMP=gcc PREFIX_x86_64= TGT_LD=$LD"],
    files: ["build-x86_64/x86_64-nova"],
    boot: ["--machine", "qemu"],
  },
  "rust-barebones-kernel": {
    repository: "thepowersgang/rust-barebones-kernel",
    kind: "Rust, i386",
    build: rust("x86", "i686-unknown-linux-gnu", 32, ""),
    files: ["kernel"],
    boot: ["--machine", "qemu"],
  },
  "rust-barebones-kernel-64": {
    repository: "thepowersgang/rust-barebones-kernel",
    kind: "Rust, x86-64",
    build: rust("amd64", "x86_64-unknown-linux-gnu", 64, "-C code-model=kernel"),
    files: ["kernel"],
    boot: ["--machine", "grub"],
  },
};

const BIN = resolve("bin");
const BOOT_SECONDS = 12;
const OURS = join(BIN, "isthmus-ld.js");

/** What one linker made of a kernel. */
interface Build {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Why there are none. */
  readonly problem: string | undefined;
}

interface Row {
  readonly name: string;
  readonly commit: string;
  readonly linked: string;
  readonly equal: string;
  readonly check: string;
  readonly boots: string;
}

const HEADINGS: Row = {
  ...{ name: "kernel", commit: "commit", linked: "linked" },
  ...{ equal: "as GNU ld", check: "check", boots: "boots" },
};
const COLUMNS = ["name", "commit", "linked", "equal", "check", "boots"] as const;

function main(words: readonly string[]): number {
  const [folder = ".", ...names] = words.filter((word) => !word.startsWith("--"));
  const wanted = Object.entries(RECIPES).filter(
    ([name, { repository }]) =>
      (names.length === 0 || names.includes(name)) &&
      existsSync(checkout(folder, name, repository)),
  );
  if (wanted.length === 0) {
    process.stderr.write(`foreign-kernels: ${folder} has no checkout of any of them\n`);
    return 2;
  }
  const rows: Row[] = [];
  for (const [name, recipe] of wanted) {
    const place = checkout(folder, name, recipe.repository);
    rows.push(tryKernel(name, place, recipe, !words.includes("--no-boot")));
    process.stderr.write(`${name}: ${rows.at(-1)?.equal}\n`);
  }
  printTable(rows);
  return rows.every(({ equal }) => equal === "yes") ? 0 : 1;
}

/** A checkout has the name of the recipe or of its repository. */
function checkout(folder: string, name: string, repository: string): string {
  const own = join(folder, name);
  return existsSync(own) ? own : join(folder, repository.replace(/^.*\//, ""));
}

function tryKernel(name: string, source: string, recipe: Recipe, boots: boolean): Row {
  const commit = output("git", ["-C", source, "rev-parse", "--short=10", "HEAD"]).trim();
  const head = { name: `${name} (${recipe.kind})`, commit };
  const folder = mkdtempSync(join(tmpdir(), "isthmus-foreign-"));
  try {
    const theirs = build(source, folder, recipe, "/usr/bin/ld");
    const ours = build(source, folder, recipe, OURS);
    const problem = theirs.problem ?? ours.problem;
    if (problem !== undefined) {
      const linked = theirs.problem === undefined ? problem : `not by GNU ld: ${problem}`;
      return { ...head, linked, equal: "no", check: "", boots: "" };
    }
    const kernel = bootFile(recipe);
    const path = join(folder, "tree", kernel);
    return {
      ...head,
      linked: "yes",
      equal: differences(recipe, ours, theirs) || "yes",
      check: checkVerdict(path),
      boots: boots && recipe.boot ? bootVerdict(path, theirs.files.get(kernel), recipe.boot) : "",
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function build(source: string, folder: string, recipe: Recipe, linker: string): Build {
  const tree = join(folder, "tree");
  rmSync(tree, { recursive: true, force: true });
  cpSync(source, tree, { recursive: true, verbatimSymlinks: true });
  const tools = join(folder, "tools");
  rmSync(tools, { recursive: true, force: true });
  output("mkdir", ["-p", tools]);
  symlinkSync(linker, join(tools, "ld"));
  // The time of day ends up in kernels, too.
  const fixed = { LD: join(tools, "ld"), SOURCE_DATE_EPOCH: "0", LC_ALL: "C" };
  const env = { RUSTC: "/usr/bin/rustc", ...process.env, ...fixed };
  for (const command of recipe.build) {
    const { status, stderr, stdout } = spawnSync("bash", ["-c", command], {
      cwd: tree,
      encoding: "utf8",
      env,
      maxBuffer: 2 ** 28,
    });
    if (status === 0) continue;
    const lines = `${stdout}${stderr}`.trim().split("\n");
    const problem = lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "";
    return { files: new Map(), problem };
  }
  const names = [...new Set([...recipe.files, bootFile(recipe)])];
  const files = names.map((name) => [name, readFileSync(join(tree, name))] as const);
  return { files: new Map(files), problem: undefined };
}

function bootFile({ bootFile: given, files }: Recipe): string {
  return given ?? files[0] ?? "";
}

/** In which respects which files differ; empty: in none. */
function differences({ files }: Recipe, ours: Build, theirs: Build): string {
  const found = files.flatMap((name) => {
    const [a, b] = [ours, theirs].map((made) => factsOf(made.files.get(name), name));
    if (!a || !b) return [name];
    const keys = Object.keys(a) as (keyof ProgramFacts)[];
    const different = keys.filter((key) => String(a[key]) !== String(b[key]));
    return different.length === 0 ? [] : [`${name}: ${different.join(", ")}`];
  });
  return found.join("; ");
}

function factsOf(bytes: Uint8Array | undefined, name: string): ProgramFacts | undefined {
  return bytes && programFacts(bytes, name);
}

function isthmus(...words: string[]) {
  const options = { encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  return spawnSync(process.execPath, [join(BIN, "isthmus.js"), ...words], options);
}

/** How many findings of which severity. */
function checkVerdict(path: string): string {
  const { stdout } = isthmus("check", path);
  const counts = ["error", "warning", "note"].map((severity) => {
    const count = stdout.match(new RegExp(`\\b${severity}\\[`, "g"))?.length ?? 0;
    return count === 0 ? "" : countText(count, severity);
  });
  return counts.filter((text) => text !== "").join(", ") || "clean";
}

/** Whether both kernels do the same, and the last line that they say. */
function bootVerdict(
  path: string,
  theirs: Uint8Array | undefined,
  options: readonly string[],
): string {
  const reference = `${path}.gnu`;
  if (theirs) output("tee", [reference], theirs);
  const [ours, other] = [path, reference].map((file) => boot(file, options));
  const said = ours?.said || "nothing on screen or serial line";
  // What moves over the screen is never twice the same, so only whether it says anything counts.
  const isSame = ours?.status === other?.status && !ours?.said === !other?.said;
  return `${isSame ? "as GNU ld's" : "differently"}: ${said}`;
}

function boot(path: string, options: readonly string[]) {
  const words = ["--kernel", path, "--force", "--timeout", String(BOOT_SECONDS), "--screen", "-"];
  const { status, stdout } = isthmus("run", ...words, ...options);
  const lines = stdout.split("\n").map((line) => line.trim());
  const said = lines.filter((line) => /[A-Za-z]{3}/.test(line)).at(-1) ?? "";
  return { status, said: said.slice(0, 60) };
}

function output(program: string, words: readonly string[], input?: Uint8Array): string {
  return spawnSync(program, words, { encoding: "utf8", ...(input && { input }) }).stdout ?? "";
}

function printTable(rows: readonly Row[]): void {
  const all = [HEADINGS, ...rows];
  const widths = COLUMNS.map((column) => Math.max(...all.map((row) => row[column].length)));
  for (const row of all) {
    const cells = COLUMNS.map((column, index) => row[column].padEnd(widths[index] ?? 0));
    process.stdout.write(`${cells.join("  ").trimEnd()}\n`);
  }
}

process.exitCode = main(process.argv.slice(2));
