// The kernel compiled at each level and in each of the compiler's stress modes: it boots, keeps the
// nine laws, and withstands the abuse suite. Programs are the usual ones.
//
// ALL_MODES=1 npm test -- kernel/modes takes minutes: CI does so, else one mode is tried.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { auditRun } from "../../src/cli/audit";
import { kernelParts } from "../../src/cli/build-kernel";
import type { KernelMode } from "../../src/cli/kernel-steps";
import { findProject, INSTALLATION } from "../../src/cli/project";
import { SourceLog } from "../../src/cli/source-log";
import { link } from "../../src/link/link";
import { elfFile } from "../../src/link/output/elf-files";
import { encodeCommandLine } from "../../src/machine/command-line";
import { MODES } from "../compile/modes";
import { skipReason } from "../machine/installed";
import { build, runProgram } from "./booted-kernel";

/** Other programs take turns with it: processes that compute, call, fork and exit. */
const AUDITED = ["churn"];

const tryAll = process.env.CI === "true" || process.env.ALL_MODES !== undefined;
/** The kernel's memory is the machine's: it has no module's of its own. */
const KERNEL_MODES = Object.entries(MODES).filter(([, { ownMemory }]) => !ownMemory);
/** The code that differs most from the usual. */
const SHARE = "with every value in memory";

async function compileKernel(mode: KernelMode): Promise<Uint8Array> {
  const { objects, layout } = await kernelParts(INSTALLATION, new SourceLog(INSTALLATION), mode);
  return elfFile(link(objects, layout));
}

for (const machine of ["qemu", "v86"] as const) {
  describe(`the kernel on ${machine}, compiled`, { skip: skipReason(machine) }, () => {
    for (const [name, mode] of KERNEL_MODES) {
      // One emulator suffices for the long suite; the other shows that the kernel boots there too.
      const skip = !tryAll && name !== SHARE && "ALL_MODES=1 is not set";
      it(`${name}, keeps what it promises`, { skip }, async () => {
        const kernel = await compileKernel(mode);
        const { initramfs } = await build();
        const commandLine = encodeCommandLine(["quiet"], AUDITED);
        const options = { kernel, initramfs, commandLine, memoryMiB: 64 };
        const project = findProject(INSTALLATION);
        const { ok, laws } = await auditRun({ machine, options, kernelPath: name, project }, 2);
        const broken = laws.filter(({ verdict }) => verdict === "broken");
        assert.deepEqual([ok, broken], [true, []]);
        if (machine === "v86") return;
        const { ending, output } = await runProgram(machine, ["abuse"], { kernel });
        assert.doesNotMatch(output, /^FAIL/m);
        assert.match(output, /^\d+ passed, 0 failed/m);
        assert.deepEqual(ending, { kind: "exit", status: 0 });
      });
    }
  });
}
