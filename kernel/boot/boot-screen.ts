// The boot loader's screen of pixels, handed to the driver: seen through the kernel's heap, with
// write-combining where the processor has it.

import { PAGE_MASK, PAGE_SHIFT } from "../../src/abi/memory-map";
import { ENTRY_RW } from "../../src/abi/paging";
import { useFramebuffer } from "../device/framebuffer";
import { combiningFlags } from "../machine/i686/processor";
import { mapFrames } from "../memory/pages";
import {
  hasScreen,
  screenBits,
  screenColour,
  screenFrame,
  screenHeight,
  screenOffset,
  screenPitch,
} from "./boot-record";

/** Uses the loader's screen, if it left one that can be used. Before the console. */
export function startBootScreen(): void {
  if (!hasScreen()) return;
  const size = screenOffset() + screenPitch() * screenHeight();
  const count = (size + PAGE_MASK) >> PAGE_SHIFT;
  const address = mapFrames(screenFrame(), count, ENTRY_RW | combiningFlags());
  if (address === 0) return; // out of memory: the serial line alone
  useFramebuffer(
    address + screenOffset(),
    screenPitch(),
    screenHeight(),
    screenBits(),
    screenColour(0),
    screenColour(1),
    screenColour(2),
  );
}
