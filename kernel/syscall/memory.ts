// System calls about memory.

import { TrapFrame } from "../machine/i686/trap-frame";
import { currentSpace } from "../memory/space";
import { currentProcess } from "../process/process";

/** brk(end): moves the end of the heap if it can; returns where it is. */
export function brk(frame: TrapFrame): i32 {
  const end = frame.arg0;
  const process = currentProcess();
  const heap = currentSpace.heapRegion();
  if (heap !== null && end >= heap.start && currentSpace.growHeap(end) === 0) {
    process.programBreak = end;
  }
  return <i32>process.programBreak;
}
