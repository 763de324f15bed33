--- Shows each lint fail, on a tree of its own with one mistake, and pass where there is none. Speaks TAP.
local scratch = (os.getenv "TMPDIR" or "build/tmp") .. "/lint"

local function c_function(lines, first)
  return "/* long.c: too long. */\nvoid peri_long_run(void)\n{\n" .. (first or "") ..
    ("    ;\n"):rep(lines) .. "}\n"
end

local function guarded(guard, text)
  return ("#ifndef %s\n#define %s\n%s#endif\n"):format(guard, guard, text)
end

local function err_module(above)
  return "--- Errors.\nlocal err = {}\n\n" .. above .. "function err.new(t)\nend\n\nreturn err\n"
end

local codes = '/* codes.def: codes. */\nPERI_CODE(IO, "io", 1, "a file")\n'

-- lint, what is wrong (or "fine"), the tree's files, and what the lint says.
local cases = {
  { "layers", "an arrow that points up",
    { ["runtime/loop/loop.c"] = '#include "runtime/http/pool.h"\n', ["runtime/http/pool.h"] = "" },
    "runtime/loop/loop.c:1: runtime/loop may not use runtime/http" },
  { "layers", "runtime that uses bindings",
    { ["runtime/engine/engine.c"] = '#include "bindings/lua/raise.h"\n', ["bindings/lua/raise.h"] = "" },
    "runtime/engine may not use bindings/lua" },
  { "layers", "a foreign library in another folder", { ["runtime/http/pool.c"] = "#include <uv.h>\n" },
    "runtime/http may not include <uv.h>" },
  { "layers", "a library that one file alone may use", { ["bindings/lua/pool.c"] = "#include <jansson.h>\n" },
    "<jansson.h> is for bindings/lua/json.c alone" },
  { "layers", "an include that is no path from the root", { ["runtime/base/buf.c"] = '#include "buf.h"\n' },
    'no file "buf.h"' },
  { "layers", "a folder without a rule", { ["runtime/extra/extra.c"] = "" }, "has no rule for this folder" },
  { "layers", "a module that requires one above it",
    { ["stdlib/perilune/vim/task.lua"] = 'local plan = require "perilune.plan"\n' },
    "perilune.plan is above perilune.vim" },
  { "layers", "a module below the layers that requires one of them",
    { ["stdlib/perilune/util/text.lua"] = 'local kind = require("perilune.kind.vm")\n' },
    "perilune.util is below perilune.kind" },
  { "layers", "fine",
    { ["runtime/loop/loop.c"] = '#include "runtime/base/error.h"\n#include <uv.h>\n#include <stdlib.h>\n',
      ["runtime/base/error.h"] = "",
      ["stdlib/perilune/plan/init.lua"] = '-- not by require "perilune.cmd"\nrequire "perilune.kind"\n' } },

  { "names", "a public function without its stem",
    { ["runtime/http/pool.h"] = guarded("PERI_POOL_H", "void peri_request_new(void);\n") },
    "runtime/http/pool.h:3: peri_request_new is not named for its file" },
  { "names", "a function that is neither static nor ours",
    { ["runtime/http/pool.c"] = "int helper(int x)\n{\n}\n" },
    "helper is public" },
  { "names", "a macro without its stem",
    { ["runtime/http/pool.h"] = guarded("PERI_POOL_H", "#define LIMIT 3\n") },
    "LIMIT is public" },
  { "names", "another guard", { ["runtime/http/pool.h"] = guarded("POOL_H", "") },
    "the include guard is PERI_POOL_H, not POOL_H" },
  { "names", "a stem that occurs twice", { ["runtime/http/pool.c"] = "", ["runtime/sched/pool.c"] = "" },
    "the stem pool is taken by" },
  { "names", "a module that does not exist", { ["stdlib/perilune/err.lua"] = 'require "perilune.utl"\n' },
    'no module "perilune.utl"' },
  { "names", "a class named for another folder",
    { ["stdlib/perilune/plan/graph.lua"] = "---@class perilune.kind.Node\n" },
    "class perilune.kind.Node is not named for its folder" },
  { "names", "fine",
    { ["runtime/http/pool.h"] = guarded("PERI_POOL_H",
        "struct peri_pool {\n};\nstruct peri_pool *peri_pool_new(int a,\n    int b);\n"),
      ["runtime/http/pool.c"] = "static int helper(void)\n{\n}\nvoid peri_pool_free(void)\n{\n    go();\n}\n",
      ["bindings/lua/pool.c"] = "int peri_open_pool(lua_State *L)\n{\n}\n",
      ["bindings/lua/modules.def"] = 'PERI_MODULE(pool)\n',
      ["stdlib/perilune/plan/graph.lua"] = '---@class perilune.plan.Node\nrequire "perilune.c.pool"\n' } },

  { "length", "a function of 61 lines", { ["runtime/base/long.c"] = c_function(59) },
    "a function of 61 lines" },
  { "length", "a file of 601 lines", { ["stdlib/perilune/long.lua"] = ("\n"):rep(601) },
    "a file of 601 lines" },
  { "length", "fine", { ["runtime/base/long.c"] = c_function(58),
    ["stdlib/perilune/long.lua"] = ("\n"):rep(600) } },
  { "length", "fine, as a switch says why",
    { ["runtime/base/long.c"] = c_function(80, "    switch (x) { /* long: a case for each tag */\n") } },

  { "banned", "strcpy", { ["runtime/base/buf.c"] = "\n    strcpy (to, from);\n" },
    "runtime/base/buf.c:2: strcpy is banned; use struct peri_buf" },
  { "banned", "malloc", { ["runtime/http/pool.c"] = "p = malloc(3);\n" }, "use peri_alloc" },
  { "banned", "assert", { ["runtime/http/pool.c"] = "assert(p);\n" }, "use peri_assert" },
  { "banned", "getenv below the command line", { ["runtime/http/pool.c"] = 'getenv("HOME");\n' },
    "only runtime/cli" },
  { "banned", "a process that stops all tasks", { ["stdlib/perilune/err.lua"] = 'io.popen("ls")\n' },
    "io.popen is banned; use a process on the loop" },
  { "banned", "fine",
    { ["runtime/http/pool.c"] = '/* malloc(3) */ log("free(1) \\" exit(1)"); a->free(b); peri_free(c);\n',
      ["runtime/cli/main.c"] = 'exit(getenv("HOME") != NULL); // malloc(1)\n',
      ["stdlib/perilune/err.lua"] = "-- os.exit is for others\nmy.os.exit()\nstring.dump = nil\n" } },

  { "docs", "a function that no comment explains",
    { ["runtime/base/buf.h"] = "/* buf.h: bytes. */\n\nvoid peri_buf_init(struct peri_buf *b);\n" },
    "runtime/base/buf.h:3: say above it what it does, its units, errors and who owns what: peri_buf_init" },
  { "docs", "a C file without a head", { ["runtime/base/buf.c"] = "int x;\n" }, "begin with a comment" },
  { "docs", "a module without a head", { ["stdlib/perilune/err.lua"] = "return {}\n" }, "begin with a line" },
  { "docs", "a public function without annotation",
    { ["stdlib/perilune/err.lua"] = err_module "" },
    "stdlib/perilune/err.lua:4: annotate it above" },
  { "docs", "fine",
    { ["runtime/base/buf.h"] = "/* buf.h: bytes. */\n\n/* Makes\n * b nil. */\nvoid peri_buf_do(int b);\n",
      ["stdlib/perilune/err.lua"] = err_module "---@param t table\n" } },

  { "codes", "a code that nothing raises", { ["runtime/base/codes.def"] = codes },
    "runtime/base/codes.def:2: nothing raises io" },
  { "codes", "a code that is only compared with",
    { ["runtime/base/codes.def"] = codes, ["runtime/base/file.c"] = "if (e.code == PERI_E_IO) ;\n" },
    "nothing raises io" },
  { "codes", "a code that is not in the list",
    { ["runtime/base/codes.def"] = codes, ["stdlib/perilune/err.lua"] = 'err.raise { code = "io.more" }\n' },
    "the code io.more is not in runtime/base/codes.def" },
  { "codes", "a code that is there twice", { ["runtime/base/codes.def"] = codes .. codes },
    "io is there twice" },
  { "codes", "fine",
    { ["runtime/base/codes.def"] = codes,
      ["runtime/base/file.c"] = "peri_error_set(err, PERI_E_IO, x);\n" } },
}

local function plant(files)
  assert(os.execute(("rm -rf '%s' && mkdir -p '%s'"):format(scratch, scratch)))
  for path, text in pairs(files) do
    assert(os.execute(("mkdir -p '%s/%s'"):format(scratch, path:match "^(.*)/")))
    local file <close> = assert(io.open(scratch .. "/" .. path, "w"))
    file:write(text)
  end
end

local function lint(name)
  local pipe = assert(io.popen(("lua5.4 tests/lint/%s.lua '%s' 2>&1"):format(name, scratch)))
  local output = pipe:read "a"
  return pipe:close() == true, output
end

local function judge(case)
  local name, _, files, says = table.unpack(case)
  plant(files)
  local is_fine, output = lint(name)
  if says then return not is_fine and output:find(says, 1, true) ~= nil, output end
  return is_fine and output == "", output
end

local failed = 0
print("1.." .. #cases)
for number, case in ipairs(cases) do
  local is_right, output = judge(case)
  if not is_right then failed = failed + 1 end
  print(("%s %d - %s: %s"):format(is_right and "ok" or "not ok", number, case[1], case[2]))
  if not is_right then print(("# wanted %q, got: %q"):format(case[4] or "", output)) end
end
os.execute(("rm -rf '%s'"):format(scratch))
os.exit(failed == 0)
