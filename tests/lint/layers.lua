--- layers: arrows point down, and a foreign library is included in one folder (rules: tests/lint/layers).
package.path = "tests/lint/?.lua;" .. package.path
local tree = require "tree"

-- ISO C and POSIX headers, which every folder may include.
local common = {}
for name in ([[assert ctype dirent errno fcntl float inttypes limits locale math poll setjmp signal stdarg
  stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings termios time unistd wchar
  wctype]]):gmatch "%S+" do
  common[name .. ".h"] = true
end

local function words(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

local function read_rules()
  local rules = { folders = {}, ranks = {}, only = {} }
  for line in io.lines "tests/lint/layers" do
    local folder, own, foreign = line:match "^(%S+)%s*→(.-)|(.*)$"
    local layers, header, file = line:match "^lua (.*)$", line:match "^only (%S+)%s+(%S+)$"
    if folder then
      rules.folders[folder] = { own = words(own), foreign = words(foreign) }
    elseif layers then
      for rank, layer in ipairs(words(layers)) do rules.ranks[layer] = rank end
    elseif header then
      rules.only[header] = file
    end
  end
  return rules
end

local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then return true end
  end
  return false
end

local function begins_with_one(list, value)
  for _, item in ipairs(list) do
    if value:sub(1, #item) == item then return true end
  end
  return false
end

local function check_own(rules, path, line, target)
  local folder, used = tree.split(path), tree.split(target)
  local rule = rules.folders[folder]
  if used == folder or contains(rule.own, used) then return end
  if not tree.read(target) and not target:find "^runtime/base/" then
    return tree.report(path, line, 'no file "%s" (includes are written from the root)', target)
  end
  tree.report(path, line, "%s may not use %s; it may use: %s", folder, used, table.concat(rule.own, " "))
end

local function check_foreign(rules, path, line, header)
  local folder = tree.split(path)
  if common[header] or header:find "^sys/" then return end
  if rules.only[header] then
    if rules.only[header] ~= path then
      tree.report(path, line, "<%s> is for %s alone", header, rules.only[header])
    end
  elseif not begins_with_one(rules.folders[folder].foreign, header) then
    tree.report(path, line, "%s may not include <%s>: a foreign library has one folder", folder, header)
  end
end

local function check_c(rules, path)
  if not rules.folders[tree.split(path)] then
    return tree.report(path, 1, "tests/lint/layers has no rule for this folder")
  end
  tree.each_line(tree.read(path), function(line, number)
    local own, foreign = line:match '^%s*#%s*include%s+"(.-)"', line:match "^%s*#%s*include%s+<(.-)>"
    if own then check_own(rules, path, number, own) end
    if foreign then check_foreign(rules, path, number, foreign) end
  end)
end

local function check_lua(rules, path)
  local layer = path:match "^stdlib/perilune/([%w_]+)"
  tree.each_line(tree.lua_code(tree.read(path)), function(line, number)
    for used in line:gmatch "require[%s(]*[\"']perilune%.([%w_]+)" do
      local from, to = rules.ranks[layer], rules.ranks[used]
      if to and not from then
        tree.report(path, number, "perilune.%s is below perilune.%s and may not use it", layer, used)
      elseif to and from > to then
        tree.report(path, number, "perilune.%s is above perilune.%s; arrows point down", used, layer)
      end
    end
  end)
end

local rules = read_rules()
for _, path in ipairs(tree.files({ "runtime", "bindings" }, { ".c", ".h" })) do check_c(rules, path) end
for _, path in ipairs(tree.files({ "stdlib" }, { ".lua" })) do check_lua(rules, path) end
tree.finish()
