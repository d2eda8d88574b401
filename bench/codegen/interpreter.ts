// A loop that interprets a register machine of sixteen operations, on a sieve of primes.

import { mix } from "./random";

enum Operation {
  Halt,
  Set,
  Move,
  Add,
  Sub,
  Mul,
  And,
  ShiftRight,
  AddConstant,
  Load,
  Store,
  Jump,
  JumpIfLess,
  JumpIfZero,
  JumpIfNotZero,
  Mix,
}

const MEMORY: u32 = 4096;

// Registers: 1 index, 2 limit, 3 multiple, 4 flag, 5 count, 6 checksum, 7 one, 8 scratch.
// An instruction is operation | a << 8 | b << 16 | c << 24.
const SIEVE: usize = memory.data<u32>([
  Operation.Set | (1 << 8), //  0       i = 0
  Operation.Set | (7 << 8) | (1 << 16), //  1
  Operation.Store | (1 << 8) | (7 << 16), //  2 fill: flag[i] = 1
  Operation.AddConstant | (1 << 8) | (1 << 16) | (1 << 24), //  3
  Operation.JumpIfLess | (1 << 8) | (2 << 16) | (2 << 24), //  4       if i < limit goto fill
  Operation.Set | (1 << 8) | (2 << 16), //  5       i = 2
  Operation.Set | (5 << 8), //  6
  Operation.Load | (4 << 8) | (1 << 16), //  7 next: if !flag[i] goto skip
  Operation.JumpIfZero | (4 << 8) | (18 << 24), //  8
  Operation.Add | (5 << 8) | (5 << 16) | (7 << 24), //  9
  Operation.Mix | (6 << 8) | (6 << 16) | (1 << 24), // 10
  Operation.Add | (3 << 8) | (1 << 16) | (1 << 24), // 11       m = 2 i
  Operation.Set | (4 << 8), // 12
  Operation.Jump | (16 << 24), // 13
  Operation.Store | (3 << 8) | (4 << 16), // 14 mark: flag[m] = 0
  Operation.Add | (3 << 8) | (3 << 16) | (1 << 24), // 15       m += i
  Operation.JumpIfLess | (3 << 8) | (2 << 16) | (14 << 24), // 16       if m < limit goto mark
  Operation.Move | (8 << 8) | (5 << 16), // 17
  Operation.AddConstant | (1 << 8) | (1 << 16) | (1 << 24), // 18 skip: i++
  Operation.JumpIfLess | (1 << 8) | (2 << 16) | (7 << 24), // 19       if i < limit goto next
  Operation.Mul | (8 << 8) | (5 << 16) | (5 << 24), // 20
  Operation.ShiftRight | (8 << 8) | (8 << 16) | (3 << 24), // 21
  Operation.And | (8 << 8) | (8 << 16) | (5 << 24), // 22
  Operation.Sub | (8 << 8) | (8 << 16) | (7 << 24), // 23
  Operation.JumpIfNotZero | (8 << 8) | (26 << 24), // 24
  Operation.Set | (6 << 8), // 25
  Operation.Halt, // 26
]);

/** The value of a register by its number's low four bits. */
function register(registers: usize, number: u32): u32 {
  return load<u32>(registers + ((number & 15) << 2));
}

/** Runs until Halt. */
function interpret(code: usize, registers: usize, memory: usize): void {
  let next = code;
  while (true) {
    const instruction = load<u32>(next);
    next += 4;
    const a = registers + (((instruction >> 8) & 15) << 2);
    const b = (instruction >> 16) & 255;
    const c = instruction >> 24;
    switch (instruction & 255) {
      case Operation.Halt:
        return;
      case Operation.Set:
        store<u32>(a, b);
        break;
      case Operation.Move:
        store<u32>(a, register(registers, b));
        break;
      case Operation.Add:
        store<u32>(a, register(registers, b) + register(registers, c));
        break;
      case Operation.Sub:
        store<u32>(a, register(registers, b) - register(registers, c));
        break;
      case Operation.Mul:
        store<u32>(a, register(registers, b) * register(registers, c));
        break;
      case Operation.And:
        store<u32>(a, register(registers, b) & register(registers, c));
        break;
      case Operation.ShiftRight:
        store<u32>(a, register(registers, b) >> (c & 31));
        break;
      case Operation.AddConstant:
        store<u32>(a, register(registers, b) + c);
        break;
      case Operation.Load:
        store<u32>(a, load<u8>(memory + (register(registers, b) & (MEMORY - 1))));
        break;
      case Operation.Store:
        store<u8>(memory + (load<u32>(a) & (MEMORY - 1)), register(registers, b));
        break;
      case Operation.Jump:
        next = code + (c << 2);
        break;
      case Operation.JumpIfLess:
        if (load<u32>(a) < register(registers, b)) next = code + (c << 2);
        break;
      case Operation.JumpIfZero:
        if (load<u32>(a) === 0) next = code + (c << 2);
        break;
      case Operation.JumpIfNotZero:
        if (load<u32>(a) !== 0) next = code + (c << 2);
        break;
      case Operation.Mix:
        store<u32>(a, mix(register(registers, b), register(registers, c)));
        break;
    }
  }
}

export function run(arena: usize, rounds: u32): u32 {
  const registers = arena;
  const memory = arena + 64;
  let checksum: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    store<u32>(registers, MEMORY - (round & 255), 2 << 2);
    store<u32>(registers, round, 6 << 2);
    interpret(SIEVE, registers, memory);
    const result =
      load<u32>(registers, 6 << 2) + load<u32>(registers, 5 << 2) + load<u32>(registers, 8 << 2);
    checksum = mix(checksum, result);
  }
  return checksum;
}
