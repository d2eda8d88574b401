// System calls about memory.

import { TrapFrame } from "../machine/i686/trap-frame";
import { moveBreak } from "../memory/heap-break";
import { currentSpace } from "../memory/space";

/** brk(end): moves the end of the heap if it can; returns where it is. */
export function brk(frame: TrapFrame): i32 {
  return <i32>moveBreak(currentSpace, frame.arg0);
}
