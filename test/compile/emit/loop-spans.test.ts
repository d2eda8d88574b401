// Which blocks of loops are kept in few lines of the instruction cache.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMachine } from "../../../src/compile/code/parse";
import { loopSpans } from "../../../src/compile/emit/loop-spans";
import { I686 } from "../../../src/compile/targets/i686";

describe("the spans of loops", () => {
  it("are those of innermost loops without calls, as far as their blocks connect", () => {
    const [fn] = parseMachine(
      [
        "machine loops registers 16 outgoing 0 slots 0",
        "b0: frequency 1",
        "  jump b1",
        "b1: from b0 b3 frequency 8 loops b1/1",
        "  jump b2",
        "b2: from b1 b4 frequency 64 loops b1/1 b2/2",
        "  cmp eax ecx",
        "  branch e b3 b4",
        "b4: from b2 frequency 64 loops b1/1 b2/2",
        "  inc eax",
        "  jump b2",
        "b3: from b2 frequency 8 loops b1/1",
        "  cmp eax 9",
        "  branch e b5 b1",
        "b5: from b3 b5 frequency 8 loops b5/1",
        "  call &f",
        "  branch e b5 b6",
        "b6: from b5 frequency 1",
        "  ret",
      ].join("\n"),
      I686,
    );
    assert.deepEqual(loopSpans(fn!.blocks), [{ first: 2, end: 4, weight: 64 }]);
  });
});
