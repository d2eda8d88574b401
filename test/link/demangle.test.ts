// C++ names for people: agreement with c++filt, and peace with whatever is no C++ name.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { demangle, displayName } from "../../src/link/demangle";
import { readElfObject } from "../../src/link/elf-object-read";
import { run, scratch, unlessInstalled } from "./tools";

const SOURCE = `
  namespace kernel { namespace memory {
    struct Frame { unsigned number; };
    template <class T, int N> struct Ring {
      T items[N];
      Ring();
      ~Ring();
      T &at(unsigned i) const volatile;
      template <class U> U convert(U (*f)(T), const U &fallback);
      Ring &operator+=(const Ring &other);
      operator bool() const;
      static T *first;
    };
    enum class Mode : int { a };
    Frame *allocate(Mode, const char *const *, void (*)(int, long), int (&)[4], bool &&, ...);
    void swap(Frame &, Frame &, Frame *, const Frame *, Frame **);
  } }
  using namespace kernel::memory;
  template <class T, int N> Ring<T, N>::Ring() { static int count; count++; }
  template <class T, int N> Ring<T, N>::~Ring() {}
  template <class T, int N> T &Ring<T, N>::at(unsigned i) const volatile { return *first; }
  template <class T, int N> template <class U> U Ring<T, N>::convert(U (*)(T), const U &u) {
    return u;
  }
  template <class T, int N> Ring<T, N> &Ring<T, N>::operator+=(const Ring &) { return *this; }
  template <class T, int N> Ring<T, N>::operator bool() const { return true; }
  template <class T, int N> T *Ring<T, N>::first;
  template struct kernel::memory::Ring<int, 4>;
  template struct kernel::memory::Ring<Frame *, -1 + 9>;
  template <class... T> void each(T... all) {}
  template void each<int, Frame, char **>(int, Frame, char **);
  template <bool B, class T> T pick(T a, T b) { return a; }
  template unsigned long long pick<true>(unsigned long long, unsigned long long);
  namespace { void hidden(long double) {} }
  struct Base { virtual ~Base(); virtual void go(); };
  Base::~Base() {}
  void Base::go() {}
  void *operator new(unsigned);
  void operator delete(void *, unsigned) noexcept {}
  bool operator==(const Frame &, const Frame &) { return true; }
  void use() {
    hidden(0);
    allocate(Mode::a, nullptr, nullptr, *(int (*)[4])0, true);
    Frame f;
    swap(f, f, &f, &f, nullptr);
    Ring<int, 4> r;
    r.convert<char>(nullptr, 'x');
    new Base;
  }
`;

test("names of gcc's C++ read as c++filt's do", {
  skip: unlessInstalled("g++") || unlessInstalled("c++filt"),
}, (t) => {
  const file = scratch(t);
  const flags = ["-m32", "-O0", "-ffreestanding", "-fno-exceptions", "-fno-threadsafe-statics"];
  run("g++", ...flags, "-c", file("names.cpp", SOURCE), "-o", file("names.o"));
  const { symbols } = readElfObject(readFileSync(file("names.o")), "names.o");
  const names = [...new Set(symbols.map(({ name }) => name))].filter((name) => /^_Z/.test(name));
  assert.ok(names.length > 25);
  const expected = run("c++filt", ...names)
    .trimEnd()
    .split("\n");
  for (const [index, name] of names.entries()) assert.equal(demangle(name), expected[index], name);
});

test("what is no C++ name stays as it is", () => {
  for (const name of [
    "main",
    "_start",
    "_Z",
    "_Zxyz",
    "_ZN3foo",
    "_Z999999foo",

    "_ZSt",
  ]) {
    assert.equal(displayName(name), `"${name}"`);
  }
  assert.equal(
    displayName("_ZN4core5panicEPKc"),
    '"core::panic(char const*)" (_ZN4core5panicEPKc)',
  );
});

test("names made to exhaust a demangler do not", () => {
  const names = [
    `_Z1f${"P".repeat(100000)}i`,
    `_ZN${"1a".repeat(5000)}E`,
    `_Z1fI${"S_".repeat(3000)}E`,
    `_Z1f${"1aIS_S_E".repeat(2000)}`,
    `_Z1fIiE${"T_".repeat(4000)}`,
  ];
  const start = performance.now();
  for (const name of names) demangle(name);
  assert.ok(performance.now() - start < 2000);
});
