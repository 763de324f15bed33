--- Turns Lua files into a C table, so that the program carries its own modules.
-- usage: lua5.4 embed.lua OUT.c FILE.lua…
-- stdlib/perilune/err.lua becomes perilune.err, …/a/init.lua …a; a file outside stdlib/ goes by its base name.

local function module_name(path)
  local inside = path:match "^stdlib/(.*)%.lua$" or path:match "([^/]+)%.lua$"
  return (inside:gsub("/init$", ""):gsub("/", "."))
end

--- The text of a file; a syntax error ends the build, not the program.
local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  assert(load(text, "@" .. path, "t"))
  return text
end

local function escape(c)
  return c:find '["\\?]' and "\\" .. c or ("\\%03o"):format(c:byte())
end

--- C string literals, one for each line of the text.
local function literal(text)
  local lines = {}
  for line in text:gmatch "[^\n]*\n?" do
    lines[#lines + 1] = '"' .. line:gsub('[%c\128-\255"\\?]', escape) .. '"'
  end
  return table.concat(lines, "\n     ")
end

local function entry(path)
  local text = read(path)
  return ('    {"%s", "@%s",\n     %s,\n     %d},\n'):format(module_name(path), path, literal(text), #text)
end

local function main(out, ...)
  local paths = { ... }
  table.sort(paths, function(a, b) return module_name(a) < module_name(b) end)
  local file = assert(io.open(out, "wb"))
  file:write '#include "runtime/engine/script.h"\n\nconst struct peri_script peri_scripts[] = {\n'
  for _, path in ipairs(paths) do file:write(entry(path)) end
  file:write "    {0},\n};\n"
  file:write(("const size_t peri_script_count = %d;\n"):format(#paths))
  assert(file:close())
end

main(...)
