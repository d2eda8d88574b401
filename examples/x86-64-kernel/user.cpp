// The user program: linked at 0x1000, an address at which the kernel has something else. Its stack
// is at the end of the lower half, 128 TiB up.

#include <stdint.h>

static int64_t call(uint64_t number, uint64_t first, uint64_t second) {
  int64_t result;
  asm volatile("syscall"
               : "=a"(result), "+D"(first), "+S"(second)
               : "a"(number)
               : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
  return result;
}

static uint64_t length(const char *text) {
  uint64_t count = 0;
  while (text[count]) count++;
  return count;
}

static int64_t print(const char *text) {
  return call(1, reinterpret_cast<uint64_t>(text), length(text));
}

// The layout puts .text.start first: the kernel starts the program at its first byte.
extern "C" __attribute__((section(".text.start"))) void start_user() {
  print("user: hello from 0x1000 in ring 3\n");
  volatile char on_stack = 's';
  const bool is_high = reinterpret_cast<uint64_t>(&on_stack) >= 0x7fffffff0000;
  print(is_high ? "user: my stack ends at 128 TiB\n" : "user: my stack is elsewhere\n");
  const int64_t kernels = call(1, 0x00100000, 16);
  const int64_t trampolines = call(1, 0xfffffffffffff000, 16);
  const bool refused = kernels == -14 && trampolines == -14;
  print(refused ? "user: the kernel's memory is not mine\n" : "user: I read the kernel!\n");
  // The processor must refuse it, too: the kernel is told to expect the fault.
  call(2, 0x00100000, 0);
  *reinterpret_cast<volatile char *>(0x00100000);
  call(60, 1, 0);
  for (;;) {
  }
}
