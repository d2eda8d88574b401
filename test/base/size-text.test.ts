// Sizes as people read them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { roomText, sizeText } from "../../src/base/size-text";

describe("sizes", () => {
  it("are short", () => {
    assert.deepEqual([300, 4096, 1536, 61.2 * 1024, 2 ** 32 - 20480, 2 ** 47].map(sizeText), [
      "300 B",
      "4 KiB",
      "1.5 KiB",
      "61.2 KiB",
      "4 GiB",
      "128 TiB",
    ]);
  });

  it("of what is nearly 4 GiB say what is missing", () => {
    assert.deepEqual([2 ** 32 - 20480, 2 ** 32, 2 ** 32 - 2 ** 24, 4096].map(roomText), [
      "4 GiB − 20 KiB",
      "4 GiB",
      "3.98 GiB",
      "4 KiB",
    ]);
  });
});
