// The lines by which devices interrupt, each VECTOR_IRQ + line, and the timer, which has one of
// them on either kind of machine: by APICs where ACPI names them and they work, else by the PICs
// and the 8254. So nothing above knows which.

import { inform, warn } from "../log/log";
import {
  acknowledgeApic,
  hasApic,
  isSpuriousByApic,
  leaveApic,
  startApic,
  unmaskInput,
} from "./apic";
import { startApicTimer } from "./apic-timer";
import { acknowledgePic, IRQ_TIMER, isSpuriousByPic, startPic, unmaskPic } from "./pic";
import { startTimer } from "./pit";

/**
 * Starts controllers and timer, all other lines masked. `usesPics`: the APICs are left alone, as
 * the command line wishes.
 */
export function startInterruptLines(usesPics: bool): void {
  startPic();
  const reason = usesPics ? cstr("the command line says so") : startByApic();
  if (reason === 0) return;
  inform(cstr("interrupts: by the PICs: %s"), <u32>reason);
  startTimer();
  unmaskPic(IRQ_TIMER);
}

/** Why it cannot be; 0: it is so from now on. */
function startByApic(): usize {
  const reason = startApic();
  if (reason !== 0 || startApicTimer()) return reason;
  leaveApic();
  return cstr("the APIC's timer stands still");
}

/** Lets line `line` through. */
export function unmaskLine(line: u32): void {
  if (!hasApic()) unmaskPic(line);
  else if (!unmaskInput(line)) warn(cstr("interrupts: the I/O APIC has no line %u"), line);
}

/** Tells the controller that the interrupt of line `line` is taken care of. */
export function acknowledgeLine(line: u32): void {
  "inline";
  if (hasApic()) acknowledgeApic();
  else acknowledgePic(line);
}

/** True for an interrupt that no device asked for; it is acknowledged as far as it must be. */
export function isSpurious(line: u32): bool {
  "inline";
  return hasApic() ? isSpuriousByApic(line) : isSpuriousByPic(line);
}
