// The errors of WASI, and which of them an error of Linux is.
//
// Source: wasi_snapshot_preview1, `errno`.

import {
  E2BIG,
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EEXIST,
  EFAULT,
  EFBIG,
  EINTR,
  EINVAL,
  EISDIR,
  ELOOP,
  EMFILE,
  EMLINK,
  ENAMETOOLONG,
  ENFILE,
  ENODEV,
  ENOENT,
  ENOMEM,
  ENOSPC,
  ENOSYS,
  ENOTDIR,
  ENOTEMPTY,
  ENOTTY,
  ENXIO,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
  EPIPE,
  ERANGE,
  EROFS,
  ESPIPE,
  ETXTBSY,
  EXDEV,
} from "../../src/abi/errno";

export enum WasiError {
  SUCCESS = 0,
  TOOBIG = 1,
  ACCES = 2,
  AGAIN = 6,
  BADF = 8,
  BUSY = 10,
  EXIST = 20,
  FAULT = 21,
  FBIG = 22,
  INTR = 27,
  INVAL = 28,
  IO = 29,
  ISDIR = 31,
  LOOP = 32,
  MFILE = 33,
  MLINK = 34,
  NAMETOOLONG = 37,
  NFILE = 41,
  NODEV = 43,
  NOENT = 44,
  NOMEM = 48,
  NOSPC = 51,
  NOSYS = 52,
  NOTDIR = 54,
  NOTEMPTY = 55,
  NOTSUP = 58,
  NOTTY = 59,
  NXIO = 60,
  OVERFLOW = 61,
  PERM = 63,
  PIPE = 64,
  RANGE = 68,
  ROFS = 69,
  SPIPE = 70,
  TXTBSY = 74,
  XDEV = 75,
  NOTCAPABLE = 76,
}

/** What a system call has returned: 0 if it is not an error. */
export function errorOf(result: i32): i32 {
  return result >= 0 || result < -4095 ? WasiError.SUCCESS : translate(-result);
}

function translate(errno: i32): i32 {
  switch (errno) {
    case E2BIG:
      return WasiError.TOOBIG;
    case EACCES:
      return WasiError.ACCES;
    case EAGAIN:
      return WasiError.AGAIN;
    case EBADF:
      return WasiError.BADF;
    case EBUSY:
      return WasiError.BUSY;
    case EEXIST:
      return WasiError.EXIST;
    case EFAULT:
      return WasiError.FAULT;
    case EFBIG:
      return WasiError.FBIG;
    case EINTR:
      return WasiError.INTR;
    case EINVAL:
      return WasiError.INVAL;
    case EISDIR:
      return WasiError.ISDIR;
    case ELOOP:
      return WasiError.LOOP;
    case EMFILE:
      return WasiError.MFILE;
    case EMLINK:
      return WasiError.MLINK;
    case ENAMETOOLONG:
      return WasiError.NAMETOOLONG;
    case ENFILE:
      return WasiError.NFILE;
    case ENODEV:
      return WasiError.NODEV;
    case ENOENT:
      return WasiError.NOENT;
    case ENOMEM:
      return WasiError.NOMEM;
    case ENOSPC:
      return WasiError.NOSPC;
    case ENOSYS:
      return WasiError.NOSYS;
    case ENOTDIR:
      return WasiError.NOTDIR;
    case ENOTEMPTY:
      return WasiError.NOTEMPTY;
    case EOPNOTSUPP:
      return WasiError.NOTSUP;
    case ENOTTY:
      return WasiError.NOTTY;
    case ENXIO:
      return WasiError.NXIO;
    case EOVERFLOW:
      return WasiError.OVERFLOW;
    case EPERM:
      return WasiError.PERM;
    case EPIPE:
      return WasiError.PIPE;
    case ERANGE:
      return WasiError.RANGE;
    case EROFS:
      return WasiError.ROFS;
    case ESPIPE:
      return WasiError.SPIPE;
    case ETXTBSY:
      return WasiError.TXTBSY;
    case EXDEV:
      return WasiError.XDEV;
    default:
      return WasiError.IO;
  }
}
