// What the tour says holds of our kernel, and no longer once a byte of the trampoline is another.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SystemCall } from "../../src/abi/linux/i386";
import { audit } from "../../src/inspect/audit";
import { type BootedFiles, readBootedFiles } from "../../src/inspect/booted-files";
import { BREACHES, poke } from "../../src/inspect/breaches";
import { userPointersAreAllegations } from "../../src/inspect/law-of-pointers";
import { pagingMode } from "../../src/inspect/paging-format";
import { translate } from "../../src/inspect/resolve";
import {
  type CallState,
  type Claim,
  SCENE_CLAIMS,
  type SceneName,
  sectionReader,
} from "../../src/inspect/scene-claims";
import { findSpaces } from "../../src/inspect/spaces";
import { StepSession } from "../../src/inspect/step-session";
import { V86Machine } from "../../src/machine/v86";
import { readV86Wasm } from "../../src/machine/v86-wasm";
import { addressOf, build } from "../kernel/booted-kernel";

const NAMES = Object.keys(SCENE_CLAIMS) as SceneName[];

describe("the claims of the tour", () => {
  let machine: V86Machine;
  let session: StepSession;
  let files: BootedFiles;
  let kernelFile: Uint8Array;
  let call: CallState[];

  before(async () => {
    const built = await build();
    kernelFile = built.kernelFile;
    const options = { kernel: kernelFile, initramfs: built.initramfs, memoryMiB: 16 };
    machine = new V86Machine({ ...options, commandLine: "quiet -- crossing" }, readV86Wasm);
    files = readBootedFiles(options, "kernel.elf", undefined);
    await machine.start({ stopped: true });
    session = new StepSession(machine, addressOf(built.kernel, "exit_iret"));
    assert.ok(await session.runUntil({ kind: "call", number: SystemCall.getppid }));
    assert.equal((await machine.registers()).eax, SystemCall.getppid);
    call = await follow();
  });

  after(() => machine.close());

  async function follow(): Promise<CallState[]> {
    const states: CallState[] = [await machine.registers()];
    do {
      assert.ok(await session.forward());
      states.push(await machine.registers());
    } while (states.at(-1)?.cpl === 0);
    return states;
  }

  function claims(name: SceneName): Promise<Claim[]> {
    return machine.inspect((snapshot) => {
      const spaces = findSpaces(snapshot, files.image);
      const userPointers = userPointersAreAllegations(new Map());
      return SCENE_CLAIMS[name]({
        spaces,
        files,
        sectionBytes: sectionReader(kernelFile),
        call,
        audit: () => audit({ spaces, files, userPointers, ending: undefined }),
      });
    });
  }

  async function broken(name: SceneName): Promise<string[]> {
    return (await claims(name)).filter(({ holds }) => !holds).map(({ text }) => text);
  }

  for (const name of NAMES.filter((each) => each !== "pointers" && each !== "breach")) {
    it(`hold: ${name}`, async () => {
      assert.ok((await claims(name)).length > 1);
      assert.deepEqual(await broken(name), []);
    });
  }

  it("hold once a page more is shared, and not before", async () => {
    assert.equal((await broken("breach")).length, 2);
    const plan = BREACHES.find(({ law }) => law === 1)?.plan;
    const pokes = await machine.inspect(
      (snapshot) => plan?.(findSpaces(snapshot, files.image), files).pokes ?? [],
    );
    const back = await machine.inspect(({ memory }) => poke(memory, pokes));
    assert.deepEqual(await broken("breach"), []);
    await machine.inspect(({ memory }) => poke(memory, back));
  });

  it("hold before a write, whose pointer is the program's", async () => {
    assert.ok(await session.runUntil({ kind: "call", number: SystemCall.write }));
    assert.deepEqual(await broken("pointers"), []);
  });

  it("do not hold of a trampoline in which any one byte is another", async () => {
    const page = addressOf(files.image, "vector_stubs");
    for (const offset of [0, addressOf(files.image, "exit_iret") - page]) {
      const pa = await machine.inspect(({ memory, registers }) =>
        translate(memory, { cr3: registers.cr3, mode: pagingMode(registers) }, page + offset),
      );
      assert.ok(pa !== undefined);
      const change = () =>
        machine.inspect(({ memory }) => {
          memory.bytes[pa] = (memory.bytes[pa] ?? 0) ^ 1;
        });
      await change();
      assert.match((await broken("pages")).join(), /byte for byte/);
      await change();
    }
    assert.deepEqual(await broken("pages"), []);
  });

  it("do not hold of a call whose ESP changed before CR3 did", async () => {
    const enter = call.findIndex((state, index) => call[index + 1]?.cr3 !== state.cr3);
    const other = { ...call[enter], esp: 0x1000 } as CallState;
    const right = call;
    call = call.map((state, index) => (index === enter + 1 ? { ...state, esp: other.esp } : state));
    assert.match((await broken("order")).join(), /still in the third/);
    call = right.map((state) => ({ ...state, cr3: right[0]?.cr3 ?? 0 }));
    assert.match((await broken("cr3")).join(), /0 times/);
    call = right;
  });
});
