import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(`
  export { fileSystemCount, fileSystemName } from "./kernel/file/file-system-names";
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
});
