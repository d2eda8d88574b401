// Lua, as C++: its errors are exceptions of WebAssembly. The program below runs.

#include <cstdio>
#include <cstdlib>
#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"

static const char PROGRAM[] = R"(
local function fib(k) return k < 2 and k or fib(k - 1) + fib(k - 2) end
print(fib(22))
local t = {}
for i = 1, 20000 do t[i] = (i * 7919) % 10007 end
table.sort(t)
print(t[1], t[10000])
local s = {}
for i = 1, 3000 do s[#s + 1] = string.format("%d:%s", i, ("x"):rep(i % 7)) end
local c = 0
for w in table.concat(s, ","):gmatch("%d+:x*") do c = c + #w end
print(c)
local Point = {}
Point.__index = Point
function Point.new(x, y) return setmetatable({x = x, y = y}, Point) end
function Point:add(o) return Point.new(self.x + o.x, self.y + o.y) end
local p = Point.new(0, 0)
for i = 1, 30000 do p = p:add(Point.new(i, 0.5)) end
print(p.x, p.y)
local n = 0
for i = 1, 2000 do
  local ok, message = pcall(function() if i % 100 == 0 then error({code = i}) end n = n + i end)
  if not ok then n = n + message.code * 2 end
end
print(n)
)";

// WebAssembly's library has neither; Lua names them.
#ifdef __wasm__
#include "cxx-runtime.h"
#endif

int main() {
  lua_State *state = luaL_newstate();
  luaL_openlibs(state);
  int failed = luaL_dostring(state, PROGRAM);
  if (failed) std::printf("%s\n", lua_tostring(state, -1));
  lua_close(state);
  return failed;
}
