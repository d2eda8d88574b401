// A screen of pixels, handed to the driver: seen through the kernel's heap, with write-combining
// where the processor has it. It is the boot loader's, or one that the kernel has made itself, as
// the command line wishes.

import { PAGE_MASK, PAGE_SHIFT } from "../../src/abi/memory-map";
import { ENTRY_RW } from "../../src/abi/paging";
import { DISPI_HEIGHT, DISPI_WIDTH, setDispiMode } from "../device/dispi";
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
  setScreen,
  setScreenColour,
} from "./boot-record";

/**
 * Uses the loader's screen, if it left one that can be used; without one makes one of `bits` bits a
 * pixel, if that is not 0. Before the console.
 */
export function startBootScreen(bits: u32): void {
  if (!hasScreen() && bits !== 0) makeScreen(bits);
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

function makeScreen(bits: u32): void {
  const address = setDispiMode(bits);
  setScreen(address, DISPI_WIDTH * (bits >> 3), DISPI_WIDTH, DISPI_HEIGHT, bits);
  for (let colour: u32 = 0; colour < 3; colour++) setScreenColour(colour, 16 - 8 * colour, 8);
}
