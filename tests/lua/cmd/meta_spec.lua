--- perilune doc --meta: what it writes is Lua, refers to nothing that is missing, and leaves nothing out.
local kinds = require "perilune.kind"
local meta = require "perilune.cmd.doc.meta"
local playbook_words = require "perilune.playbook.words"
local run_words = _G
local schema = require "perilune.c.schema"
local t = require "tests.support.spec"

local files = meta.files()

--- Classes and aliases of LuaCATS itself.
local BUILTIN = {}
for name in ("any nil boolean string number integer table function self fun"):gmatch "%a+" do BUILTIN[name] = true end

--- A type expression without what is in quotes.
local function unquoted(text)
  return (text:gsub('"[^"]*"', ""))
end

--- Calls fn(file, tag, rest) for each annotation.
local function each_annotation(fn)
  for file, text in pairs(files) do
    for line in text:gmatch "[^\n]+" do
      local tag, rest = line:match "^%-%-%-@(%a+)%s*(.*)$"
      if tag then fn(file, tag, rest) end
    end
  end
end

local function declared()
  local names, generic = {}, { T = true }
  each_annotation(function(file, tag, rest)
    if tag == "class" or tag == "alias" then
      local name = rest:match "^%S+"
      if names[name] then error(("%s is declared in %s and %s"):format(name, names[name], file)) end
      names[name] = file
    end
  end)
  return names, generic
end

--- The names of types in an expression: not those of parameters and fields in it, which a colon follows.
local function referred(expression)
  local names = {}
  local text = unquoted(expression):gsub("[%a_][%w_]*%??%s*:", " ")
  for name in text:gmatch "[%a_][%w_.]*" do names[#names + 1] = name end
  return names
end

--- What of an annotation is a type, without the words that explain it.
local function expression_of(tag, rest)
  if tag == "class" then return rest:match "^%S+%s*:%s*(.*)$" or "" end
  if tag == "alias" or tag == "param" then return (rest:gsub("^%S+%s*", "")) end
  if tag == "field" then return (rest:gsub('^%[".-"%]%??%s*', ""):gsub("^%[%a+%]%s*", "i "):gsub("^%S+%s*", "")) end
  if tag == "return" or tag == "overload" or tag == "type" then return rest end
  return ""
end

t.test("every file is Lua, and small enough for an editor", function()
  local count = 0
  for file, text in pairs(files) do
    local chunk, problem = load(text, "@" .. file, "t", {})
    assert(chunk, problem)
    t.match(text, "---@meta")
    t.is_true(#text < 500000)
    count = count + 1
  end
  t.is_true(count > 50)
end)

t.test("every class that is referred to exists, and is declared once", function()
  local names, generic = declared()
  local seen = 0
  each_annotation(function(file, tag, rest)
    local expression = expression_of(tag, (rest:gsub("  .*$", "")))
    for _, name in ipairs(referred(expression)) do
      seen = seen + 1
      if not (names[name] or BUILTIN[name] or generic[name] or name:find "^%.+$") then
        error(("%s: @%s %s: there is no type %s"):format(file, tag, rest, name))
      end
    end
  end)
  t.is_true(seen > 10000)
end)

t.test("a class that nobody declares would be found", function()
  files.wrong = "---@class wrong.One\n---@field a wrong.Two[]\n"
  local names = declared()
  t.is_true(names["wrong.One"] == "wrong")
  t.equal(referred(expression_of("field", "a wrong.Two[]")), { "wrong.Two" })
  t.equal(referred 'fun(self: a.B, c?: d.E[]): f.G, "h.I"|j.K', { "fun", "a.B", "d.E", "f.G", "j.K" })
  files.wrong = nil
end)

--- The lines of a class: up to an empty line.
local function class_of(name)
  for _, text in pairs(files) do
    local _, at = (text .. "\n"):find("\n%-%-%-@class " .. name:gsub("%p", "%%%0") .. "%f[%s]")
    if at then return text:match("^(.-)\n\n", at + 1) or text:sub(at + 1) end
  end
  error("no class " .. name)
end

t.test("every type has its class, every field is in it", function()
  local names = declared()
  for _, sort in ipairs { "type", "enum", "managed" } do
    for _, name in ipairs(schema.names(sort)) do assert(names["vim." .. name], name) end
  end
  local disk = class_of "vim.VirtualDisk"
  t.match(disk, " : vim.VirtualDevice")
  t.match(disk, "\n---@field capacityInKB integer")
  t.match(disk, "\n--- since 8.0.1.0\n---@field vDiskVersion? integer")
  t.match(disk, "\n---@field shares? vim.SharesInfo")
  t.match(files["api/vim25-enum-V.lua"],
    '\n---@alias vim.VirtualMachinePowerState "poweredOff"|"poweredOn"|"suspended"\n')
end)

t.test("every method is in the class of its type, with its arguments", function()
  local count = 0
  local text = {}
  for name, content in pairs(files) do
    if name:find "managed" then text[#text + 1] = content end
  end
  local all = table.concat(text)
  for _, full in ipairs(schema.names "method") do
    local owner, name = full:match "^(.-)%.([^.]*)$"
    local method = schema.method(owner, name)
    assert(all:find(("---@field %s fun(self: vim.%s, args"):format(name, owner), 1, true), full)
    if #method.params > 0 then
      assert(all:find(("---@class vim.%s.Args\n"):format(full), 1, true), full)
    end
    count = count + 1
  end
  t.is_true(count > 1000)
  local machine = class_of "vim.VirtualMachine"
  t.match(machine, " : vim.ManagedEntity")
  t.match(machine, "---@field CloneVM_Task fun(self: vim.VirtualMachine, "
    .. "args: vim.VirtualMachine.CloneVM_Task.Args): perilune.Task")
  t.match(machine, "---@field AcquireTicket fun(self: vim.VirtualMachine, "
    .. "args: vim.VirtualMachine.AcquireTicket.Args): vim.VirtualMachineTicket")
  t.match(machine, "---@field PowerOnVM_Task fun(self: vim.VirtualMachine, args?: ")
  t.match(class_of "vim.VirtualMachine.CloneVM_Task.Args", "\n---@field spec vim.VirtualMachineCloneSpec")
end)

t.test("every data type has its constructor", function()
  for _, name in ipairs(schema.names "type") do
    local line = ("\n---@field %s fun(fields?: vim.%s): vim.%s\n"):format(name, name, name)
    assert(files["vim.lua"]:find(line, 1, true), name)
  end
end)

t.test("every kind has its word and its fields, the required and the nested ones too", function()
  for name, kind in pairs(kinds) do
    t.match(files["kinds.lua"], ("\nfunction %s(name) end\n"):format(name))
    for field in pairs(kind.fields and kind.fields.fields or {}) do
      t.match(class_of("perilune.fields." .. name), ("\n---@field %s? "):format(field))
    end
    for attribute in pairs(kind.attributes or {}) do
      t.match(class_of("perilune.handle." .. name), ("\n---@field %s "):format(attribute))
    end
  end
  t.match(class_of "perilune.fields.vm", "\n---@field disks? (perilune.fields.vm.disks)[]")
  t.match(class_of "perilune.fields.vm.disks", "\n---@field size? string|integer")
end)

--- The globals that a file declares.
local function globals_of(file)
  local names = {}
  for name in files[file]:gmatch "\nfunction ([%w_]+)%(" do names[name] = true end
  for name in files[file]:gmatch "\n([%a_]+) = {}" do names[name] = true end
  return names
end

local LUA = {}
for name in ("_G _VERSION arg assert collectgarbage coroutine debug dofile error getmetatable io ipairs load loadfile "
  .. "math next os package pairs pcall print rawequal rawget rawlen rawset require select setmetatable string table "
  .. "tonumber tostring type utf8 warn xpcall"):gmatch "%S+" do
  LUA[name] = true
end

t.test("the words of scripts are those that scripts have", function()
  local names = globals_of "run.lua"
  for name in pairs(names) do assert(run_words[name] ~= nil, name) end
  for name in pairs(run_words) do assert(names[name] or LUA[name], name) end
end)

t.test("the words of playbooks are those that playbooks have", function()
  local names, known = globals_of "playbook.lua", playbook_words.of {}
  for name in pairs(names) do assert(known[name] ~= nil, name) end
  for name in pairs(known) do
    assert(names[name] or globals_of("run.lua")[name] or LUA[name], name)
  end
end)

t.test("writes all of it below a directory, and says what to do with that", function()
  local directory = t.tmpdir() .. "/new dir/meta"
  local result = t.command { "build/perilune", "doc", "--meta", directory }
  t.equal({ result.status, result.stderr }, { 0, "" })
  t.match(result.stdout, "workspace.library")
  for name, text in pairs(files) do
    local file = assert(io.open(directory .. "/" .. name, "rb"))
    t.is_true(file:read "a" == text)
    file:close()
  end
end)

t.test("says where it could not write", function()
  local result = t.command { "build/perilune", "doc", "--meta", "/dev/null/meta" }
  t.equal(result.status, 1)
  t.match(result.stderr, "/dev/null/meta")
end)

-- A language server that checks --------------------------------------------------------------------------------

local GOOD = [[
local vim = require "perilune.vim"
local vc = vcenter()
---@type vim.VirtualMachine
local vm = vc:find_one { type = "VirtualMachine", name = "web-01" }
---@type vim.Folder
local folder = vc:find_one { type = "Folder" }
local spec = { location = {}, powerOn = false, template = false }
local info = vm:CloneVM_Task({ folder = folder, name = "copy", spec = spec }):await { timeout = "30s" }
print(info, vim.VirtualDisk { key = -1, capacityInKB = 1024 })
]]

local WRONG = [[
---@type vim.VirtualMachine
local vm = vcenter():find_one { type = "VirtualMachine" }
vm:NoSuchMethod_Task()
vm:CloneVM_Task { name = "no folder and no spec" }
]]

local CHECKERS = {
  { "lua-language-server", "--check", ".", "--checklevel=Warning", "--configpath=.luarc.json" },
  { "emmylua_check", "." },
}

local function installed()
  for _, words in ipairs(CHECKERS) do
    if os.execute("command -v " .. words[1] .. " >/dev/null") then return words end
  end
end

--- What a language server finds in a project of these scripts, and the program's status.
local function check(checker, scripts)
  local directory = t.tmpdir()
  for name, text in pairs(scripts) do
    local file = assert(io.open(directory .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end
  meta.write(directory .. "/.meta")
  local file = assert(io.open(directory .. "/.luarc.json", "wb"))
  file:write '{ "runtime": { "version": "Lua 5.4" }, "workspace": { "library": [".meta"] } }'
  file:close()
  local result = t.command { "sh", "-c", ("cd %s && %s"):format(directory, table.concat(checker, " ")) }
  return result.status, result.stdout .. result.stderr
end

local checker = installed()
local CHECKED = "a language server finds nothing wrong with a playbook and a script, and mistakes where there are some"
if checker then
  t.test(CHECKED, function()
    local file = assert(io.open("playbooks/web-tier.lua", "rb"))
    local status, said = check(checker, { ["web-tier.lua"] = file:read "a", ["script.lua"] = GOOD })
    file:close()
    if status ~= 0 then error(said) end
    status, said = check(checker, { ["script.lua"] = WRONG })
    t.is_true(status ~= 0 or said:find "warning" ~= nil)
    t.match(said, "NoSuchMethod_Task")
    t.match(said, "missing")
  end)
else
  t.skip(CHECKED, "neither lua-language-server nor emmylua_check is installed")
end
