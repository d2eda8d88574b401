// The system calls about users and groups: see table.ts.

import { GROUPS_FILLED, INTEGER, USER, WORD_FILLED } from "../../src/abi/linux/argument-kinds";
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
  call(SystemCall.setreuid32, setreuid.index, USER, USER);
  call(SystemCall.setregid32, setregid.index, USER, USER);
  call(SystemCall.getgroups32, getgroups.index, INTEGER, GROUPS_FILLED);
  call(SystemCall.setresuid32, setresuid.index, USER, USER, USER);
  call(SystemCall.getresuid32, getresuid.index, WORD_FILLED, WORD_FILLED, WORD_FILLED);
  call(SystemCall.setresgid32, setresgid.index, USER, USER, USER);
  call(SystemCall.getresgid32, getresgid.index, WORD_FILLED, WORD_FILLED, WORD_FILLED);
  call(SystemCall.setuid32, setuid.index, USER);
  call(SystemCall.setgid32, setgid.index, USER);
  call(SystemCall.setfsuid32, setfsuid.index, USER);
  call(SystemCall.setfsgid32, setfsgid.index, USER);
}
