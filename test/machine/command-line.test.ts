// The kernel's command line: every argument survives encoding and decoding.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { COMMAND_LINE_MAX } from "../../src/abi/command-line";
import { decodeCommandLine, encodeCommandLine } from "../../src/machine/command-line";

describe("command line", () => {
  it("leaves plain words alone", () => {
    assert.equal(
      encodeCommandLine(["loglevel=3"], ["ls", "-l", "/bin"]),
      "loglevel=3 -- ls -l /bin",
    );
    assert.equal(encodeCommandLine([]), "");
  });

  it("escapes what a loader, a shell or the kernel would split", () => {
    assert.equal(encodeCommandLine([], ["a b", "$x;", "%", ""]), "-- a%20b %24x%3b %25 %");
  });

  it("decodes every argument as it was", () => {
    const everyByte = Array.from({ length: 126 }, (_, i) => String.fromCharCode(i + 1)).join("");
    const program = ["sh", "", "-c", "--", "ä€😀", everyByte, "%41"];
    assert.deepEqual(decodeCommandLine(encodeCommandLine(["k=v w"], program)), {
      options: ["k=v w"],
      program,
    });
  });

  it("refuses a line that the kernel would truncate", () => {
    const longest = "x".repeat(COMMAND_LINE_MAX - 4);
    assert.equal(encodeCommandLine([], [longest]).length, COMMAND_LINE_MAX - 1);
    assert.throws(() => encodeCommandLine([], [`${longest}x`]), { code: "MACH001" });
  });
});
