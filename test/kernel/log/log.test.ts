import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

let printed = "";
let copied = "";
let bursts = 0;

const part = loadKernelPart(
  `
  import { addSink, inform, print, setQuiet, warn } from "./kernel/log/log";
  export function show(format: usize, a: u32, b: u32, c: u32): void { print(format, a, b, c); }
  export function say(quiet: u32): void {
    setQuiet(quiet !== 0);
    inform(cstr("told %u"), 1);
    warn(cstr("warned"));
  }
  declare function heard(byte: u32): void;
  declare function finished(): void;
  declare function alsoHeard(byte: u32): void;
  function first(byte: u32): void { heard(byte); }
  function second(byte: u32): void { alsoHeard(byte); }
  function finish(): void { finished(); }
  export function listen(): void { addSink(first.index, finish.index); }
  export function listenToo(): void { addSink(second.index, finish.index); }
`,
  {
    imports: {
      part: {
        heard(byte = 0) {
          printed += String.fromCharCode(byte);
          return 0;
        },
        alsoHeard(byte = 0) {
          copied += String.fromCharCode(byte);
          return 0;
        },
        finished() {
          bursts++;
          return 0;
        },
      },
    },
  },
);
part.call.listen!();

function show(format: string, ...values: number[]): string {
  printed = "";
  part.write(part.area, `${format}\0`);
  part.call.show!(part.area, values[0] ?? 0, values[1] ?? 0, values[2] ?? 0);
  return printed;
}

describe("print", () => {
  it("shows numbers", () => {
    assert.equal(show("%u %u %u", 0, 7, 4294967295), "0 7 4294967295");
    assert.equal(show("%d %d %d", -1, 0, -2147483648), "-1 0 -2147483648");
    assert.equal(show("%x %x %p", 0, 0xdeadbeef, 0x1000), "0 deadbeef 0x00001000");
  });

  it("pads", () => {
    assert.equal(show("[%5u][%02x][%5d]", 42, 7, -42), "[   42][07][  -42]");
    assert.equal(show("[%1u][%1d][%0d]", 12345, -9, 0), "[12345][-9][0]");
    assert.equal(show("[%-5u][%-5d][%-1u]", 42, -42, 12), "[42   ][-42  ][12]");
    assert.equal(show("[%04o][%o][%05d]", 8, 511, -3), "[0010][777][-0003]");
  });

  it("shows text", () => {
    part.write(part.area + 256, "text\0");
    assert.equal(show("%s|%8s|%c", part.area + 256, part.area + 256, 0x41), "text|    text|A");
    assert.equal(show("[%-6s][%-2s]", part.area + 256, part.area + 256), "[text  ][text]");
  });

  it("prints what is not a conversion as it is", () => {
    assert.equal(show("100%% %q %"), "100% q ");
  });
});

describe("messages", () => {
  it("are lines with a prefix, and `quiet` suppresses what only informs", () => {
    printed = "";
    part.call.say!(0);
    assert.equal(printed, "kernel: told 1\nkernel: warned\n");
    printed = "";
    part.call.say!(1);
    assert.equal(printed, "kernel: warned\n");
  });

  it("go to every sink, up to two, and each message ends a burst once for each", () => {
    part.call.listenToo!();
    part.call.listenToo!(); // no room: ignored
    copied = "";
    bursts = 0;
    assert.equal(show("0123456789"), "0123456789");
    assert.equal(copied, "0123456789");
    assert.equal(bursts, 2);
  });
});
