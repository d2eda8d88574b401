// A loop that interprets a register machine of sixteen operations, on a sieve of primes.

#include "bench.h"

enum operation {
  HALT, SET, MOVE, ADD, SUB, MUL, AND, SHIFT_RIGHT, ADD_CONSTANT,
  LOAD, STORE, JUMP, JUMP_IF_LESS, JUMP_IF_ZERO, JUMP_IF_NOT_ZERO, MIX,
};

#define MEMORY 4096u
#define CODE(operation, a, b, c) ((u32)(operation) | (a) << 8 | (b) << 16 | (u32)(c) << 24)

/* Registers: 1 index, 2 limit, 3 multiple, 4 flag, 5 count, 6 checksum, 7 one, 8 scratch. */
static const u32 sieve[] = {
  CODE(SET, 1, 0, 0),             /*  0       i = 0 */
  CODE(SET, 7, 1, 0),             /*  1 */
  CODE(STORE, 1, 7, 0),           /*  2 fill: flag[i] = 1 */
  CODE(ADD_CONSTANT, 1, 1, 1),    /*  3 */
  CODE(JUMP_IF_LESS, 1, 2, 2),    /*  4       if i < limit goto fill */
  CODE(SET, 1, 2, 0),             /*  5       i = 2 */
  CODE(SET, 5, 0, 0),             /*  6 */
  CODE(LOAD, 4, 1, 0),            /*  7 next: if !flag[i] goto skip */
  CODE(JUMP_IF_ZERO, 4, 0, 18),   /*  8 */
  CODE(ADD, 5, 5, 7),             /*  9 */
  CODE(MIX, 6, 6, 1),             /* 10 */
  CODE(ADD, 3, 1, 1),             /* 11       m = 2 i */
  CODE(SET, 4, 0, 0),             /* 12 */
  CODE(JUMP, 0, 0, 16),           /* 13 */
  CODE(STORE, 3, 4, 0),           /* 14 mark: flag[m] = 0 */
  CODE(ADD, 3, 3, 1),             /* 15       m += i */
  CODE(JUMP_IF_LESS, 3, 2, 14),   /* 16       if m < limit goto mark */
  CODE(MOVE, 8, 5, 0),            /* 17 */
  CODE(ADD_CONSTANT, 1, 1, 1),    /* 18 skip: i++ */
  CODE(JUMP_IF_LESS, 1, 2, 7),    /* 19       if i < limit goto next */
  CODE(MUL, 8, 5, 5),             /* 20 */
  CODE(SHIFT_RIGHT, 8, 8, 3),     /* 21 */
  CODE(AND, 8, 8, 5),             /* 22 */
  CODE(SUB, 8, 8, 7),             /* 23 */
  CODE(JUMP_IF_NOT_ZERO, 8, 0, 26), /* 24 */
  CODE(SET, 6, 0, 0),             /* 25 */
  CODE(HALT, 0, 0, 0),            /* 26 */
};

/* Runs until HALT. */
static void interpret(const u32 *code, u32 *registers, u8 *memory)
{
  const u32 *next = code;
  for (;;) {
    u32 instruction = *next++;
    u32 *a = &registers[instruction >> 8 & 15];
    u32 b = instruction >> 16 & 255;
    u32 c = instruction >> 24;
    switch (instruction & 255) {
    case HALT:
      return;
    case SET:
      *a = b;
      break;
    case MOVE:
      *a = registers[b & 15];
      break;
    case ADD:
      *a = registers[b & 15] + registers[c & 15];
      break;
    case SUB:
      *a = registers[b & 15] - registers[c & 15];
      break;
    case MUL:
      *a = registers[b & 15] * registers[c & 15];
      break;
    case AND:
      *a = registers[b & 15] & registers[c & 15];
      break;
    case SHIFT_RIGHT:
      *a = registers[b & 15] >> (c & 31);
      break;
    case ADD_CONSTANT:
      *a = registers[b & 15] + c;
      break;
    case LOAD:
      *a = memory[registers[b & 15] & (MEMORY - 1)];
      break;
    case STORE:
      memory[*a & (MEMORY - 1)] = registers[b & 15];
      break;
    case JUMP:
      next = code + c;
      break;
    case JUMP_IF_LESS:
      if (*a < registers[b & 15])
        next = code + c;
      break;
    case JUMP_IF_ZERO:
      if (*a == 0)
        next = code + c;
      break;
    case JUMP_IF_NOT_ZERO:
      if (*a != 0)
        next = code + c;
      break;
    case MIX:
      *a = mix(registers[b & 15], registers[c & 15]);
      break;
    }
  }
}

RUN(u8 *arena, u32 rounds)
{
  u32 *registers = (u32 *)arena;
  u8 *memory = arena + 64;
  u32 checksum = 0;
  for (u32 round = 0; round < rounds; round++) {
    registers[2] = MEMORY - (round & 255);
    registers[6] = round;
    interpret(sieve, registers, memory);
    checksum = mix(checksum, registers[6] + registers[5] + registers[8]);
  }
  return checksum;
}
