// What C++ needs of its library where exceptions are WebAssembly's and all handlers are
// `catch (...)`, and functions of the system that WASI does not have: Lua refers to both.

extern "C" {
void *__cxa_allocate_exception(size_t size) noexcept { return malloc(size); }
void __cxa_free_exception(void *thrown) noexcept { free(thrown); }
[[noreturn]] void __cxa_throw(void *thrown, void *, void (*)(void *)) {
  __builtin_wasm_throw(0, thrown);
}
void *__cxa_begin_catch(void *thrown) noexcept { return thrown; }
void __cxa_end_catch() {}
[[noreturn]] void __cxa_rethrow() { abort(); }
int system(const char *) { return -1; }
char *tmpnam(char *) { return 0; }
FILE *tmpfile() { return 0; }
}
