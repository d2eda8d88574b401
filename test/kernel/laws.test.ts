// The laws in the real kernel: they hold in a running machine, and each one that is broken on
// purpose, in a copy of that machine's memory, is named with the address.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layout } from "../../kernel/layout";
import { TLS_FIRST } from "../../src/abi/descriptors";
import { PAGE_SIZE, WINDOWS } from "../../src/abi/memory-map";
import { ENTRY_FRAME, ENTRY_G, ENTRY_P, ENTRY_RW, ENTRY_US } from "../../src/abi/paging";
import { audit, type LawResult } from "../../src/inspect/audit";
import { unchecked } from "../../src/inspect/judgement";
import { findSpaces, type Spaces } from "../../src/inspect/spaces";
import type { Mapping } from "../../src/inspect/walk";
import { resolveLayout } from "../../src/link/layout/resolve";
import type { Machine, Snapshot } from "../../src/machine/machine";
import { PhysicalMemory } from "../../src/machine/physical-memory";
import { HANG_MS } from "../hang-guard";
import { skipReason } from "../machine/installed";
import { addressOf, type Built, withMachine } from "./booted-kernel";

const ENTRY_SIZE = 8;

/** A machine in user mode: its registers, and a copy of its memory that can be written to. */
async function userModeCopy(machine: Machine): Promise<Snapshot> {
  const copy = await machine.inspectWhen(
    ({ cpl }) => cpl === 3,
    (snapshot) => ({
      ...snapshot,
      memory: new PhysicalMemory(Uint8Array.from(snapshot.memory.bytes)),
    }),
    HANG_MS,
  );
  assert.ok(copy, "no moment in user mode was seen");
  return copy;
}

function judge(snapshot: Snapshot, { kernel }: Built): LawResult[] {
  return audit({
    spaces: findSpaces(snapshot, kernel),
    files: { image: kernel, layout: resolveLayout(layout), programs: new Map() },
    userPointers: unchecked("not judged from one moment"),
    ending: undefined,
  });
}

function writeWord({ memory }: Snapshot, address: number, word: number): void {
  new DataView(memory.bytes.buffer, memory.bytes.byteOffset).setUint32(address, word, true);
}

function mappingOf(mappings: readonly Mapping[], va: number): Mapping {
  const mapping = mappings.find((mapping) => mapping.va === va);
  assert.ok(mapping, `nothing is mapped at ${va.toString(16)}`);
  return mapping;
}

function userSpace(spaces: Spaces) {
  const [process] = spaces.processes;
  assert.ok(process);
  return process.space;
}

/** Breaks something in the copy; the law that must notice, and the address that it must name. */
type Sabotage = (snapshot: Snapshot, built: Built) => { law: number; address: number };

const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  "a kernel page in a user directory"(snapshot, built) {
    const spaces = findSpaces(snapshot, built.kernel);
    const mapping = mappingOf(userSpace(spaces).mappings, 0x1000);
    const frame = addressOf(built.kernel, "kernel_info") & ENTRY_FRAME;
    writeWord(snapshot, mapping.entryAddress, frame | (mapping.entry & ~ENTRY_FRAME));
    return { law: 2, address: 0x1000 };
  },
  "a window that is left open"(snapshot, built) {
    const spaces = findSpaces(snapshot, built.kernel);
    const trampoline = addressOf(built.kernel, "trampoline_text_start");
    const { entryAddress } = mappingOf(spaces.kernel.mappings, trampoline);
    const window = entryAddress - ((trampoline - WINDOWS) >>> 12) * ENTRY_SIZE;
    const { pa } = mappingOf(userSpace(spaces).mappings, 0x1000);
    writeWord(snapshot, window, pa | ENTRY_P | ENTRY_RW);
    return { law: 3, address: WINDOWS };
  },
  "a trampoline page that user mode may read"(snapshot, built) {
    const spaces = findSpaces(snapshot, built.kernel);
    const address = addressOf(built.kernel, "trampoline_data_start");
    const mapping = mappingOf(userSpace(spaces).mappings, address);
    writeWord(snapshot, mapping.entryAddress, mapping.entry | ENTRY_US);
    return { law: 1, address };
  },
  "a global page beside the trampoline"(snapshot, built) {
    const spaces = findSpaces(snapshot, built.kernel);
    const mapping = mappingOf(userSpace(spaces).mappings, 0x1000);
    writeWord(snapshot, mapping.entryAddress, mapping.entry | ENTRY_G);
    return { law: 8, address: 0x1000 };
  },
  "a descriptor of another thread's segment"(snapshot, built) {
    const spaces = findSpaces(snapshot, built.kernel);
    const address = addressOf(built.kernel, "gdt") + TLS_FIRST * ENTRY_SIZE + 4;
    const page = mappingOf(spaces.kernel.mappings, address - (address % PAGE_SIZE));
    writeWord(snapshot, page.pa + (address % PAGE_SIZE), 0x1234f3);
    return { law: 5, address };
  },
  "a mapping of page 0"(snapshot, built) {
    const spaces = findSpaces(snapshot, built.kernel);
    const { entryAddress, entry } = mappingOf(userSpace(spaces).mappings, 0x1000);
    writeWord(snapshot, entryAddress - ENTRY_SIZE, entry);
    return { law: 9, address: 0 };
  },
};

for (const name of ["v86", "qemu"] as const) {
  describe(`the laws on ${name}`, { skip: skipReason(name) }, () => {
    it("hold in user mode, and each that is broken is named", async () => {
      // It is in user mode whenever v86 comes to a place at which a guest can be looked at.
      const request = { program: ["spin"], memoryMiB: 16 };
      await withMachine(name, request, async (machine, built) => {
        const snapshot = await userModeCopy(machine);
        const broken = judge(snapshot, built).filter(({ verdict }) => verdict === "broken");
        assert.deepEqual(broken, []);

        for (const [what, sabotage] of Object.entries(SABOTAGES)) {
          const memory = new PhysicalMemory(Uint8Array.from(snapshot.memory.bytes));
          const copy = { ...snapshot, memory };
          const { law, address } = sabotage(copy, built);
          const result = judge(copy, built)[law - 1];
          assert.equal(result?.verdict, "broken", what);
          assert.ok(
            result.offences.some(({ va }) => va === address),
            `${what}: ${JSON.stringify(result.offences)} does not name ${address.toString(16)}`,
          );
        }
      });
    });
  });
}
