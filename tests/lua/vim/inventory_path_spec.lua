local path = require "perilune.vim.inventory_path"
local t = require "tests.support.spec"

--- What a part fits, of a few names.
local function fitting(part, list)
  local found = {}
  for _, name in ipairs(list) do
    if part.fits(name) then found[#found + 1] = name end
  end
  return found
end

t.test("a path is split at slashes before escapes are undone, in either case", function()
  local parts = path.parse "/DC0/vm/a%2fb%2Fc"
  t.equal({ #parts, parts[3].name, parts.is_absolute }, { 3, "a/b/c", true })
  t.equal(path.parse "/DC0/vm/100%25 %5c".text, "/DC0/vm/100%25 %5c")
  t.equal(path.parse "/DC0/vm/100%25 %5c"[3].name, "100% \\")
end)

t.test("doubled slashes and one at the end are nothing", function()
  t.equal(path.parse "//DC0//vm/".text, "/DC0/vm")
  t.equal(#path.parse "/", 0)
end)

t.test("wildcards fit one name, dots any number of levels", function()
  local parts = path.parse "/DC0/vm/.../web-*/x"
  t.equal({ #parts, parts[3].is_deep, parts[4].is_deep }, { 4, true, false })
  t.equal(fitting(parts[3], { "web-1", "web", "a/web-1" }), { "web-1" })
  t.equal({ path.literals(parts), path.is_exact(parts), path.spell(parts, 2) }, { 2, false, "/DC0/vm" })
end)

t.test("dots at the end are everything below", function()
  local parts = path.parse "/DC0/..."
  t.equal({ #parts, parts[2].is_deep, parts[2].name }, { 2, true, nil })
  t.equal(fitting(parts[2], { "a", "" }), { "a", "" })
  t.equal(#path.parse "/DC0/.../.../...", 2)
end)

t.test("a name after dots is no beginning that can be asked for whole", function()
  t.equal(path.literals(path.parse "/DC0/.../web"), 1)
end)

t.test("escaped wildcards are characters, with and without others beside them", function()
  t.equal(path.parse "/a%2ab%3F"[1].name, "a*b?")
  t.equal(fitting(path.parse "/a%2a*"[1], { "a*", "a*b", "ab" }), { "a*", "a*b" })
  t.equal(path.parse "/a%252a"[1].name, "a%2a")
end)

t.test("one spelling for paths that mean the same", function()
  t.equal(path.parse "/DC0//vm/a%2Fb/".text, path.parse "/DC0/vm/a%2fb".text)
end)

t.test("a relative path has no slash in front", function()
  t.equal({ path.parse "vm/web".is_absolute, path.parse "vm/web".text }, { false, "vm/web" })
end)

t.test("the way up is refused, and no path at all", function()
  t.match(t.raises(function() path.parse "/DC0/vm/../host" end, "argument").hint, "...")
  t.raises(function() path.parse "./x" end, "argument")
  t.raises(function() path.parse "" end, "argument")
end)
