// The code to which those handlers of signals return that bring no restorer: one page of code, the
// same frame in all spaces, which is mapped when it is first needed, read-only for the user.
//
//   0   pop eax; mov eax, 119; int 0x80     sigreturn
//   8   mov eax, 173; int 0x80              rt_sigreturn

import { PAGE_SIZE } from "../../src/abi/memory-map";
import { findRoom, mapRange } from "../memory/map-range";
import { createMemoryObject, MemoryObject } from "../memory/memory-object";
import { REGION_EXECUTE, REGION_READ } from "../memory/region";
import { AddressSpace } from "../memory/space";
import { closeWindow, openWindow } from "../memory/window";

/** The end of sigreturn's code, and where rt_sigreturn's begins. */
export const RT_RETURN_CODE: u32 = 8;

let returnCode: MemoryObject | null = null;

/** The page of code in that space, mapped if it is not there yet; 0 when out of memory. */
export function returnPage(space: AddressSpace): usize {
  if (space.signalReturn !== 0) {
    const region = space.findRegion(space.signalReturn);
    if (region !== null && region.object === returnCode) return space.signalReturn;
  }
  if (returnCode === null) returnCode = makeReturnCode();
  const object = returnCode;
  const room = findRoom(space, 0, PAGE_SIZE);
  if (object === null || room === 0) return 0;
  const rights = REGION_READ | REGION_EXECUTE;
  if (mapRange(space, room, room + PAGE_SIZE, rights, 0, object) !== 0) return 0;
  space.signalReturn = room;
  return room;
}

function makeReturnCode(): MemoryObject | null {
  const object = createMemoryObject();
  if (object === null) return null;
  object.size = PAGE_SIZE;
  const frame = object.ensureFrame(0);
  if (frame === 0) {
    object.release();
    return null;
  }
  const window = openWindow(frame);
  store<u32>(window, 0x0077b858); // pop eax; mov eax, 119
  store<u32>(window, 0x80cd0000, 4); // int 0x80
  store<u32>(window, 0x0000adb8, 8); // mov eax, 173
  store<u32>(window, 0x0080cd00, 12); // int 0x80
  closeWindow(window);
  return object;
}
