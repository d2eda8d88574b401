// Each breach turns its law red, and putting the words back turns it green again.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { audit, LAW_TITLES, type LawResult } from "../../src/inspect/audit";
import { type BootedFiles, readBootedFiles } from "../../src/inspect/booted-files";
import { BREACHES, poke } from "../../src/inspect/breaches";
import { userPointersAreAllegations } from "../../src/inspect/law-of-pointers";
import { findSpaces } from "../../src/inspect/spaces";
import { StepSession } from "../../src/inspect/step-session";
import { V86Machine } from "../../src/machine/v86";
import { readV86Wasm } from "../../src/machine/v86-wasm";
import { addressOf, build } from "../kernel/booted-kernel";

const SOURCES = new Map([
  ["memory/user-memory.ts", "…"],
  ["syscall/process.ts", "…"],
]);

describe("breaches of the laws", () => {
  let machine: V86Machine;
  let files: BootedFiles;

  before(async () => {
    const built = await build();
    const options = { kernel: built.kernelFile, initramfs: built.initramfs, memoryMiB: 16 };
    machine = new V86Machine({ ...options, commandLine: "quiet -- churn" }, readV86Wasm);
    files = readBootedFiles(
      { kernel: built.kernelFile, initramfs: built.initramfs },
      "kernel.elf",
      undefined,
    );
    await machine.start({ stopped: true });
    const session = new StepSession(machine, addressOf(built.kernel, "exit_iret"));
    assert.ok(await session.runUntil({ kind: "call" }));
  });

  after(() => machine.close());

  function judge(sources = SOURCES): Promise<LawResult[]> {
    return machine.inspect((snapshot) => {
      const spaces = findSpaces(snapshot, files.image);
      const userPointers = userPointersAreAllegations(sources);
      return audit({ spaces, files, userPointers, ending: undefined });
    });
  }

  it("exist for each law", () => {
    const laws = BREACHES.map(({ law }) => law);
    assert.deepEqual(
      laws,
      LAW_TITLES.map((_, index) => index + 1),
    );
  });

  for (const { law, title, plan, source, run } of BREACHES) {
    it(`law ${law}: ${title}`, async () => {
      const verdict = async (sources?: Map<string, string>) =>
        (await judge(sources)).find(({ number }) => number === law);
      if (source) {
        const edited = new Map(SOURCES).set(source.path, source.lines);
        assert.equal((await verdict(edited))?.verdict, "broken");
        return;
      }
      const planned = await machine.inspect((snapshot) =>
        plan?.(findSpaces(snapshot, files.image), files),
      );
      assert.ok(planned);
      const { pokes, va } = planned;
      const back = await machine.inspect(({ memory }) => poke(memory, pokes));
      if (run === undefined) {
        const broken = await verdict();
        assert.equal(broken?.verdict, "broken", broken?.why);
        assert.ok(broken.offences.some((offence) => offence.va === va));
      } else {
        const code = await machine.inspect(({ memory }) => memory.word(pokes[0]?.pa ?? 0));
        assert.equal((code ?? 0) & 0xffff, 0x0b0f, "ud2");
      }
      await machine.inspect(({ memory }) => poke(memory, back));
      assert.notEqual((await verdict())?.verdict, "broken");
    });
  }
});
