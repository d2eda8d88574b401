// Prints how long system calls and faults take on this kernel and on Linux, in the same QEMU.
//
//   npm run bench:time -- --linux VMLINUZ [options]
//
//   --linux VMLINUZ   this Linux for i386, once with page-table isolation (pti=on) and once without
//                     (pti=off). Debian's is in linux-image-686-pae: apt-get download, then
//                     dpkg -x FILE DIR; DIR/boot/vmlinuz-…
//   --rounds N        boots each kernel N times, in turn; the default is 3
//   --json            prints one JSON document instead of the table
//
// Figures are thousands of cycles of the host's processor, the shortest of all samples. QEMU
// translates code, and each load of CR3 empties the TLB that it keeps: so these are times of an
// emulator, and say nothing of a processor. They have no limits; `npm run bench` counts
// instructions and has them.

import "../tools/report-errors";
import { execFileSync } from "node:child_process";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { Diagnostic } from "../src/base/diagnostic";
import { INSTALLATION } from "../src/cli/project";
import { encodeCommandLine } from "../src/machine/command-line";
import { requireKernel } from "./kernel/count";
import { TIMED_ROWS, timeRows } from "./kernel/time";

const { values } = parseArgs({
  options: {
    linux: { type: "string" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
if (values.linux === undefined) {
  throw new Diagnostic(
    "BENCH008",
    "there is no Linux to compare with",
    "Name a kernel for i386: npm run bench:time -- --linux DIR/boot/vmlinuz-6.1.0-…-686-pae",
  );
}
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new Diagnostic(
    "BENCH009",
    `${values.rounds} is no number of rounds`,
    "Give 1 or more, as in --rounds 5.",
  );
}
requireKernel(values.linux);

execFileSync(process.execPath, [join(INSTALLATION, "bin", "isthmus.js"), "build"], {
  cwd: INSTALLATION,
});
const linuxOptions = "console=ttyS0 quiet norandmaps";
const kernels = [
  {
    name: "Isthmus",
    file: join(INSTALLATION, "build", "kernel.elf"),
    commandLine: encodeCommandLine(["quiet"], ["/init"]),
  },
  { name: "pti=on", file: values.linux, commandLine: `${linuxOptions} pti=on` },
  { name: "pti=off", file: values.linux, commandLine: `${linuxOptions} pti=off` },
];
const times = timeRows(kernels, rounds, (text) => process.stderr.write(`bench: ${text}\n`));
console.log(values.json ? json() : table());

function table(): string {
  const lines = TIMED_ROWS.map(({ id, what }) => {
    const [ours = 0, on = 0, off = 0] = times.get(id) ?? [];
    const cycles = [ours, on, off].map((each) => (each / 1000).toFixed(1).padStart(10));
    const ratios = [ours / on, ours / off].map((each) => each.toFixed(2).padStart(8));
    return what.padEnd(46) + cycles.join("") + ratios.join("");
  });
  const heads = kernels.map(({ name }) => name.padStart(10)).join("");
  const title = `${"thousands of cycles".padEnd(46)}${heads}${"of on".padStart(8)}${"of off".padStart(8)}`;
  return [`Linux is ${basename(values.linux ?? "")}`, "", title, ...lines].join("\n");
}

function json(): string {
  const rows = TIMED_ROWS.map(({ id, what }) => {
    const [isthmus, ptiOn, ptiOff] = times.get(id) ?? [];
    return { id, what, cycles: { isthmus, ptiOn, ptiOff } };
  });
  return JSON.stringify({ linux: basename(values.linux ?? ""), rounds, rows }, null, 2);
}
