// The programs that this computer may have besides Node, and how each is recognised: what it is
// used for, what brings it, and whether it is there.
//
// Nothing here is needed for the default: v86, the compiler and the linker come with the package.

import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { findFirmware } from "../machine/firmware";

const PROBE_TIMEOUT_MS = 10_000;
const OLDEST_NODE = 20;

/** The systems for which the names of packages are known. */
export type System = "debian" | "fedora" | "arch" | "macos" | "windows";

/** How packages are installed there. */
export const INSTALLERS: Readonly<Record<System, string>> = {
  debian: "apt-get install",
  fedora: "dnf install",
  arch: "pacman -S",
  macos: "brew install",
  windows: "winget install",
};

export interface HostTool {
  readonly name: string;
  /** The end of the sentence "needed to …". */
  readonly use: string;
  /** What brings it: the words after the installer's, by system; none where there is no package. */
  readonly packages: Partial<Readonly<Record<System, string>>>;
  /** Its version, or a word for its presence; undefined: it is missing. */
  find(): Promise<string | undefined>;
}

/** What became of a tool. */
export interface Finding {
  readonly tool: HostTool;
  readonly version: string | undefined;
}

export const HOST_TOOLS: readonly HostTool[] = [
  {
    name: "node",
    use: "run everything",
    packages: { debian: "nodejs", fedora: "nodejs", arch: "nodejs", macos: "node" },
    find: async () => {
      const { node } = process.versions;
      return Number.parseInt(node, 10) >= OLDEST_NODE ? node : undefined;
    },
  },
  {
    name: "qemu",
    use: "boot with --machine qemu, debug with --gdb, audit NX and double faults",
    packages: {
      debian: "qemu-system-x86",
      fedora: "qemu-system-x86",
      arch: "qemu-system-x86",
      macos: "qemu",
      windows: "SoftwareFreedomConservancy.QEMU",
    },
    find: () => version("qemu-system-i386", ["--version"], /version (\S+)/),
  },
  {
    name: "grub",
    use: "make the image for --machine grub, with xorriso and mtools",
    packages: {
      debian: "grub-common grub-pc-bin",
      fedora: "grub2-tools-extra grub2-pc-modules",
      arch: "grub",
    },
    find: () => version("grub-mkrescue", ["--version"], /([\d.]+)\S*\s*$/m),
  },
  {
    name: "xorriso",
    use: "make the image for --machine grub",
    packages: { debian: "xorriso", fedora: "xorriso", arch: "libisoburn", macos: "xorriso" },
    find: () => version("xorriso", ["-version"], /version\s*:?\s*([\d.]+)/i),
  },
  {
    name: "mtools",
    use: "make the image for --machine grub",
    packages: { debian: "mtools", fedora: "mtools", arch: "mtools", macos: "mtools" },
    find: () => version("mformat", ["--version"], /mtools\)?\s+([\d.]+)/i),
  },
  {
    name: "gdb",
    use: "debug the kernel by its source lines: run --machine qemu --gdb",
    packages: { debian: "gdb", fedora: "gdb", arch: "gdb", macos: "i386-elf-gdb" },
    find: () => version("gdb", ["--version"], /([\d.]+)\s*$/m),
  },
  {
    name: "gcc -m32",
    use: "build kernels in C and C++: init --language c, c++",
    packages: { debian: "gcc g++", fedora: "gcc gcc-c++", arch: "gcc", macos: "i686-elf-gcc" },
    find: () => compiler("gcc"),
  },
  {
    name: "clang",
    use: "build kernels in C and C++, in place of gcc",
    packages: {
      debian: "clang",
      fedora: "clang",
      arch: "clang",
      macos: "llvm",
      windows: "LLVM.LLVM",
    },
    find: () => compiler("clang"),
  },
  {
    name: "rustc",
    use: "build kernels in Rust, with the core library for i686-unknown-linux-gnu",
    packages: {
      debian: "rustc libstd-rust-dev:i386",
      fedora: "rust rust-std-static-i686-unknown-linux-gnu",
      arch: "rustup",
      macos: "rustup",
      windows: "Rustlang.Rustup",
    },
    find: rust,
  },
  {
    name: "make",
    use: "build the kernels of init in C, C++ and Rust",
    packages: { debian: "make", fedora: "make", arch: "make", macos: "make" },
    find: () => version("make", ["--version"], /Make ([\d.]+)/),
  },
  {
    name: "ld",
    use: "link by the scripts of isthmus script --linker bfd, in place of isthmus link",
    packages: { debian: "binutils", fedora: "binutils", arch: "binutils", macos: "binutils" },
    find: () => version("ld", ["--version"], /([\d.]+)\s*$/m),
  },
  {
    name: "lld",
    use: "link by the scripts of isthmus script --linker lld",
    packages: { debian: "lld", fedora: "lld", arch: "lld", macos: "lld" },
    find: () => version("ld.lld", ["--version"], /LLD ([\d.]+)/),
  },
  {
    name: "ovmf",
    use: "boot by 64-bit UEFI: run --machine qemu --firmware uefi64",
    packages: { debian: "ovmf", fedora: "edk2-ovmf", arch: "edk2-ovmf", macos: "qemu" },
    find: async () => (findFirmware("uefi64") ? "present" : undefined),
  },
  {
    name: "ovmf-ia32",
    use: "boot by 32-bit UEFI: run --machine qemu --firmware uefi32",
    packages: {
      debian: "ovmf-ia32",
      fedora: "edk2-ovmf-ia32",
      arch: "edk2-ovmf",
      macos: "qemu",
    },
    find: async () => (findFirmware("uefi32") ? "present" : undefined),
  },
  {
    name: "kvm",
    use: "run QEMU at native speed by hand; the commands here emulate, so that runs repeat exactly",
    packages: {},
    find: async () => (isAccessible("/dev/kvm") ? "present" : undefined),
  },
];

/** Looks for all tools at once. */
export function findTools(): Promise<Finding[]> {
  return Promise.all(HOST_TOOLS.map(async (tool) => ({ tool, version: await tool.find() })));
}

/** What to type to get a tool on this system; undefined where no package is known. */
export function installCommand({ packages }: HostTool, system: System): string | undefined {
  const names = packages[system];
  return names === undefined ? undefined : `${INSTALLERS[system]} ${names}`;
}

/** The system of this computer, as far as its packages go; Debian's names are the best guess. */
export function thisSystem(platform = process.platform, release = osRelease()): System {
  if (platform === "darwin") return "macos";
  if (platform === "win32") return "windows";
  const families = /^ID(?:_LIKE)?=.*$/gm;
  const words = [...release.matchAll(families)].map(([line]) => line).join(" ");
  if (/\b(fedora|rhel|centos)\b/.test(words)) return "fedora";
  return /\barch\b/.test(words) ? "arch" : "debian";
}

function osRelease(): string {
  return existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
}

function isAccessible(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function version(
  program: string,
  words: readonly string[],
  pattern: RegExp,
): Promise<string | undefined> {
  const output = await outputOf(program, words);
  return output === undefined ? undefined : (pattern.exec(output)?.[1] ?? "present");
}

/** A compiler counts if it makes objects for i386, which not every one does. */
async function compiler(program: string): Promise<string | undefined> {
  const words = ["-m32", "-ffreestanding", "-fsyntax-only", "-x", "c", "-"];
  const compiled = await outputOf(program, words, "int kernel_main(void) { return 0; }\n");
  return compiled === undefined ? undefined : version(program, ["-dumpversion"], /(\S+)/);
}

/** rustc counts if it has the core library for i386. */
async function rust(): Promise<string | undefined> {
  const target = "i686-unknown-linux-gnu";
  const folder = await outputOf("rustc", ["--print", "target-libdir", "--target", target]);
  if (folder === undefined || !existsSync(folder.trim())) return undefined;
  return version("rustc", ["--version"], /rustc (\S+)/);
}

/** What a program prints; undefined if it is not there, fails, or does not end. */
function outputOf(
  program: string,
  words: readonly string[],
  input = "",
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { timeout: PROBE_TIMEOUT_MS, stdio: "pipe" });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.once("error", () => resolve(undefined));
    child.once("close", (status) => resolve(status === 0 ? output : undefined));
  });
}
