// Formats kernel messages: strings, decimal and hexadecimal numbers, padded to a width.

#include "bench.h"

struct output {
  u8 *at;
  u8 *end;
};

static inline void put(struct output *output, u8 byte)
{
  if (output->at < output->end)
    *output->at++ = byte;
}

static void put_padded(struct output *output, const u8 *text, u32 length, u32 width, u8 fill)
{
  for (u32 i = length; i < width; i++)
    put(output, fill);
  for (u32 i = 0; i < length; i++)
    put(output, text[i]);
}

static void put_number(struct output *output, u32 value, u32 base, u32 width, u8 fill)
{
  u8 digits[12];
  u32 at = sizeof digits;
  do {
    u32 digit = base == 10 ? value % 10 : value & 15;
    value = base == 10 ? value / 10 : value >> 4;
    digits[--at] = digit < 10 ? '0' + digit : 'a' + digit - 10;
  } while (value != 0);
  put_padded(output, digits + at, sizeof digits - at, width, fill);
}

static u32 length_of(const u8 *text)
{
  u32 length = 0;
  while (text[length] != 0)
    length++;
  return length;
}

/* %s, %d, %u, %x, %c, %% with a width; arguments are words. Returns the length. */
static u32 format(u8 *buffer, u32 size, const u8 *text, const u32 *arguments)
{
  struct output output = { buffer, buffer + size };
  for (; *text != 0; text++) {
    if (*text != '%') {
      put(&output, *text);
      continue;
    }
    text++;
    u8 fill = *text == '0' ? '0' : ' ';
    u32 width = 0;
    for (; *text >= '0' && *text <= '9'; text++)
      width = width * 10 + (*text - '0');
    switch (*text) {
    case 's': {
      const u8 *string = (const u8 *)*arguments++;
      put_padded(&output, string, length_of(string), width, fill);
      break;
    }
    case 'd': {
      u32 value = *arguments++;
      if ((i32)value < 0) {
        put(&output, '-');
        value = -value;
      }
      put_number(&output, value, 10, width, fill);
      break;
    }
    case 'u':
      put_number(&output, *arguments++, 10, width, fill);
      break;
    case 'x':
      put_number(&output, *arguments++, 16, width, fill);
      break;
    case 'c':
      put(&output, *arguments++);
      break;
    default:
      put(&output, *text);
    }
  }
  return output.at - buffer;
}

RUN(u8 *arena, u32 rounds)
{
  static const char message[] = "[%8u] %s: page fault at %08x, error %x (pid %d, %s%c) 100%%\n";
  static const char kernel[] = "kernel";
  static const char shell[] = "shell";
  u32 *arguments = (u32 *)arena;
  u8 *buffer = arena + 64;
  u32 random = 13;
  u32 checksum = 0;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 256; i++) {
      random = next_random(random);
      arguments[0] = random >> (i & 31);
      arguments[1] = (u32)kernel;
      arguments[2] = random;
      arguments[3] = random & 31;
      arguments[4] = (i32)random >> 16;
      arguments[5] = (u32)shell;
      arguments[6] = 'a' + (random >> 8 & 15);
      u32 length = format(buffer, 80, (const u8 *)message, arguments);
      for (u32 j = 0; j < length; j += 3)
        checksum = mix(checksum, buffer[j]);
    }
  }
  return checksum;
}
