// AssemblyScript's integer types as tsc sees them, for the files of this folder.
//
// src/abi/ is compiled by tsc (for the tools) and by asc (for kernel and user programs). asc has
// these types built in; a tsconfig that extends AssemblyScript's must not include this file.

declare type u8 = number;
declare type u16 = number;
declare type u32 = number;
declare type i32 = number;
declare type u64 = bigint;
declare type usize = number;
