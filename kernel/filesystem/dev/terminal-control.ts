// The ioctls of a terminal. See ioctl_tty(2) and termios(3).
//
// What changes the terminal is refused to processes in the background as job control has it.

import { EFAULT, EINVAL, EIO, ENOTTY, EPERM, ESRCH } from "../../../src/abi/errno";
import {
  FIONREAD,
  TCFLSH,
  TCGETA,
  TCGETS,
  TCGETS2,
  TCIOFF,
  TCIOFLUSH,
  TCION,
  TCOOFF,
  TCOON,
  TCSBRKP,
  TCSETA,
  TCSETAF,
  TCSETAW,
  TCSETS,
  TCSETS2,
  TCSETSF,
  TCSETSF2,
  TCSETSW,
  TCSETSW2,
  TCXONC,
  TERMIOS_SIZE,
  TERMIOS2_SIZE,
  TIOCEXCL,
  TIOCGDEV,
  TIOCGETD,
  TIOCGEXCL,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCNXCL,
  TIOCOUTQ,
  TIOCSCTTY,
  TIOCSETD,
  TIOCSPGRP,
  TIOCSTI,
  TIOCSWINSZ,
  VSTART,
  VSTOP,
  WINSIZE_SIZE,
} from "../../../src/abi/termios";
import {
  copyIn,
  copyOut,
  readWord,
  UserPointer,
  userPointer,
  writeWord,
} from "../../memory/user-memory";
import { changeRefusal } from "../../process/job-control";
import { currentProcess, findInGroup, findProcess } from "../../process/process";
import {
  controllingTerminal,
  freeTerminal,
  isSessionLeader,
  leaveTerminal,
  takeTerminal,
} from "../../process/session";
import { Terminal } from "../../terminal/terminal";
import { currentCredentials } from "../../thread/credentials";
import { getTermio, setTermio, setTermios } from "./termios-control";

const scratch: usize = memory.data(TERMIOS2_SIZE, 4);

/** What the ioctl `command` does with a terminal that is open for reading, or not. */
export function controlTerminal(
  terminal: Terminal,
  mayRead: bool,
  command: u32,
  argument: u32,
): i32 {
  if (terminal.isHungUp) return command === TIOCSPGRP ? -ENOTTY : -EIO;
  const pointer = userPointer(argument);
  switch (command) {
    case TIOCGPGRP:
      return isOwn(terminal) ? writeWord(pointer, terminal.foregroundGroup) : -ENOTTY;
    case TIOCGSID:
      return isOwn(terminal) ? writeWord(pointer, terminal.session) : -ENOTTY;
    case TIOCSPGRP:
      return isOwn(terminal) ? setForegroundGroup(terminal, pointer) : -ENOTTY;
    case TIOCSCTTY:
      return takeControl(terminal, mayRead, argument);
    case TIOCNOTTY:
      return giveControlUp(terminal);
    case FIONREAD:
      return writeWord(pointer, terminal.readableBytes());
    case TIOCSTI:
      return typeByte(terminal, pointer);
    case TIOCEXCL:
      terminal.isExclusive = true;
      return 0;
    case TIOCNXCL:
      terminal.isExclusive = false;
      return 0;
    case TIOCGEXCL:
      return writeWord(pointer, terminal.isExclusive ? 1 : 0);
    case TIOCGDEV:
      return writeWord(pointer, terminal.device);
    case TIOCGETD:
    case TIOCOUTQ: // output is never on its way
      return writeWord(pointer, 0);
    default:
      return controlLine(terminal, command, argument);
  }
}

/** What a master has in common with its slave: the settings, and what changes them. */
export function controlLine(terminal: Terminal, command: u32, argument: u32): i32 {
  const pointer = userPointer(argument);
  switch (command) {
    case TCGETS:
      return copyOut(pointer, changetype<usize>(terminal), TERMIOS_SIZE);
    case TCGETS2:
      return copyOut(pointer, changetype<usize>(terminal), TERMIOS2_SIZE);
    case TCGETA:
      return getTermio(terminal, pointer);
    case TIOCGWINSZ:
      return copyOut(pointer, terminal.windowSize, WINSIZE_SIZE);
    case TIOCSWINSZ:
      return setWindowSize(terminal, pointer);
    default:
      break;
  }
  if (!changesLine(command)) return -ENOTTY;
  const refusal = changeRefusal(terminal);
  return refusal !== 0 ? refusal : changeLine(terminal, command, argument);
}

function changesLine(command: u32): bool {
  if (command >= TCSETS2 && command <= TCSETSF2) return true;
  if (command >= TCSETS && command <= TCFLSH) return command !== TCGETA;
  return command === TCSBRKP || command === TIOCSETD;
}

function changeLine(terminal: Terminal, command: u32, argument: u32): i32 {
  const pointer = userPointer(argument);
  switch (command) {
    case TCSETS:
    case TCSETSW: // output is never pending
      return setTermios(terminal, pointer, TERMIOS_SIZE, false);
    case TCSETSF:
      return setTermios(terminal, pointer, TERMIOS_SIZE, true);
    case TCSETS2:
    case TCSETSW2:
      return setTermios(terminal, pointer, TERMIOS2_SIZE, false);
    case TCSETSF2:
      return setTermios(terminal, pointer, TERMIOS2_SIZE, true);
    case TCSETA:
    case TCSETAW:
      return setTermio(terminal, pointer, false);
    case TCSETAF:
      return setTermio(terminal, pointer, true);
    case TCXONC:
      return controlFlow(terminal, argument);
    case TCFLSH:
      if (argument > TCIOFLUSH) return -EINVAL;
      terminal.flush(argument);
      return 0;
    case TIOCSETD:
      return setDiscipline(pointer);
    default:
      // TCSBRK and TCSBRKP: no line here has breaks.
      return 0;
  }
}

/** Whether it is the caller's controlling terminal. */
function isOwn(terminal: Terminal): bool {
  return controllingTerminal(currentProcess()) === terminal;
}

function setForegroundGroup(terminal: Terminal, pointer: UserPointer): i32 {
  const refusal = changeRefusal(terminal);
  if (refusal !== 0) return refusal === -EIO ? -ENOTTY : refusal;
  if (readWord(pointer, scratch) !== 0) return -EFAULT;
  const group = load<u32>(scratch);
  if (<i32>group < 0) return -EINVAL;
  const session = currentProcess().session;
  if (terminal.session !== session) return -ENOTTY;
  const member = findInGroup(group);
  const owner = member !== null ? member : findProcess(group);
  if (owner === null) return -ESRCH;
  if (owner.session !== session) return -EPERM;
  terminal.foregroundGroup = group;
  return 0;
}

/** TIOCSCTTY: a session's leader without a terminal takes it, the superuser even from others. */
function takeControl(terminal: Terminal, mayRead: bool, steals: u32): i32 {
  const process = currentProcess();
  const isLeader = isSessionLeader(process);
  if (isLeader && terminal.session === process.session) return 0;
  if (!isLeader || controllingTerminal(process) !== null) return -EPERM;
  const isSuperuser = currentCredentials().effectiveUser === 0;
  if (!isSuperuser && (terminal.session !== 0 || !mayRead)) return -EPERM;
  if (terminal.session !== 0) {
    if (steals !== 1) return -EPERM;
    freeTerminal(terminal);
  }
  takeTerminal(process, terminal);
  return 0;
}

function giveControlUp(terminal: Terminal): i32 {
  if (!isOwn(terminal)) return -ENOTTY;
  leaveTerminal(currentProcess(), false);
  return 0;
}

/** TIOCSTI: as if a byte was typed. Only for the superuser: others would type for others. */
function typeByte(terminal: Terminal, pointer: UserPointer): i32 {
  if (currentCredentials().effectiveUser !== 0) return -EIO;
  if (copyIn(pointer, scratch, 1) !== 0) return -EFAULT;
  terminal.receiveByte(load<u8>(scratch));
  return 0;
}

function setWindowSize(terminal: Terminal, pointer: UserPointer): i32 {
  if (copyIn(pointer, scratch, WINSIZE_SIZE) !== 0) return -EFAULT;
  terminal.resize(scratch);
  return 0;
}

function controlFlow(terminal: Terminal, action: u32): i32 {
  switch (action) {
    case TCOOFF:
    case TCOON:
      terminal.suspendOutput(action === TCOOFF);
      return 0;
    case TCIOFF:
    case TCION: {
      const byte = terminal.special(action === TCIOFF ? VSTOP : VSTART);
      if (byte !== 0) terminal.send(byte);
      terminal.finishOutput();
      return 0;
    }
    default:
      return -EINVAL;
  }
}

/** There is one line discipline. */
function setDiscipline(pointer: UserPointer): i32 {
  if (readWord(pointer, scratch) !== 0) return -EFAULT;
  return load<u32>(scratch) === 0 ? 0 : -EINVAL;
}
