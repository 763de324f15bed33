--- banned: calls that C and Lua here do not use, and what to use instead.
package.path = "tests/lint/?.lua;" .. package.path
local tree = require "tree"

local allocation = "peri_alloc and its family (runtime/base/alloc.h)"
local growing = "struct peri_buf (runtime/base/buf.h), or snprintf into an array of a known size"
local numbers = "the parsers of runtime/base/str.h, which refuse what is no number"

-- name → what to use, and the files or folders that may use it all the same.
local c_calls = {
  assert = { "peri_assert (runtime/base/check.h)" },
  malloc = { allocation, "runtime/base/alloc.c", "runtime/engine/memory.c" },
  calloc = { allocation, "runtime/base/alloc.c" },
  realloc = { allocation, "runtime/base/alloc.c", "runtime/base/buf.c", "runtime/engine/memory.c" },
  free = { "peri_free (runtime/base/alloc.h)", "runtime/base/alloc.c", "runtime/engine/memory.c",
    "bindings/lua/json.c" },
  strdup = { "peri_strdup (runtime/base/alloc.h)" },
  strndup = { "peri_strdup (runtime/base/alloc.h)" },
  alloca = { allocation },
  strcpy = { growing }, strcat = { growing }, sprintf = { growing }, vsprintf = { growing },
  strncpy = { growing }, strncat = { growing },
  strtok = { "strcspn and slices" },
  gets = { "fgets" },
  atoi = { numbers }, atol = { numbers }, atoll = { numbers }, atof = { numbers },
  strtol = { numbers, "runtime/base/str.c" }, strtoul = { numbers, "runtime/base/str.c" },
  strtoll = { numbers, "runtime/base/str.c" }, strtoull = { numbers, "runtime/base/str.c" },
  strtod = { numbers, "runtime/base/str.c", "bindings/soap/scalar.c" },
  gmtime = { "gmtime_r" }, localtime = { "localtime_r" }, ctime = { "strftime" }, asctime = { "strftime" },
  strerror = { "peri_error_errno (runtime/base/error.h)" },
  rand = { "runtime/tls/random.h" }, srand = { "runtime/tls/random.h" }, random = { "runtime/tls/random.h" },
  system = { "a process on the loop" }, popen = { "a process on the loop" },
  getenv = { "an argument: only runtime/cli reads the environment", "runtime/cli/" },
  exit = { "an error returned: only runtime/cli ends the process", "runtime/cli/" },
  luaL_ref = { "a userdata's user value: only runtime/sched keeps references", "runtime/sched/" },
  lua_resume = { "peri_task_wake: only runtime/sched resumes Lua", "runtime/sched/", "bindings/lua/coroutine.c" },
}

local lua_calls = {
  ["os.execute"] = { "a process on the loop: it would stop every task" },
  ["io.popen"] = { "a process on the loop: it would stop every task" },
  ["os.exit"] = { "an exit status returned by the command" },
  ["os.getenv"] = { "the env that is passed in: only perilune.cmd reads the environment",
    "stdlib/perilune/cmd/" },
  ["string.dump"] = { "text: bytecode is never loaded" },
}

local function is_allowed(rule, path)
  for i = 2, #rule do
    if path:sub(1, #rule[i]) == rule[i] then return true end
  end
  return false
end

local function check(path, number, call, rule)
  if rule and not is_allowed(rule, path) then
    tree.report(path, number, "%s is banned; use %s", call, rule[1])
  end
end

for _, path in ipairs(tree.files({ "runtime", "bindings" }, { ".c", ".h" })) do
  tree.each_line(tree.c_code(tree.read(path)), function(line, number)
    for before, call in (" " .. line):gmatch "(.)%f[%w_]([%a_][%w_]*)%s*%(" do
      if not before:find "[.>]" then check(path, number, call, c_calls[call]) end
    end
  end)
end
for _, path in ipairs(tree.files({ "stdlib" }, { ".lua" })) do
  tree.each_line(tree.lua_code(tree.read(path)), function(line, number)
    for call in line:gmatch "%f[%w_.]([%a_]+%.[%a_]+)%s*[%(\"'{%[]" do
      check(path, number, call, lua_calls[call])
    end
  end)
end
tree.finish()
