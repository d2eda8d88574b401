import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(
  `
  import * as refusals from "./kernel/file/refusals";
  import { OpenFile } from "./kernel/file/open-file";
  import { UserPointer } from "./kernel/memory/user-memory";
  const file = changetype<OpenFile>(0);
  const pointer = changetype<UserPointer>(0);
  export function ioctl(): i32 { return refusals.refuseIoctl(file, 0, 0); }
  export function readDirectory(): i32 { return refusals.refuseReadDirectory(file, pointer, 0); }
  export function read(): i32 { return refusals.refuseRead(file, pointer, 0, 0); }
  export function write(): i32 { return refusals.refuseWrite(file, pointer, 0, 0); }
  export function deviceWrite(): i32 { return refusals.refuseDeviceWrite(file, pointer, 0, 0); }
`,
  {
    replace: {
      "kernel/memory/user-memory.ts": "@unmanaged export class UserPointer {}",
      "kernel/file/open-file.ts": "@unmanaged export class OpenFile {}",
    },
  },
);

const ERRNO = { EBADF: -9, ENOTDIR: -20, EISDIR: -21, EINVAL: -22, ENOTTY: -25 };

describe("an operation that a kind of file does not have", () => {
  it("is answered with the error that Linux has for it", () => {
    const answers = ["ioctl", "readDirectory", "read", "write", "deviceWrite"].map((name) =>
      part.call[name]?.(),
    );
    const { EBADF, ENOTDIR, EISDIR, EINVAL, ENOTTY } = ERRNO;
    assert.deepEqual(answers, [ENOTTY, ENOTDIR, EISDIR, EBADF, EINVAL]);
  });
});
