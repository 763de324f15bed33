--- names: a name is an address. Public symbols of C begin with the stem of their file, a stem occurs once,
--- modules of Lua that are required exist, and classes in annotations are named for their folder.
package.path = "tests/lint/?.lua;" .. package.path
local tree = require "tree"

local function read_exceptions()
  local set = {}
  for line in io.lines "tests/lint/names" do
    local name, place = line:match "^([%w_]+%*?)%s+(%S+)$"
    if name then set[name] = place end
  end
  return set
end

local exceptions = read_exceptions()

-- By its name or, "curl_*", by how it begins.
local function is_exception(name, place)
  return exceptions[name] == place or exceptions[(name:match "^%l+_" or "") .. "*"] == place
end

-- limits.h may say PERI_LIMIT_…; bindings/lua/pool.c, which repeats the stem of what it binds, exports
-- its opener.
local function is_named_for(name, path, stem)
  local place = path:gsub("%.[^.]*$", "")
  local begin = "^peri_" .. stem:gsub("s$", "") .. "s?%f[_\0]"
  return is_exception(name, place) or name:lower():find(begin) ~= nil
    or place:find "^bindings/lua/" ~= nil and name == "peri_open_" .. stem
end

-- A header may declare what another file of its folder defines: a header private to the folder does.
local function is_of_folder(name, path)
  local folder = tree.split(path)
  local word = path:find "%.h$" and name:lower():match "^peri_([%l%d]+)"
  return word and tree.read(("%s/%s.c"):format(folder, word)) and is_named_for(name, path, word)
end

local function check_symbol(path, number, name)
  local _, stem = tree.split(path)
  if is_exception(name, (path:gsub("%.[^.]*$", ""))) then return end
  if not name:find "^[Pp][Ee][Rr][Ii]_" then
    tree.report(path, number, "%s is public, so it begins with peri_%s_", name, stem)
  elseif not is_named_for(name, path, stem) and not is_of_folder(name, path) then
    tree.report(path, number, "%s is not named for its file: peri_%s_… (or move it)", name, stem)
  end
end

-- What a line in the first column of a header declares: a function, a type, a macro.
local function declared(line)
  if line:find "^%s" or line:find "^extern" then return end
  return line:match "^#%s*define%s+([%w_]+)" or line:match "^struct ([%w_]+) {"
    or line:match "^enum ([%w_]+) {"
    or line:match "^typedef .-([%w_]+);$" or line:match "^[%a_][%w_ *]-([%a_][%w_]*)%("
end

local function check_header(path)
  local code = tree.c_code(tree.read(path))
  local folder, stem = tree.split(path)
  local guard = "PERI_" .. (folder == "bindings/lua" and "LUA_" or "") .. stem:upper() .. "_H"
  local first = code:match "#%s*ifndef%s+([%w_]+)"
  if first ~= guard and first ~= "PERI_" .. stem:upper() .. "_H" then
    tree.report(path, 1, "the include guard is %s, not %s", guard, tostring(first))
  end
  tree.each_line(code, function(line, number)
    local name = declared(line)
    if name and name ~= first and name ~= "__attribute__" then check_symbol(path, number, name) end
  end)
end

-- A function that is not static belongs to a header or, in bindings/lua, is the module's opener; main
-- is main.
local function check_source(path)
  tree.each_line(tree.c_code(tree.read(path)), function(line, number)
    local name = line:match "^[%a_][%w_]*[ *][%w_ *]-([%a_][%w_]*)%([^;]*$"
    if name and name ~= "main" and not line:find "^static" and not line:find "^PERI_CODE" then
      check_symbol(path, number, name)
    end
  end)
end

local function check_stems(paths)
  local owner = {}
  for _, path in ipairs(paths) do
    local folder, stem = tree.split(path)
    if folder ~= "bindings/lua" then
      if owner[stem] and owner[stem] ~= folder then
        tree.report(path, 1, "the stem %s is taken by %s", stem, owner[stem])
      end
      owner[stem] = folder
    end
  end
end

local function read_c_modules()
  local set = {}
  local text = tree.read "bindings/lua/modules.def" or ""
  for stem in text:gmatch "PERI_MODULE(%b())" do set["perilune.c." .. stem:sub(2, -2)] = true end
  return set
end

local function check_requires(path, text, c_modules)
  tree.each_line(tree.lua_code(text), function(line, number)
    for name in line:gmatch "require[%s(]*[\"'](perilune[%w_.]*)[\"']" do
      local place = "stdlib/" .. name:gsub("%.", "/")
      if not (c_modules[name] or tree.read(place .. ".lua") or tree.read(place .. "/init.lua")) then
        tree.report(path, number, 'no module "%s": neither %s.lua nor in modules.def', name, place)
      end
    end
  end)
end

-- A class is named for its module's folder or for one above it: perilune.kind.Slot of kind/vm/slots.lua.
local function check_classes(path, text)
  local module = path:match "^stdlib/(perilune.*)%.lua$":gsub("/", ".")
  tree.each_line(text, function(line, number)
    local name = line:match "^%s*%-%-%-@class%s+([%w_.]+)"
    local place = name and (name:match "^(.*)%.[^.]+$" or "?") .. "."
    if name and (module .. "."):sub(1, #place) ~= place then
      tree.report(path, number, "class %s is not named for its folder: %s.Name", name, module:match "^(.*)%.")
    end
  end)
end

local sources = tree.files({ "runtime", "bindings" }, { ".c" })
local headers = tree.files({ "runtime", "bindings" }, { ".h" })
for _, path in ipairs(headers) do check_header(path) end
for _, path in ipairs(sources) do check_source(path) end
check_stems(sources)
check_stems(headers)

local c_modules = read_c_modules()
for _, path in ipairs(tree.files({ "stdlib", "tests" }, { ".lua" })) do
  if not path:find "^tests/lint/" then
    check_requires(path, tree.read(path), c_modules)
    if path:find "^stdlib/" then check_classes(path, tree.read(path)) end
  end
end
tree.finish()
