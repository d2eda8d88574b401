// What `run` does with what is typed: from before there is a machine until the end of the run.

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { afterEach, describe, it } from "node:test";
import { ConsoleInput } from "../../src/cli/console-input";
import { SerialPort } from "../../src/machine/serial-port";

/** A terminal that notes which modes it was put into. */
class FakeTerminal extends PassThrough {
  readonly isTTY = true;
  readonly modes: boolean[] = [];

  setRawMode(mode: boolean): this {
    this.modes.push(mode);
    return this;
  }
}

describe("the console's input", () => {
  let input: ConsoleInput | undefined;
  afterEach(() => input?.close());

  function open() {
    const terminal = new FakeTerminal();
    input = new ConsoleInput(terminal as unknown as typeof process.stdin);
    let received = "";
    const serial = new SerialPort((bytes) => {
      received += Buffer.from(bytes).toString("latin1");
    });
    let hasLeft = false;
    void input.left.then(() => {
      hasLeft = true;
    });
    input.open();
    const type = async (keys: string) => {
      terminal.write(keys);
      await new Promise((resolve) => setImmediate(resolve));
      return hasLeft;
    };
    return { terminal, input, serial, type, received: () => received };
  }

  it("takes the terminal at once, and gives it back", () => {
    const { terminal, input } = open();
    assert.deepEqual(terminal.modes, [true]);
    input.close();
    assert.deepEqual(terminal.modes, [true, false]);
  });

  it("keeps what is typed before there is a guest", async () => {
    const { input, serial, type, received } = open();
    await type("ls");
    await type("\r");
    assert.equal(received(), "");
    input.connect(serial);
    assert.equal(received(), "ls\r");
    await type("ps\r");
    assert.equal(received(), "ls\rps\r");
  });

  it("leaves on ^A x, at any time, and on ^C while it is not the guest's", async () => {
    assert.equal(await open().type("\x01x"), true);
    input?.close();
    assert.equal(await open().type("\x03"), true);
    input?.close();
    const { input: connected, serial, type, received } = open();
    connected.connect(serial);
    assert.equal(await type("\x03"), false);
    assert.equal(received(), "\x03");
    assert.equal(await type("\x01"), false);
    assert.equal(await type("x"), true);
  });
});
