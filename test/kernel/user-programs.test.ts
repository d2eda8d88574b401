import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MachineName } from "../../src/machine/machine";
import type { SerialPort } from "../../src/machine/serial-port";
import { skipReason } from "../machine/installed";
import { runProgram, withMachine } from "./booted-kernel";

const MACHINES = ["v86", "qemu"] as const satisfies readonly MachineName[];
/** What v86 has not; anything else that is skipped there would be a fault of ours. */
const LACKING = /^skip \S+: this machine has no (single step|NX|checks of iret)$/;

/** Sends `keys` in the instant in which the guest has sent `text`. */
function answerAt(serial: SerialPort, text: string, keys: string): void {
  const stop = serial.onOutput((bytes) => {
    if (!Buffer.from(bytes).includes(text)) return;
    stop();
    serial.send(keys);
  });
}

for (const machine of MACHINES) {
  describe(`user programs on ${machine}`, { skip: skipReason(machine) }, () => {
    it("cannot harm the kernel in any way that the abuse suite knows", async () => {
      const { ending, output } = await runProgram(machine, ["abuse"]);
      const lines = output.split("\n");
      const failures = lines.filter((line) => line.startsWith("FAIL"));
      assert.deepEqual(failures, []);
      const [, passed, failed] = /^(\d+) passed, (\d+) failed/m.exec(output) ?? [];
      assert.equal(failed, "0", output.slice(-2000));
      assert.ok(Number(passed) >= 180, passed);
      for (const line of lines.filter((each) => each.startsWith("skip "))) {
        assert.match(line, LACKING);
        assert.equal(machine, "v86", line);
      }
      assert.deepEqual(ending, { kind: "exit", status: 0 });
    });

    it("can have all memory, up to the guard below the trampoline", async () => {
      const { ending, output } = await runProgram(machine, ["memhog"], { memoryMiB: 64 });
      const [, lowest, highest] = /wrote at (0x\w+) to (0x\w+)/.exec(output) ?? [];
      assert.ok(Number(lowest) >= 0xf0000000, output);
      assert.ok(Number(highest) >= 0xfff00000, output);
      assert.match(output, /memhog\[\d+\] killed by SIGKILL: .*out of memory/);
      const [, before, after] = /free frames before (\d+), after (\d+)\n/.exec(output) ?? [];
      assert.ok(Number(before) > 0);
      assert.equal(after, before);
      assert.deepEqual(ending, { kind: "exit", status: 0 });
    });

    for (const [who, option] of [
      ["process 1", "--first"],
      ["one that runs before all others", "--urgent"],
    ] as const) {
      it(`make room for ${who} when there is no memory`, async () => {
        const memory = { memoryMiB: 16 };
        const { ending, output } = await runProgram(machine, ["memhog", option], memory);
        assert.match(
          output,
          /memhog\[2\] killed by SIGKILL: out of memory, makes room for memhog\[1\]/,
        );
        assert.match(output, /memhog: the child has made room for process 1/);
        assert.deepEqual(ending, { kind: "exit", status: 0 });
      });
    }

    it("are run by the shell, whose status is the machine's", async () => {
      await withMachine(machine, {}, async ({ serial, ended }) => {
        await serial.waitFor(/\/\$ /);
        serial.send("cd /etc && cat motd && cd\r");
        await serial.waitFor(/&& cd[\s\S]*\nThis is Isthmus/);
        serial.send("spin &\r");
        await serial.waitFor(/\[(\d+)\]/);
        serial.send("ps\r");
        const listed = await serial.waitFor(/ (\d+) +1 +\d+ R +\d+ +spin/);
        const process = / (\d+) +1 +\d+ R +\d+ +spin/.exec(listed)?.[1] ?? "";
        serial.send(`kill ${process}; wait; echo "gone $?"\r`);
        await serial.waitFor(/\ngone 0\r\n/);
        serial.send("kill 1\r");
        await serial.waitFor(/kill: 1: process 1 ignores [\s\S]*\[1\]\$ /);
        serial.send("cat\r");
        await serial.waitFor(/\$ cat[^\n]*\n$/);
        serial.send("to cat\r");
        await serial.waitFor(/to cat\r\nto cat\r\n/);
        serial.send("\x03");
        await serial.waitFor(/\[130\]\$ /);
        serial.send("hello; exit 5\r");
        assert.deepEqual(await ended, { kind: "exit", status: 5 });
      });
    });

    it("have the terminal to themselves from the newline on that starts them", async () => {
      await withMachine(machine, {}, async ({ serial }) => {
        await serial.waitFor("/$ ");
        for (let round = 1; round <= 5; round++) {
          const word = `round${round}`;
          answerAt(serial, "\n", `${word}\r`);
          serial.send("cat\r");
          await serial.waitFor(`\r\n${word}\r\n${word}\r\n`);
          serial.send("\x03");
          await serial.waitFor(new RegExp(`${word}\r\n\\^C\r\n\\r/ \\[130\\]\\$ `));
          answerAt(serial, "\n", "\x03");
          serial.send(`spin ${word}\r`);
          await serial.waitFor(new RegExp(`spin ${word}\\S*\r\n\\^C\r\n\\r/ \\[130\\]\\$ `));
        }
      });
    });
  });
}
