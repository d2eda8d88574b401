// What sysinfo(2) says of the machine.
//
//   0 uptime | 4 three loads | 16 total | 20 free | 24 shared | 28 buffers | 32 swap | 36 free swap
//   40 processes u16 | 44 high memory, total and free | 52 unit in bytes

import { sysinfo } from "./system-calls";

const record: usize = memory.data(64, 4);

/** Asks the kernel; 0 or a negative errno. The other functions return its last answer. */
export function updateInformation(): i32 {
  return sysinfo(record);
}

export function uptimeSeconds(): u32 {
  return load<u32>(record);
}

export function totalBytes(): u64 {
  return <u64>load<u32>(record, 16) * unit();
}

export function freeBytes(): u64 {
  return <u64>load<u32>(record, 20) * unit();
}

export function processCount(): u32 {
  return load<u16>(record, 40);
}

function unit(): u64 {
  return max<u32>(load<u32>(record, 52), 1);
}
