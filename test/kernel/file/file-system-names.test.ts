import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(`
  export * from "./kernel/file/file-system-names";
`);
const nameAt = (index: number) => part.call.fileSystemName!(index);

describe("the kinds of file systems", () => {
  it("have names as on Linux, and there are no others", () => {
    const count = part.call.fileSystemCount!();
    const names = Array.from({ length: count }, (_, index) => part.text(nameAt(index)));
    assert.deepEqual(names, ["proc", "tmpfs", "sysfs", "pipefs", "devpts"]);
    assert.equal(nameAt(count), 0);
    assert.equal(nameAt(0xffff_ffff), 0);
  });

  it("are found by their whole names alone", () => {
    const index = (name: string) => {
      part.write(part.area, Buffer.from(`${name}\0`));
      return part.call.fileSystemIndex!(part.area);
    };
    assert.deepEqual(["proc", "tmpfs", "sysfs", "pipefs", "devpts"].map(index), [0, 1, 2, 3, 4]);
    for (const other of ["", "pro", "procs", "pipefss", "Proc"]) assert.equal(index(other), -1);
  });
});
