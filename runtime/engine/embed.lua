--- Turns Lua files into a C table of bytecode, so that the program carries its own modules.
-- usage: lua5.4 embed.lua OUT.c FILE.lua…
-- stdlib/perilune/err.lua becomes perilune.err, …/a/init.lua …a; a file outside stdlib/ goes by its base name.
-- Bytecode, as it loads seven times as fast as text; with its lines and names, as messages need them. A Lua of
-- another release than the program's is told by the header of the bytecode.

local function module_name(path)
  local inside = path:match "^stdlib/(.*)%.lua$" or path:match "([^/]+)%.lua$"
  return (inside:gsub("/init$", ""):gsub("/", "."))
end

--- The bytecode of a file; a syntax error ends the build, not the program.
local function compile(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return string.dump(assert(load(text, "@" .. path, "t")))
end

--- C string literals of 64 bytes each. Octal, so that what follows is never part of an escape.
local function literal(bytes)
  local lines = {}
  for at = 1, #bytes, 64 do
    local part = bytes:sub(at, at + 63):gsub('[%c\128-\255"\\?]', function(c) return ("\\%03o"):format(c:byte()) end)
    lines[#lines + 1] = '"' .. part .. '"'
  end
  return table.concat(lines, "\n     ")
end

local function entry(path)
  local bytes = compile(path)
  return ('    {"%s", "@%s",\n     %s,\n     %d},\n'):format(module_name(path), path, literal(bytes), #bytes)
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
