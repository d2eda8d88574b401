// The system calls about users and groups: see table.ts.

import { INTEGER, POINTER } from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import {
  getegid,
  getegid16,
  geteuid,
  geteuid16,
  getgid,
  getgid16,
  getgroups,
  getresgid,
  getresuid,
  getuid,
  getuid16,
  setfsgid,
  setfsuid,
  setgid,
  setregid,
  setresgid,
  setresuid,
  setreuid,
  setuid,
} from "./credentials";

/** Declares those calls, by number. */
export function declareCredentialCalls(): void {
  call(SystemCall.getuid, getuid16.index);
  call(SystemCall.getgid, getgid16.index);
  call(SystemCall.geteuid, geteuid16.index);
  call(SystemCall.getegid, getegid16.index);
  call(SystemCall.getuid32, getuid.index);
  call(SystemCall.getgid32, getgid.index);
  call(SystemCall.geteuid32, geteuid.index);
  call(SystemCall.getegid32, getegid.index);
  call(SystemCall.setreuid32, setreuid.index, INTEGER, INTEGER);
  call(SystemCall.setregid32, setregid.index, INTEGER, INTEGER);
  call(SystemCall.getgroups32, getgroups.index, INTEGER, POINTER);
  call(SystemCall.setresuid32, setresuid.index, INTEGER, INTEGER, INTEGER);
  call(SystemCall.getresuid32, getresuid.index, POINTER, POINTER, POINTER);
  call(SystemCall.setresgid32, setresgid.index, INTEGER, INTEGER, INTEGER);
  call(SystemCall.getresgid32, getresgid.index, POINTER, POINTER, POINTER);
  call(SystemCall.setuid32, setuid.index, INTEGER);
  call(SystemCall.setgid32, setgid.index, INTEGER);
  call(SystemCall.setfsuid32, setfsuid.index, INTEGER);
  call(SystemCall.setfsgid32, setfsgid.index, INTEGER);
}
