// Columns for tests of drawings: of a machine made by hand, and of a layout with one of everything.

import type { Column } from "../../src/draw/columns";
import { emptyBox } from "../../src/draw/columns";
import { spaceColumns } from "../../src/inspect/space-columns";
import { findSpaces } from "../../src/inspect/spaces";
import { FakeMachine, FILES, IMAGE, USER_CODE, USER_STACK } from "../inspect/fake-machine";

/** The columns of a machine whose first process runs. */
export function machineColumns(machine = new FakeMachine()): Column[] {
  machine.registers = { ...machine.registers, eip: USER_CODE + 0x10, esp: USER_STACK + 0x800 };
  const spaces = findSpaces(machine.snapshot(), IMAGE);
  const [process] = spaces.processes;
  return spaceColumns(spaces, process, FILES);
}

const PAGE = 4096;

/** A box of whole pages, loaded at `load`. */
function box(label: string, start: number, load: number, pages: number, shared = false) {
  const bytes = pages * PAGE;
  const frames = [{ start: load, end: load + bytes }];
  const [rights, tip, kind] = ["r-x", label, "code"] as const;
  return { label, start, end: start + bytes, bytes, rights, tip, kind, shared, frames };
}

/** A kernel at 3 GiB with a trampoline, and a program: nothing is where it is loaded. */
export function higherHalf(): Column[] {
  const space = { isPhysical: false, top: 2 ** 32, between: "nothing", subtitle: "seen" };
  const top = box("tramp", 0xfffff000, 0x102000, 1, true);
  return [
    {
      ...space,
      title: "kernel",
      boxes: [box("text", 0xc0100000, 0x100000, 2), emptyBox(0xffffe000, 0xfffff000, "guard"), top],
    },
    {
      title: "physical",
      subtitle: "loaded",
      isPhysical: true,
      top: 0x104000,
      between: "nothing loaded",
      boxes: [
        box("text", 0x100000, 0x100000, 2),
        { ...box("tramp", 0x102000, 0x102000, 1), shared: true },
        box("program", 0x103000, 0x103000, 1),
      ],
    },
    { ...space, title: "user", boxes: [box("program", 0x1000, 0x103000, 1), top] },
  ];
}
