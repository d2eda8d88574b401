// The system calls about users and groups: see table.ts.

import {
  GROUPS,
  GROUPS_FILLED,
  INTEGER,
  POINTER,
  USER,
  WORD_FILLED,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import { call } from "./call-rows";
import { capget, capset } from "./capability";
import {
  getegid,
  getegid16,
  geteuid,
  geteuid16,
  getgid,
  getgid16,
  getgroups,
  getgroups16,
  getresgid,
  getresgid16,
  getresuid,
  getresuid16,
  getuid,
  getuid16,
  setfsgid,
  setfsgid16,
  setfsuid,
  setfsuid16,
  setgid,
  setgid16,
  setgroups,
  setgroups16,
  setregid,
  setregid16,
  setresgid,
  setresgid16,
  setresuid,
  setresuid16,
  setreuid,
  setreuid16,
  setuid,
  setuid16,
} from "./credentials";

/** Declares those calls, by number. */
export function declareCredentialCalls(): void {
  call(SystemCall.setuid, setuid16.index, USER);
  call(SystemCall.getuid, getuid16.index);
  call(SystemCall.setgid, setgid16.index, USER);
  call(SystemCall.getgid, getgid16.index);
  call(SystemCall.geteuid, geteuid16.index);
  call(SystemCall.getegid, getegid16.index);
  call(SystemCall.setreuid, setreuid16.index, USER, USER);
  call(SystemCall.setregid, setregid16.index, USER, USER);
  call(SystemCall.getgroups, getgroups16.index, INTEGER, POINTER);
  call(SystemCall.setgroups, setgroups16.index, INTEGER, POINTER);
  call(SystemCall.setfsuid, setfsuid16.index, USER);
  call(SystemCall.setfsgid, setfsgid16.index, USER);
  call(SystemCall.setresuid, setresuid16.index, USER, USER, USER);
  call(SystemCall.getresuid, getresuid16.index, POINTER, POINTER, POINTER);
  call(SystemCall.setresgid, setresgid16.index, USER, USER, USER);
  call(SystemCall.getresgid, getresgid16.index, POINTER, POINTER, POINTER);
  call(SystemCall.capget, capget.index, POINTER, POINTER);
  call(SystemCall.capset, capset.index, POINTER, POINTER);
  call(SystemCall.getuid32, getuid.index);
  call(SystemCall.getgid32, getgid.index);
  call(SystemCall.geteuid32, geteuid.index);
  call(SystemCall.getegid32, getegid.index);
  call(SystemCall.setreuid32, setreuid.index, USER, USER);
  call(SystemCall.setregid32, setregid.index, USER, USER);
  call(SystemCall.getgroups32, getgroups.index, INTEGER, GROUPS_FILLED);
  call(SystemCall.setgroups32, setgroups.index, INTEGER, GROUPS);
  call(SystemCall.setresuid32, setresuid.index, USER, USER, USER);
  call(SystemCall.getresuid32, getresuid.index, WORD_FILLED, WORD_FILLED, WORD_FILLED);
  call(SystemCall.setresgid32, setresgid.index, USER, USER, USER);
  call(SystemCall.getresgid32, getresgid.index, WORD_FILLED, WORD_FILLED, WORD_FILLED);
  call(SystemCall.setuid32, setuid.index, USER);
  call(SystemCall.setgid32, setgid.index, USER);
  call(SystemCall.setfsuid32, setfsuid.index, USER);
  call(SystemCall.setfsgid32, setfsgid.index, USER);
}
