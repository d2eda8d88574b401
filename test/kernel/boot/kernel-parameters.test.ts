import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(`
  import { nextWord, startWords, wordIs, wordNumber } from "./kernel/boot/kernel-parameters";
  export function start(line: usize): void { startWords(line); }
  export function next(): usize { return nextWord(); }
  export function numberOfN(): i32 { return wordNumber(cstr("n=")); }
  export function isDashes(): u32 { return wordIs(cstr("--")); }
`);

function words(line: string): string[] {
  part.write(part.area, `${line}\0`);
  part.call.start!(part.area);
  const found: string[] = [];
  for (let at = part.call.next!(); at !== 0; at = part.call.next!()) found.push(part.text(at));
  return found;
}

describe("the words of the command line", () => {
  it("are separated by spaces", () => {
    assert.deepEqual(words("kernel.elf quiet  -- hello world "), [
      "kernel.elf",
      "quiet",
      "--",
      "hello",
      "world",
    ]);
    assert.deepEqual(words(""), []);
    assert.deepEqual(words("   "), []);
  });

  it("are decoded", () => {
    assert.deepEqual(words("a%20b %24x% % %C3%a4"), ["a b", "$x", "", "ä"]);
    assert.deepEqual(words("%zz %2 100%"), ["zz", "2", "100"]);
  });

  it("lose a NUL, which would end them early", () => {
    assert.deepEqual(words("a%00b"), ["ab"]);
  });

  it("fit, however long", () => {
    assert.deepEqual(words("x".repeat(2047)), ["x".repeat(2047)]);
  });

  it("are compared as a whole", () => {
    words("");
    part.write(part.area, "-- --x -\0");
    part.call.start!(part.area);
    const dashes = [1, 2, 3].map(() => {
      part.call.next!();
      return part.call.isDashes!();
    });
    assert.deepEqual(dashes, [1, 0, 0]);
  });

  it("can be numbers", () => {
    const numberOf = (word: string) => {
      part.write(part.area, `${word}\0`);
      part.call.start!(part.area);
      part.call.next!();
      return part.call.numberOfN!();
    };
    assert.deepEqual(["n=0", "n=48", "n=100000000"].map(numberOf), [0, 48, 100_000_000]);
    const others = ["n", "n=", "m=1", "n=x", "n=1x", "n=-1", "n=10000000000", "n=4/", "n=4:"];
    for (const word of others) assert.equal(numberOf(word), -1, word);
  });
});
