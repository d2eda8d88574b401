// For which machine a link is: that of its objects, which must be all of one.

import type { Reporter } from "../../base/reporter";
import type { Machine, ObjectFile } from "../../object/object";
import { isArchiveInput, type LinkInput } from "./read-input";

/** The machine of the first object that says it or, failing that, of the first archive member. */
export function machineOf(inputs: readonly LinkInput[]): Machine {
  for (const input of inputs) {
    if (!isArchiveInput(input) && input.machine !== undefined) return input.machine;
  }
  for (const input of inputs) {
    const [member] = isArchiveInput(input) ? input.members : [];
    if (member) return member.read().machine ?? "i386";
  }
  return "i386";
}

/** Reports each object that is for another machine than the link is. */
export function refuseOtherMachines(
  objects: readonly ObjectFile[],
  machine: Machine,
  report: Reporter,
): void {
  const first = objects.find((object) => object.machine === machine);
  const why = first ? `as ${first.name} is` : "as the layout says";
  for (const object of objects) {
    if (object.machine === undefined || object.machine === machine) continue;
    const text = `${object.name} is for ${object.machine}, but the link is for ${machine}, ${why}`;
    const remedy = `Compile it with ${machine === "i386" ? "-m32" : "-m64"}, or leave it out.`;
    report.error("LINK031", text, remedy, { file: object.name });
  }
}
