// Prints the kernel's numbers beside those of its rivals.
//
//   npm run bench [-- --json] [--linux VMLINUZ]
//
//   --linux VMLINUZ   also counts the instructions of a system call of this Linux, for i386, with
//                     page-table isolation (pti=on). Debian's is in linux-image-686-pae:
//                     apt-get download, then dpkg -x FILE DIR; DIR/boot/vmlinuz-…
//
// Instruction counts are exact: QEMU executes one instruction at a time. Times are of this machine
// and of this moment: compare the ratio of a run, not the seconds of two. A rival's number that
// this run does not measure is marked "quoted", with where it comes from.

import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PAGE_SIZE, USER_END } from "../src/abi/memory-map";
import { SystemCall } from "../src/abi/syscalls";
import { INSTALLATION } from "../src/cli/project";
import { readElfImage, symbolAddress } from "../src/inspect/elf-image";
import { readElf } from "../src/link/elf/read";
import type { Layout } from "../src/link/layout/layout";
import { link } from "../src/link/link";
import { writeElf } from "../src/link/output/write-elf";
import { encodeCommandLine } from "../src/machine/command-line";
import { fileEntry, writeArchive } from "../src/machine/initramfs";
import type { BootOptions } from "../src/machine/machine";
import { openMachine } from "../src/machine/open-machine";
import { bootDirectly, QemuMachine } from "../src/machine/qemu";
import { assembleModule } from "../src/x86/assembler";
import { eax } from "../src/x86/registers";

interface Row {
  readonly what: string;
  readonly ours: number;
  readonly unit: string;
  readonly rival?: { readonly name: string; readonly value: number; readonly quoted: boolean };
  /** The most that is acceptable. */
  readonly limit?: number;
}

const BUILD = join(INSTALLATION, "build");
const COMMAND = join(INSTALLATION, "bin", "isthmus.js");
const LINUX = "Linux 6.1 i386 with PTI";
const KIB = 1024;
const CALLS = 3;
/** Where Linux's one program is linked. */
const LINUX_PROGRAM = 0x0804_8000;

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, linux: { type: "string" } },
});

const rows: Row[] = [
  await coldBuild(),
  await warmBuild(),
  imageSize(),
  sharedPages(),
  userSpace(),
  await nullSystemCall(),
  await firstUserInstruction(),
];
if (values.json) console.log(JSON.stringify(rows, null, 2));
else for (const row of rows) console.log(format(row));
const missed = rows.filter(({ ours, limit }) => limit !== undefined && ours > limit);
for (const { what } of missed) process.stderr.write(`bench: ${what} is beyond its limit\n`);
process.exitCode = missed.length > 0 ? 1 : 0;

async function coldBuild(): Promise<Row> {
  const ours = await seconds(["build", "--force"]);
  return { what: "cold build of kernel and user programs", ours, unit: "s", limit: 15 };
}

async function warmBuild(): Promise<Row> {
  return { what: "warm build", ours: await seconds(["build"]), unit: "s" };
}

/** What a boot loader reads: the bytes of the loadable segments. */
function imageSize(): Row {
  const { segments } = readElf(readFileSync(join(BUILD, "kernel.elf")), "kernel.elf");
  const bytes = segments.reduce((total, { fileSize }) => total + fileSize, 0);
  const rival = values.linux
    ? { name: "Linux, compressed", value: statSync(values.linux).size / KIB, quoted: false }
    : { name: "Linux 6.1", value: 8 * KIB, quoted: true };
  return { what: "kernel image", ours: bytes / KIB, unit: "KiB", rival, limit: 128 };
}

function sharedPages(): Row {
  const image = kernelImage();
  const start = symbolAddress(image, "trampoline_text_start") ?? 0;
  const rival = { name: "FreeBSD i386 4/4", value: 4 * KIB, quoted: true };
  const ours = (2 ** 32 - start) / KIB;
  return { what: "shared between kernel and user", ours, unit: "KiB", rival, limit: 12 };
}

function userSpace(): Row {
  const rival = { name: "Linux i386", value: 3 * KIB * KIB, quoted: true };
  const ours = (USER_END - PAGE_SIZE) / KIB;
  return { what: "user address space", ours, unit: "KiB", rival };
}

async function nullSystemCall(): Promise<Row> {
  const what = "null system call (getppid)";
  const program = readElfImage(readFileSync(join(BUILD, "user", "crossing.elf")), "crossing");
  const call = symbolAddress(program, "crossing_int80") ?? 0;
  const ours = await countCall({ ...bootOptions(["crossing", "1000000"]), memoryMiB: 16 }, call);
  const rival = values.linux
    ? { name: LINUX, value: await countLinuxCall(values.linux), quoted: false }
    : { name: LINUX, value: 361, quoted: true };
  return { what, ours, unit: "instructions", rival, limit: 150 };
}

/** Instructions from the `int 0x80` at `address`, itself included, to the next of user mode. */
async function countCall(options: BootOptions, address: number): Promise<number> {
  const machine = new QemuMachine("qemu", options, { gdb: true }, bootDirectly);
  try {
    await machine.start();
    await machine.stop();
    const gdb = machine.gdb();
    await gdb.setBreakpoint(address);
    let least = Number.POSITIVE_INFINITY;
    // The first calls may find work that is done once.
    for (let call = 0; call < CALLS; call++) {
      await gdb.continue();
      let count = 0;
      for (let cs = 0; count === 0 || (cs & 3) === 0; count++) {
        await gdb.step();
        cs = (await gdb.registers()).cs ?? 0;
      }
      least = Math.min(least, count);
    }
    return least;
  } finally {
    await machine.close();
  }
}

/** The same for a Linux kernel, whose only program calls getppid for ever. */
async function countLinuxCall(kernel: string): Promise<number> {
  const layout: Layout = { regions: { program: { start: LINUX_PROGRAM } } };
  const init = assembleModule("init", (a) => {
    a.section(".text");
    a.function("_start", () => {
      a.mov(eax, SystemCall.getppid);
      a.global("call");
      a.int(0x80);
      a.jmp("_start");
    });
  });
  const image = link([init], layout);
  const call = image.symbols.find(({ name }) => name === "call");
  const options = {
    kernel: readFileSync(kernel),
    initramfs: writeArchive([fileEntry("init", writeElf(image), 0o755)]),
    commandLine: "pti=on quiet",
    memoryMiB: 256,
  };
  return countCall(options, call?.value ?? 0);
}

/** From the start of the command, warm, to the moment at which v86 is seen in ring 3. */
async function firstUserInstruction(): Promise<Row> {
  const begun = performance.now();
  const machine = openMachine("v86", bootOptions(["spin"]));
  try {
    await machine.start();
    await machine.inspectWhen(
      ({ cpl }) => cpl === 3,
      () => true,
      60_000,
    );
    const boot = (performance.now() - begun) / 1000;
    // What the command does before it boots: start Node, load itself, find the build up to date.
    const ours = boot + (await seconds(["build"]));
    return { what: "isthmus run to the first user instruction, v86", ours, unit: "s", limit: 2 };
  } finally {
    await machine.close();
  }
}

function bootOptions(program: readonly string[]) {
  return {
    kernel: readFileSync(join(BUILD, "kernel.elf")),
    initramfs: readFileSync(join(BUILD, "initramfs.cpio")),
    commandLine: encodeCommandLine(["quiet"], program),
    memoryMiB: 64,
  };
}

function kernelImage() {
  return readElfImage(readFileSync(join(BUILD, "kernel.elf")), "kernel.elf");
}

/** How long the command takes. */
function seconds(parameters: readonly string[]): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...parameters], {
      cwd: INSTALLATION,
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.on("error", reject);
    child.on("exit", (status) => {
      if (status === 0) resolve((performance.now() - begun) / 1000);
      else reject(new Error(`isthmus ${parameters.join(" ")} ended with status ${status}`));
    });
  });
}

function format({ what, ours, unit, rival, limit }: Row): string {
  const number = Number.isInteger(ours) ? String(ours) : ours.toFixed(ours < 10 ? 2 : 1);
  const own = `${what.padEnd(48)}${number.padStart(9)} ${unit.padEnd(13)}`;
  const most = limit === undefined ? "" : `limit ${limit}  `;
  if (!rival) return `${own}${most}`.trimEnd();
  const ratio = (ours / rival.value).toPrecision(2);
  const source = rival.quoted ? ", quoted" : "";
  return `${own}${most}${rival.name}: ${rival.value}${source}, ratio ${ratio}`;
}
