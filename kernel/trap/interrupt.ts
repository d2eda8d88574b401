// Hardware interrupts: which line belongs to which device.

import { VECTOR_IRQ } from "../../src/abi/descriptors";
import {
  acknowledgeLine,
  isSpurious,
  startInterruptLines,
  unmaskLine,
} from "../device/interrupt-lines";
import { receiveKeys, startKeyboard } from "../device/keyboard";
import { IRQ_KEYBOARD, IRQ_SERIAL, IRQ_TIMER, IRQ_WINDOW } from "../device/pic";
import { enableSerialInput, receiveSerial } from "../device/serial";
import { receiveWindow, startWindowPort } from "../device/window-port";
import { warn } from "../log/log";
import { TrapFrame } from "../machine/i686/trap-frame";
import { noteInterrupt } from "../thread/interrupted";
import { fireTimers } from "../thread/timer";

/**
 * Sets up the devices that interrupt, by the PICs if it is wished. Nothing arrives before
 * interrupts are switched on.
 */
export function startInterrupts(usesPics: bool): void {
  startInterruptLines(usesPics);
  startKeyboard();
  unmaskLine(IRQ_KEYBOARD);
  unmaskLine(IRQ_SERIAL);
  unmaskLine(IRQ_WINDOW);
  enableSerialInput();
  startWindowPort();
}

/** Serves an interrupt of the controllers; the processor keeps others off meanwhile. */
export function interrupt(frame: TrapFrame): void {
  const irq = frame.vector - VECTOR_IRQ;
  if (isSpurious(irq)) return;
  acknowledgeLine(irq);
  switch (irq) {
    case IRQ_TIMER:
      noteInterrupt(frame);
      fireTimers();
      return;
    case IRQ_KEYBOARD:
      receiveKeys();
      return;
    case IRQ_WINDOW:
      receiveWindow();
      return;
    case IRQ_SERIAL:
      receiveSerial();
      return;
    default:
      warn(cstr("interrupt: line %u belongs to no device"), irq);
  }
}
