// The user program: linked at 0x1000, an address at which the kernel has something else.

extern "C" int syscall(int number, unsigned first, unsigned second) {
  int result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(number), "b"(first), "c"(second)
               : "memory");
  return result;
}

static unsigned length(const char *text) {
  unsigned count = 0;
  while (text[count]) count++;
  return count;
}

static int print(const char *text) {
  return syscall(4, reinterpret_cast<unsigned>(text), length(text));
}

// The layout puts .text.start first: the kernel starts the program at its first byte.
extern "C" __attribute__((section(".text.start"))) void start_user() {
  print("user: hello from 0x1000\n");
  const int kernels = syscall(4, 0x00100000, 16);
  const int trampolines = syscall(4, 0xfffff000, 16);
  const bool refused = kernels == -14 && trampolines == -14;
  print(refused ? "user: the kernel's memory is not mine\n" : "user: I read the kernel!\n");
  syscall(1, refused ? 0 : 1, 0);
  for (;;) {
  }
}
