// isthmus-ld: GNU ld's command line, by itself and as the linker of build systems.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { INSTALLATION } from "../../src/cli/project";
import { readElf } from "../../src/link/elf/read";
import { programFacts } from "../link/by-script/program-facts";
import { run, rustc, unlessInstalled, unlessRust } from "../link/tools";

const LD = join(INSTALLATION, "bin", "isthmus-ld.js");
const SCRIPT = `ENTRY (start) SECTIONS { . = 1M; .text : { *(.text*) } .rodata : { *(.rodata*) }
  .data : { *(.data*) } .bss : { *(.bss*) *(COMMON) } kernel_end = .; }`;
const START = '.globl start\nstart: call kmain\n hlt\n.section .note.GNU-stack, "", @progbits\n';
const KERNEL = "int count; int kmain(void) { return count++; }\n";

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The cargo that belongs to the Rust compiler: others ask it for what it does not know. */
function cargo(): string {
  const program = rustc()?.program ?? "rustc";
  return program.includes("/") ? join(dirname(program), "cargo") : "cargo";
}

describe("isthmus-ld", { skip: unlessInstalled("gcc") }, () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  const write = (name: string, text: string) => writeFileSync(file(name), text);

  const spawn = (
    program: string,
    words: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Outcome => {
    const options = { cwd: folder, encoding: "utf8", env: { ...process.env, ...env } } as const;
    const { status, stdout, stderr } = spawnSync(program, words, options);
    return { status, stdout, stderr };
  };
  const ld = (...words: string[]) => spawn(process.execPath, [LD, ...words]);
  /** The outcome of a build that must succeed. */
  const build = (program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const outcome = spawn(program, words, env);
    assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
    return outcome;
  };
  /** What GNU ld makes of the same words. */
  const facts = (name: string) => programFacts(readFileSync(file(name)), name);
  const compare = (...words: string[]) => {
    assert.deepEqual(ld(...words, "-o", "ours.elf"), { status: 0, stdout: "", stderr: "" });
    build("ld", ["--no-warn-rwx-segments", ...words, "-o", "gnu.elf"]);
    assert.deepEqual(facts("ours.elf"), facts("gnu.elf"));
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "isthmus-ld-"));
    symlinkSync(LD, file("ld"));
    write("kernel.ld", SCRIPT);
    write("names.ld", "kernel_end = 5;");
    write("start.s", START);
    write("kernel.c", KERNEL);
    run("gcc", "-m32", "-c", file("start.s"), "-o", file("start.o"));
    const options = ["-m32", "-ffreestanding", "-fno-pic", "-fno-pie", "-O1"];
    run("gcc", ...options, "-c", file("kernel.c"), "-o", file("kernel.o"));
    run("ar", "rcs", file("libkernel.a"), file("kernel.o"));
    run("ar", "rcs", file("libstart.a"), file("start.o"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("takes the options of kernels' Makefiles, with GNU ld's result", () => {
    const objects = ["start.o", "kernel.o"];
    compare("-melf_i386", "-T", "kernel.ld", "-nostdlib", "-z", "noexecstack", ...objects);
    compare("-m", "elf_i386", "-N", "-e", "start", "-Ttext", "0x7C00", ...objects);
    compare("-m", "elf_i386", "-Tkernel.ld", "--gc-sections", "start.o", "-L.", "-lkernel");
    compare("-melf_i386", "-Tkernel.ld", "start.o", "--start-group", "libkernel.a", "--end-group");
    compare("-melf_i386", "-Tkernel.ld", "libstart.a", "libkernel.a");
    compare("-melf_i386", "--defsym=extra=start+4", "-static", "-estart", ...objects);
    compare("-melf_i386", "-z", "max-page-size=0x200000", "-Tkernel.ld", "-n", ...objects);
    compare("-melf_i386", "-Tnames.ld", "-estart", ...objects);
    compare("-melf_i386", "-Tkernel.ld", "-e", "0100", ...objects);
  });

  it("names what it does not support, and what to do instead", () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [
        ["-shared", "start.o"],
        /CLI031\]: -shared is not supported\n {2}help: A kernel is a static/,
      ],
      [["--wrap=malloc", "start.o"], /CLI031\]: --wrap=malloc is not supported/],
      [["-m", "elf32lppc", "start.o"], /CLI031\]: -m elf32lppc is not supported/],
      [["-z", "ibtplt", "start.o"], /CLI031\]: -z ibtplt is not supported/],
      [["--oformat=srec", "start.o"], /CLI031\]: --oformat srec is not supported/],
      [["--gc-section", "start.o"], /CLI032\]: there is no option --gc-section\n.*--gc-sections\?/],
      [["start.o", "-o"], /CLI032\]: -o needs a value/],
      [["-Ttext=here", "start.o"], /CLI032\]: the address here cannot be understood/],
      [["-r", "-T", "kernel.ld", "start.o"], /CLI031\]: -r with -T or --gc-sections/],
      [
        ["-m", "elf_x86_64", "start.o"],
        /CLI032\]: -m asks for x86-64, but the objects are for i386/,
      ],
      [["-lmissing", "start.o"], /CLI030\]: there is no libmissing.a in no folder/],
      [["-z", "max-page-size=0", "start.o"], /CLI032\]: -z max-page-size=0 cannot be under/],
      [["-z", "common-page-size=3", "start.o"], /CLI032\]: -z common-page-size=3 cannot be/],
      [["-z", "max-page-size=0x100000000", "start.o"], /\n.*a power of two up to 0x40000000/],
      [["--defsym=a=1;b=2", "start.o"], /CLI032\]: --defsym=a=1;b=2 cannot be understood/],
      [["--defsym=ENTRY(start)", "start.o"], /CLI032\]: --defsym=ENTRY\(start\) cannot be/],
      [["start.o", "-o", "./start.o"], /CLI032\]: \.\/start\.o is an input and an output/],
      [["start.o", "-Map=kernel.ld", "-T", "kernel.ld"], /CLI032\]: kernel\.ld is an input and/],
      [[], /CLI032\]: no input files were given/],
    ];
    for (const [words, expected] of cases) {
      const { status, stderr } = ld(...words);
      assert.equal(status, 1, words.join(" "));
      assert.match(stderr, expected);
    }
  });

  it("takes words from response files, quoted ones too", () => {
    write("words", `-m elf_i386 -T "kernel.ld"\n'start.o' kernel.o -o fro\\m\\ words.elf`);
    build(process.execPath, [LD, "@words"]);
    assert.equal(facts("from words.elf").entry, "100000");
    write("loop", "start.o @loop");
    const { status, stderr } = ld("@loop");
    assert.equal(status, 1);
    assert.match(stderr, /CLI032\]: @loop is nested more than 10 deep/);
  });

  it("says its version as tools look for it, and the script that it obeys", () => {
    assert.match(ld("-v").stdout, /^isthmus-ld \d+\.\d+\.\d+ \(compatible with GNU ld 2/);
    assert.match(ld("-V").stdout, /\n {3}elf_i386\n/);
    assert.match(ld("--verbose").stdout, /SECTIONS \{[\s\S]*\.text :/);
    assert.match(ld("--help").stdout, /^isthmus-ld: links with the command line of GNU ld/);
  });

  it("links partially: the result means the same in a later link", () => {
    const objects = [file("start.o"), file("kernel.o")];
    build(process.execPath, [LD, "-r", "start.o", "kernel.o", "-o", "partial.o"]);
    run("ld", "-m", "elf_i386", "-r", ...objects, "-o", file("reference.o"));
    for (const name of ["partial", "reference"]) {
      const words = ["-m", "elf_i386", "-T", file("kernel.ld"), file(`${name}.o`)];
      run("ld", "--no-warn-rwx-segments", ...words, "-o", file(`${name}.elf`));
    }
    assert.deepEqual(facts("partial.elf"), facts("reference.elf"));
  });

  it("writes flat images, build IDs, maps and the use of memory", () => {
    const words = ["-m", "elf_i386", "start.o", "kernel.o", "-o"];
    write(
      "memory.ld",
      `MEMORY { ram : ORIGIN = 1M, LENGTH = 1M } SECTIONS { .all : { *(.text)
      . = ALIGN (1K); *(.data .bss .rodata* .eh_frame .comment) } >ram }`,
    );
    const flat = ["--oformat", "binary", "--print-memory-usage", "-Tmemory.ld", "-estart"];
    const { stdout } = build(process.execPath, [LD, ...flat, ...words, "flat.bin"]);
    assert.match(stdout, /ram: +1\d\d\d B +1 MB +0\.1\d%/);
    assert.ok(readFileSync(file("flat.bin")).length >= 1024);
    build(process.execPath, [LD, "--build-id=0xfeed", "-Map=m.map", ...words, "id.elf", "-estart"]);
    const { sections } = readElf(readFileSync(file("id.elf")), "id.elf");
    const note = sections.find(({ name }) => name === ".note.gnu.build-id");
    assert.deepEqual([...(note?.bytes.subarray(16) ?? [])], [0xfe, 0xed]);
    const map = readFileSync(file("m.map"), "utf8");
    assert.match(map, /^\.text +0x08049000 +0x[0-9a-f]+$/m);
    assert.match(map, /^ \.text +0x08049000 +0x[0-9a-f]+ start\.o\n {16}0x08049000 {16}start$/m);
  });

  it("is the linker of a Makefile in which only LD changed", {
    skip: unlessInstalled("make"),
  }, () => {
    write(
      "Makefile",
      [
        "LD = ld",
        "made.elf: start.o kernel.o",
        "\t$(LD) -m elf_i386 -T kernel.ld -o $@ $^",
        "",
      ].join("\n"),
    );
    build("make", ["-B", "-o", "start.o", "-o", "kernel.o", `LD=${file("ld")}`, "made.elf"]);
    assert.equal(facts("made.elf").entry, "100000");
  });

  it("is the linker of gcc -B", () => {
    const words = ["-B", folder, "-m32", "-nostdlib", "-no-pie", "-Wl,--build-id=none"];
    build("gcc", [...words, "-T", "kernel.ld", "start.o", "kernel.o", "-lgcc", "-o", "gcc.elf"]);
    run(
      "gcc",
      ...words.slice(2),
      "-T",
      file("kernel.ld"),
      file("start.o"),
      file("kernel.o"),
      "-o",
      file("gnu.elf"),
    );
    assert.deepEqual(facts("gcc.elf"), facts("gnu.elf"));
  });

  it("is the linker of a CMake project", { skip: unlessInstalled("cmake") }, () => {
    write(
      "CMakeLists.txt",
      `cmake_minimum_required(VERSION 3.16)
      set(CMAKE_SYSTEM_NAME Generic)
      set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
      project(kernel C)
      set(CMAKE_C_FLAGS "-m32 -ffreestanding -fno-pic -fno-pie")
      set(CMAKE_C_LINK_EXECUTABLE "<CMAKE_LINKER> <LINK_FLAGS> <OBJECTS> -o <TARGET>")
      add_executable(cmake.elf kernel.c)
      set_target_properties(cmake.elf PROPERTIES LINK_FLAGS
        "-m elf_i386 -T \${CMAKE_SOURCE_DIR}/kernel.ld \${CMAKE_SOURCE_DIR}/start.o")`,
    );
    build("cmake", ["-S", ".", "-B", "cmake", `-DCMAKE_LINKER=${file("ld")}`]);
    build("cmake", ["--build", "cmake"]);
    assert.equal(facts("cmake/cmake.elf").entry, "100000");
  });

  it("is the linker of a Meson project", { skip: unlessInstalled("meson") }, () => {
    write(
      "meson.build",
      `project('kernel', 'c')
      arguments = ['-B' + meson.current_source_dir(), '-m32', '-nostdlib', '-static', '-no-pie']
      script = meson.current_source_dir() / 'kernel.ld'
      executable('meson.elf', 'kernel.c', objects: 'start.o', c_args: ['-m32', '-ffreestanding',
        '-fno-pic', '-fno-pie'], link_args: arguments + ['-Wl,-T,' + script,
        '-Wl,--build-id=none'])`,
    );
    build("meson", ["setup", "meson"]);
    build("meson", ["compile", "-C", "meson"]);
    assert.equal(facts("meson/meson.elf").entry, "100000");
  });

  it("is the linker of cargo", { skip: unlessRust() || unlessInstalled(cargo()) }, () => {
    write(
      "main.rs",
      `#![no_std]\n#![no_main]
      #[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
      static mut COUNT: u32 = 1;
      #[no_mangle] pub extern "C" fn start() -> ! { unsafe { COUNT += 1 }; loop {} }\n`,
    );
    write(
      "Cargo.toml",
      `[package]\nname = "kernel"\nversion = "0.1.0"\nedition = "2021"
      [[bin]]\nname = "kernel"\npath = "main.rs"
      [profile.dev]\npanic = "abort"\n`,
    );
    const target = "i686-unknown-linux-gnu";
    const flags = [
      "-Clinker-flavor=ld",
      "-Crelocation-model=static",
      `-Clink-arg=-T${file("kernel.ld")}`,
    ];
    build(cargo(), ["build", "--offline", "--target", target], {
      RUSTC: rustc()?.program ?? "rustc",
      RUSTFLAGS: [...flags, `-Clinker=${file("ld")}`].join(" "),
      CARGO_TARGET_DIR: file("target"),
    });
    assert.match(facts(`target/${target}/debug/kernel`).symbols.join("\n"), /^start 100/m);
  });
});
