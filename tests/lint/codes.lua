--- codes: each error that is raised is in codes.def, and each line of codes.def is raised somewhere.
package.path = "tests/lint/?.lua;" .. package.path
local tree = require "tree"

local LIST = "runtime/base/codes.def"

local function read_codes()
  local by_enumerator, by_name = {}, {}
  tree.each_line(tree.read(LIST) or "", function(line, number)
    local enumerator, name = line:match '^PERI_CODE%(([%w_]+), "([%w_.]+)"'
    if enumerator then
      local code = { enumerator = enumerator, name = name, line = number }
      if by_name[name] or by_enumerator[enumerator] then
        tree.report(LIST, number, "%s is there twice", name)
      end
      by_enumerator[enumerator], by_name[name] = code, code
    end
  end)
  return by_enumerator, by_name
end

local by_enumerator, by_name = read_codes()

-- Comparing with a code, or looking for one, is no raise.
local function note_c(path)
  tree.each_line(tree.c_code(tree.read(path)), function(line)
    for before, name in line:gmatch "(.?.?.?)PERI_E_([%u_%d]+)" do
      local code = by_enumerator[name]
      if code and not before:find "[=!]= $" then code.is_raised = true end
    end
  end)
end

local function note_lua(path)
  tree.each_line(tree.lua_code(tree.read(path)), function(line, number)
    for name in line:gmatch "code%s*=%s*\"([%w_.]+)\"" do
      if not by_name[name] then tree.report(path, number, "the code %s is not in %s", name, LIST) end
    end
    for name in line:gmatch "\"([%l_]+%.?[%l_]*)\"" do
      local code = by_name[name]
      local is_asked = line:find("[=~]= \"" .. name) or line:find "has%b()"
      if code and not is_asked then code.is_raised = true end
    end
  end)
end

for _, path in ipairs(tree.files({ "runtime", "bindings" }, { ".c", ".h" })) do note_c(path) end
for _, path in ipairs(tree.files({ "stdlib" }, { ".lua" })) do note_lua(path) end
local unused = {}
for _, code in pairs(by_enumerator) do
  if not code.is_raised then unused[#unused + 1] = code end
end
table.sort(unused, function(a, b) return a.line < b.line end)
for _, code in ipairs(unused) do tree.report(LIST, code.line, "nothing raises %s; remove it", code.name) end
tree.finish()
