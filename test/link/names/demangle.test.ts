// C++ and Rust names demangled: agreement with c++filt, and no harm from anything else.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readArchive } from "../../../src/link/input/archive";
import { readElfObject } from "../../../src/link/input/elf-object";
import { demangle, displayName } from "../../../src/link/names/demangle";
import { run, rustc, scratch, unlessInstalled, unlessRust } from "../tools";

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

test("names of gcc's C++ read as c++filt prints them", {
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

/** Names of both of Rust's schemes; the libraries of rustc have thousands more: see below. */
const RUST: Readonly<Record<string, string>> = {
  _ZN4ring4Ring7advance17h0123456789abcdefE: "ring::Ring::advance",
  "_ZN52_$LT$impl$u20$core..fmt..Display$u20$for$u20$u32$GT$3fmt17h151a6d146913438fE":
    "<impl core::fmt::Display for u32>::fmt",
  _ZN4core3ptr33drop_in_place$LT$$u5b$u8$u5d$$GT$17h0123456789abcdefE:
    "core::ptr::drop_in_place<[u8]>",
  _RNvCs1_4ring4spin: "ring::spin",
  _RNvMCs1_4ringNtB2_4Ring7advance: "<ring::Ring>::advance",
  _RNvXCs1_4ringNtB2_4RingNtNtCs2_4core3fmt5Debug3fmt: "<ring::Ring as core::fmt::Debug>::fmt",
  _RINvCs1_4ring4swapmTjhEE: "ring::swap::<u32, (usize, u8)>",
  _RINvCs1_4ring5firstAhj10_E: "ring::first::<[u8; 16]>",
  _RNCNvCs1_4ring4spins0_0B3_: "ring::spin::{closure#2}",
  _RINvCs1_4ring4callFUKCmEuE: 'ring::call::<unsafe extern "C" fn(u32)>',
  _RINvCs1_4ring4callFG_RL0_hEB2_E: "ring::call::<for<'a> fn(&'a u8) -> ring>",
  _RINvCs1_4ring4dropDNtCs1_4core4SendNtBj_4SyncEL_E: "ring::drop::<dyn core::Send + core::Sync>",
};

test("Rust's names read as Rust programmers write them", () => {
  for (const [name, expected] of Object.entries(RUST)) assert.equal(demangle(name), expected, name);
});

test("a name that is not C++ stays as it is", () => {
  for (const name of [
    "main",
    "_start",
    "_Z",
    "_Zxyz",
    "_ZN3foo",
    "_Z999999foo",

    "_ZSt",
    "_RNvCs1_4ring",
    "_RNvCs1_4ringu8gdel_5qa",
    "_ZN9ring17h0123456789abcdefE",
  ]) {
    assert.equal(displayName(name), `"${name}"`);
  }
  assert.equal(
    displayName("_ZN4core5panicEPKc"),
    '"core::panic(char const*)" (_ZN4core5panicEPKc)',
  );
});

test("names of rustc's own libraries read as c++filt prints them", {
  skip: unlessRust() || unlessInstalled("c++filt"),
}, () => {
  const { library = "" } = rustc() ?? {};
  const core = readdirSync(library).find((name) => name.startsWith("libcore-")) ?? "";
  const archive = readArchive(readFileSync(join(library, core)), core);
  const names = [...new Set(archive.index.map(([name]) => name))].filter((name) =>
    /17h/.test(name),
  );
  const some = names.filter((_, index) => index % 5 === 0);
  assert.ok(some.length > 100);
  const expected = run("c++filt", ...some)
    .replace(/::h[0-9a-f]{16}$/gm, "")
    .trimEnd()
    .split("\n");
  for (const [index, name] of some.entries()) assert.equal(demangle(name), expected[index], name);
});

test("names made to exhaust a demangler do not", () => {
  const names = [
    `_Z1f${"P".repeat(100000)}i`,
    `_ZN${"1a".repeat(5000)}E`,
    `_Z1fI${"S_".repeat(3000)}E`,
    `_Z1f${"1aIS_S_E".repeat(2000)}`,
    `_Z1fIiE${"T_".repeat(4000)}`,
    `_R${"Nv".repeat(5000)}C1a1b`,
    `_RINvC1a1b${"TB5_B5_".repeat(2000)}E`,
    `_RINvC1a1bT${"TB6_B6_B6_E".repeat(900)}EE`,
    `_RINvC1a1bF${"G8_".repeat(3000)}uEuE`,
    `_ZN${"1a".repeat(5000)}17h0123456789abcdefE`,
  ];
  const before = process.cpuUsage();
  for (const name of names) demangle(name);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 2_000_000, `${user + system} µs of CPU time`);
});
