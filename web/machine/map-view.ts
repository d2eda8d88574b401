// What the map shows of a machine at one moment.

import type { AddressFacts } from "../../src/inspect/address-facts";
import { frameFacts, kernelFacts, processFacts } from "../../src/inspect/address-facts";
import type { BootedFiles } from "../../src/inspect/booted-files";
import { spaceColumns } from "../../src/inspect/space-columns";
import type { ProcessSpace, Spaces } from "../../src/inspect/spaces";
import { unfoldBoxes } from "../../src/inspect/unfold-boxes";
import type { MapView, ProcessChoice, Watch } from "./protocol";

/** The kernel, physical memory and the chosen process. */
export function mapView(spaces: Spaces, files: BootedFiles, watch: Watch): MapView {
  const process = chosenProcess(spaces, watch.process);
  const unfolded = new Set(watch.unfolded);
  const columns = spaceColumns(spaces, process, files).map((column, index) => {
    if (column.isPhysical) return column;
    const space = index === 0 ? spaces.kernel : process?.space;
    return space ? unfoldBoxes(column, index, space, unfolded) : column;
  });
  const { cpl, halted } = spaces.snapshot.registers;
  const where = halted ? "the processor waits" : cpl === 3 ? "in user mode" : "in the kernel";
  return {
    columns,
    processes: spaces.processes.map(({ pid, name }) => ({ pid, name })),
    drawn: process?.pid,
    summary: `${spaces.processes.length} processes, ${where}`,
  };
}

/** The process that is drawn: the chosen one or, if it is gone, the one that runs or ran last. */
export function chosenProcess(spaces: Spaces, choice: ProcessChoice): ProcessSpace | undefined {
  const { processes } = spaces;
  return (
    processes.find(({ pid }) => pid === choice) ??
    processes.find(({ current }) => current) ??
    processes[0]
  );
}

/** What is known of an address in a column of the map. */
export function factsAt(
  spaces: Spaces,
  files: BootedFiles,
  watch: Watch,
  column: number,
  address: number,
): AddressFacts {
  if (column === 1) return frameFacts(spaces, address);
  const process = chosenProcess(spaces, watch.process);
  return column === 0 || !process
    ? kernelFacts(spaces, files, address)
    : processFacts(spaces, files, process, address);
}
