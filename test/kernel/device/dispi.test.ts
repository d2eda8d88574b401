// A screen of pixels that the kernel has made itself: what is printed is what is there, on v86 and
// on QEMU; and machines whose adapter is another one.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { skipReason } from "../../machine/installed";
import { withMachine } from "../booted-kernel";
import { loadKernelPart } from "../kernel-part";

const [INDEX, DATA, PCI_ADDRESS] = [0x1ce, 0x1cf, 0xcf8];
const VERSION = 0xb0c5;
const ADAPTER = 0x1111_1234;
const [MEMORY, PREFETCHABLE] = [0xe000_0000, 8];
/** A register of the adapter, and what is written there. */
type Write = readonly [register: number, value: number];

interface Adapter {
  readonly version?: number;
  /** Which device it is on the first bus; undefined: on none. */
  readonly device?: number | undefined;
}

/** The mode that is set on an adapter: where its memory is, and what was written. */
function setMode({ version = VERSION, device }: Adapter) {
  const writes: Write[] = [];
  let index = 0;
  let pci = 0;
  const part = loadKernelPart(`export { setDispiMode } from "./kernel/device/dispi";`, {
    imports: {
      x86: {
        outw(port = 0, value = 0) {
          if (port === INDEX) index = value;
          else if (port === DATA) writes.push([index, value]);
          return 0;
        },
        inw: () => (index === 0 ? version : 0),
        outl(port = 0, value = 0) {
          assert.equal(port, PCI_ADDRESS);
          pci = value >>> 0;
          return 0;
        },
        inl() {
          const isThere = device !== undefined && pci >>> 11 === (0x8000_0000 >>> 11) + device;
          if (!isThere) return -1;
          return (pci & 0xff) === 0 ? ADAPTER : (MEMORY | PREFETCHABLE) >>> 0;
        },
      },
    },
  });
  return { address: part.call.setDispiMode!(24) >>> 0, writes };
}

describe("a mode of pixels", () => {
  it("is set at once, when all of it is known", () => {
    for (const device of [0, 2, 31]) {
      const { address, writes } = setMode({ device });
      assert.equal(address, MEMORY);
      const [off, on] = [0, 0x41];
      assert.deepEqual(writes, [
        [4, off],
        [1, 640],
        [2, 400],
        [3, 24],
        [4, on],
      ]);
    }
  });

  it("is not set on an adapter that is another one, or whose memory cannot be found", () => {
    for (const adapter of [{ version: 0xffff, device: 2 }, { version: 0, device: 2 }, {}]) {
      assert.deepEqual(setMode(adapter), { address: 0, writes: [] });
    }
  });
});

describe("a kernel that is to have pixels", () => {
  const lines = ["é ─┐ on a screen", "of pixels"];
  const program = ["shell", "-c", lines.map((line) => `echo ${line}`).join("; ")];
  for (const [name, bits] of [
    ["v86", 24],
    ["v86", 32],
    ["qemu", 24],
  ] as const) {
    it(`shows its text on ${name} with ${bits} bits`, { skip: skipReason(name) }, async () => {
      const request = { program, options: ["quiet", `pixels=${bits}`] };
      await withMachine(name, request, async (machine) => {
        assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
        const shown = (await machine.screen()).filter((line) => line !== "");
        assert.deepEqual(shown, lines);
        assert.deepEqual(machine.serial.text().trim().split(/\r?\n/), lines);
      });
    });
  }
});
