// The errors of system calls, in words.

import {
  E2BIG,
  EACCES,
  EAGAIN,
  EBADF,
  ECHILD,
  EEXIST,
  EFAULT,
  EINVAL,
  EIO,
  EISDIR,
  ELOOP,
  EMFILE,
  ENAMETOOLONG,
  ENOENT,
  ENOEXEC,
  ENOMEM,
  ENOSYS,
  ENOTDIR,
  ENOTTY,
  EPERM,
  EROFS,
  ESPIPE,
  ESRCH,
} from "../../src/abi/errno";
import { print, printC, printLine, STANDARD_ERROR, STANDARD_OUTPUT, use } from "./output";

/** What an errno means, in strerror(3)'s words. */
export function describeError(errno: i32): string {
  switch (errno) {
    case EPERM:
      return "Operation not permitted";
    case ENOENT:
      return "No such file or directory";
    case ESRCH:
      return "No such process";
    case EIO:
      return "Input/output error";
    case E2BIG:
      return "Argument list too long";
    case ENOEXEC:
      return "Exec format error";
    case EBADF:
      return "Bad file descriptor";
    case ECHILD:
      return "No child processes";
    case EAGAIN:
      return "Resource temporarily unavailable";
    case ENOMEM:
      return "Cannot allocate memory";
    case EACCES:
      return "Permission denied";
    case EFAULT:
      return "Bad address";
    case EEXIST:
      return "File exists";
    case ENOTDIR:
      return "Not a directory";
    case EISDIR:
      return "Is a directory";
    case EINVAL:
      return "Invalid argument";
    case EMFILE:
      return "Too many open files";
    case ENOTTY:
      return "Inappropriate ioctl for device";
    case ESPIPE:
      return "Illegal seek";
    case EROFS:
      return "Read-only file system";
    case ENAMETOOLONG:
      return "File name too long";
    case ENOSYS:
      return "Function not implemented";
    case ELOOP:
      return "Too many levels of symbolic links";
    default:
      return "Unknown error";
  }
}

/** Prints `program: subject: what the error is` on standard error. `error` is negative. */
export function complain(program: string, subject: usize, error: i32): void {
  use(STANDARD_ERROR);
  print(program);
  print(": ");
  printC(subject);
  print(": ");
  printLine(describeError(-error));
  use(STANDARD_OUTPUT);
}
