// What tests skip so that a timer of user/relay.ts or user/crossing.ts expires: those wait for
// 1000 s by the kernel's clock, which is right to far less than 1 %.

export const SKIPPED_MS = 1_010_000;
