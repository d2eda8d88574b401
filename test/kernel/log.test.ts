import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "./kernel-part";

let printed = "";

const part = loadKernelPart(
  `
  import { copyOutputTo, inform, print, setQuiet, warn } from "./kernel/log/log";
  export function show(format: usize, a: u32, b: u32, c: u32): void { print(format, a, b, c); }
  export function wide(): void { print(cstr("%S|%S"), <u32>changetype<usize>("wide é"), 0); }
  export function say(quiet: u32): void {
    setQuiet(quiet !== 0);
    inform(cstr("told %u"), 1);
    warn(cstr("warned"));
  }
  export function copy(to: usize, size: u32): void { copyOutputTo(to, size); }
`,
  {
    replace: {
      "kernel/terminal/console.ts":
        "export declare function writeByte(byte: u32): void;" +
        "export function finishOutput(): void {}",
    },
    imports: {
      console: {
        writeByte(byte = 0) {
          printed += String.fromCharCode(byte);
          return 0;
        },
      },
    },
  },
);

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
  });

  it("shows text", () => {
    part.write(part.area + 256, "text\0");
    assert.equal(show("%s|%8s|%c", part.area + 256, part.area + 256, 0x41), "text|    text|A");
  });

  it("takes what is no conversion as it is", () => {
    assert.equal(show("100%% %q %"), "100% q ");
  });

  it("shows strings of AssemblyScript", () => {
    printed = "";
    part.call.wide!();
    assert.equal(printed, "wide ?|");
  });
});

describe("messages", () => {
  it("are lines with a prefix, and `quiet` hushes what only informs", () => {
    printed = "";
    part.call.say!(0);
    assert.equal(printed, "kernel: told 1\nkernel: warned\n");
    printed = "";
    part.call.say!(1);
    assert.equal(printed, "kernel: warned\n");
  });

  it("are copied to where an inspector finds them, as far as there is room", () => {
    part.write(part.area + 512, "#".repeat(16));
    part.call.copy!(part.area + 512, 8);
    show("0123456789");
    assert.equal(part.text(part.area + 512), "0123456");
    assert.equal(part.read(part.area + 520, 1)[0], 0x23);
  });
});
