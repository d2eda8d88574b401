// The report of an audit as text.

import assert from "node:assert/strict";
import { it } from "node:test";
import { audit } from "../../src/inspect/audit";
import { reportLines } from "../../src/inspect/audit-report";
import { unchecked } from "../../src/inspect/judgement";
import { sharedPages } from "../../src/inspect/shared-pages";
import { findSpaces } from "../../src/inspect/spaces";
import { FakeMachine, FILES, IMAGE, USER_CODE } from "./fake-machine";

it("names law, verdict and reason, and each offence with region and symbol", () => {
  const machine = new FakeMachine();
  const [first] = machine.processes;
  assert.ok(first);
  machine.map(first.cr3, USER_CODE, machine.takeUserFrame(), { user: true, global: true });
  machine.setWord(machine.entryStackWord(20), 0xdeadbeef);
  const spaces = findSpaces(machine.snapshot(), IMAGE);
  const userPointers = unchecked("not asked here");
  const laws = audit({ spaces, files: FILES, userPointers, ending: undefined });
  const report = {
    ok: false,
    machine: "qemu",
    seed: 4711,
    sharedBytes: 12288,
    shared: sharedPages(spaces).slice(0, 1),
    laws: laws.filter(({ number }) => [5, 6, 8].includes(number)),
    spaces: [],
    moments: [{ name: "user mode", cpl: 3, eip: 0x1234, processes: ["hello (pid 1)"] }],
    missed: ["after an exit"],
  };
  assert.deepEqual(
    reportLines(report, (text, colour) => (colour === "red" ? text.toUpperCase() : text)),
    [
      "qemu: BROKEN",
      "",
      "law 5  BROKEN     the entry stack holds no other program's words",
      "                  words of another thread are left in the trampoline (1 found)",
      "                  0xfffff1b0 in kernel, .trampoline.data, entry_stack+0x1b0: " +
        "0xdeadbeef is not of the frame of hello (pid 1), which runs",
      "law 6  unchecked  user pointers become bytes in one file only",
      "                  not asked here",
      "law 8  BROKEN     only the trampoline is global",
      "                  an entry would outlive its space (1 found)",
      "                  0x00001000 in hello (pid 1), .text, main: G is set outside the trampoline",
      "",
      "shared  0xffffd000 -> frame 0x00108000  -r-xg",
      "12288 bytes are shared",
      "",
      "looked  user mode       ring 3 at 0x00001234, hello (pid 1)",
      "random stops by seed 4711",
      "missed  after an exit",
    ],
  );
  const narrow = reportLines(report, (text) => text, 60);
  assert.equal(narrow[0], "qemu: broken");
  for (const line of narrow) assert.ok(line.length <= 60, line);
  const words = (lines: readonly string[]) => lines.join(" ").split(/\s+/);
  assert.deepEqual(words(narrow), words(reportLines(report, (text) => text)));
});
