import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before, describe, it } from "node:test";
import { linkEntry } from "../../../src/machine/initramfs";
import type { MachineName } from "../../../src/machine/machine";
import { skipReason } from "../../machine/installed";
import { mountingMissing } from "../../mount-namespace";
import { NativePrograms, nativeMissing } from "../../user/native-program";
import { runProgram } from "../booted-kernel";
import { chainOfLinks } from "./chain-of-links";

// One program asks for everything (user/calls.ts); it expects what Linux answers.

/** Programs that ask in a folder of their own. */
const IN_FOLDERS = [
  ["files", "files"],
  ["copying, and files without names,", "copies"],
  ["memory", "maps"],
  ["processes, in /proc,", "proc"],
  ["users and limits", "users"],
  ["mounts", "mounts"],
  ["sockets", "sockets"],
] as const;
/** Programs that are told where they are, if anything. */
const OTHERS = [
  ["signals", "signals", []],
  ["events", "events", []],
  ["processor time", "timing", []],
  ["terminals", "terminals", []],
  ["sessions", "sessions", ["sessions"]],
] as const;
/** What the kernel says of a process that it ends. */
const KILLED = /^(?:maps|signals)\[\d+\] killed by .*\n {2}at .*\n/gm;
const GOOD = /^\d+ answers, 0 of them wrong\n$/;

describe("system calls", () => {
  const programs = new NativePrograms();
  before(async () => {
    await programs.build("calls", ...[...IN_FOLDERS, ...OTHERS].map(([, name]) => name));
    for (const [name, target] of chainOfLinks("calls")) {
      symlinkSync(target, `${programs.folder}/${name}`);
    }
  });
  after(() => programs.remove());

  it("are answered by the host's Linux as expected", { skip: nativeMissing() }, () => {
    const { output, status } = programs.run("calls", [
      `${programs.folder}/calls`,
      `${programs.folder}/chain`,
    ]);
    assert.match(output, GOOD);
    assert.equal(status, 0);
  });

  for (const [what, name] of IN_FOLDERS) {
    const title = `about ${what} are answered by the host's Linux as expected`;
    const isApart = name === "mounts";
    it(title, { skip: nativeMissing() || (isApart && mountingMissing()) }, () => {
      const folder = mkdtempSync(`${tmpdir()}/isthmus-${name}-`);
      try {
        const { output, status } = isApart
          ? programs.runApart(name, [folder])
          : programs.run(name, [folder]);
        assert.match(output, GOOD);
        assert.equal(status, 0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  for (const [what, name, paths] of OTHERS) {
    const title = `about ${what} are answered by the host's Linux as expected`;
    it(title, { skip: nativeMissing() }, () => {
      const words = paths.map((path) => `${programs.folder}/${path}`);
      const { output, status } =
        // It expects the number of a pseudoterminal that is closed to be the next one's.
        name === "terminals" ? programs.runAmongOwnPtys(name, words) : programs.run(name, words);
      assert.match(output, GOOD);
      assert.equal(status, 0);
    });
  }

  for (const machine of ["v86", "qemu"] as const satisfies readonly MachineName[]) {
    const skip = skipReason(machine);
    it(`are answered by our kernel the same way, on ${machine}`, { skip }, async () => {
      const links = chainOfLinks("calls").map(([name, to]) => linkEntry(`bin/${name}`, to));
      const files = [programs.entry("calls"), ...links];
      const program = ["calls", "/bin/calls", "/bin/chain"];
      const { ending, output } = await runProgram(machine, program, { files });
      assert.match(output.replace(/^kernel: calls\[1\]: no system call.*\n/gm, ""), GOOD);
      assert.deepEqual(ending, { kind: "exit", status: 0 });
    });

    for (const [what, name, paths] of OTHERS) {
      const title = `about ${what} are answered by our kernel the same way, on ${machine}`;
      it(title, { skip }, async () => {
        // No test sets the host's clock.
        const more = name === "timing" ? ["set"] : paths.map((path) => `/bin/${path}`);
        const program = [name, ...more];
        const { ending, output } = await runProgram(machine, program, {
          files: [programs.entry(name)],
        });
        assert.match(output.replace(KILLED, ""), GOOD);
        assert.deepEqual(ending, { kind: "exit", status: 0 });
      });
    }

    for (const [what, name] of IN_FOLDERS) {
      const title = `about ${what} are answered by our kernel the same way, on ${machine}`;
      it(title, { skip }, async () => {
        const { ending, output } = await runProgram(machine, [name, "/tmp"], {
          files: [programs.entry(name)],
        });
        assert.match(output.replace(KILLED, ""), GOOD);
        assert.deepEqual(ending, { kind: "exit", status: 0 });
      });
    }
  }
});
