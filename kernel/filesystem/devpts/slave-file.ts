// The slave of a pseudo-terminal as a file: a terminal that goes with its master.

import { EIO } from "../../../src/abi/errno";
import { FileOperations } from "../../file/inode";
import { OpenFile } from "../../file/open-file";
import { ptyOf } from "../../terminal/pty";
import { Terminal } from "../../terminal/terminal";
import { closeTerminal, fillTerminalOperations, openFor, takeOpened } from "../dev/terminal-file";

const operations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

/** Fills the record of operations and returns it. */
export function slaveOperations(): FileOperations {
  return fillTerminalOperations(operations, openSlave.index, closeTerminal.index);
}

function openSlave(file: OpenFile): i32 {
  const slave = changetype<Terminal | null>(file.inode.data);
  if (slave === null || ptyOf(slave).isLocked) return -EIO;
  const result = openFor(file, slave);
  if (result !== 0) return result;
  ptyOf(slave).wasOpened = true;
  takeOpened(file);
  return 0;
}
