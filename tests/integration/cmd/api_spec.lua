--- Scripts that call the API: mistakes name the script's line, the place in the value and what was meant; and
--- editors are told of what connections really have.
local meta = require "perilune.cmd.doc.meta.words"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local SCRIPT = [[
local vc = vcenter()
local vim = require "perilune.vim"
local vm = vc:find_one { type = "VirtualMachine" }
local mistakes = {
  field = function() vm:ReconfigVM_Task { spec = { numCPUS = 2 } } end,
  member = function()
    local device = vim.VirtualDisk { key = -1, capacityInKB = 1 }
    vm:ReconfigVM_Task { spec = { deviceChange = { { operation = "addd", device = device } } } }
  end,
  type = function() return vim.VirtualDisc {} end,
  method = function() vm:PowerOn_Task() end,
  property = function() vm:get "config.hardwre" end,
  required = function()
    parallel(2, { 1, 2 }, function() vm:CloneVM_Task { name = "x" } end)
  end,
}
mistakes[arg[1] ]()
]]

local MISTAKES = {
  { "field", 5, 'VirtualMachineConfigSpec has no field "numCPUS"; did you mean "numCPUs"?\n    spec.numCPUS\n' },
  { "member", 8, 'has no member "addd"; did you mean "add"?\n    spec.deviceChange[1].operation\n' },
  { "type", 10, 'the API has no type "VirtualDisc"; did you mean "VirtualDisk"?' },
  { "method", 11, 'VirtualMachine has no method PowerOn_Task; did you mean "PowerOnVM_Task"?' },
  { "property", 12, 'did you mean "config.hardware"?' },
  { "required", 14, 'CloneVM_Task needs "folder", Folder\n    folder\n' },
}

local function script(text)
  local path = t.tmpdir() .. "/script.lua"
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

t.test("a mistake is told with the script's line, its place in the value, and the nearest name", function()
  local lab = server.start { "-vm", "1", "-host", "1", "-standalone-host", "0" }
  local path = script(SCRIPT)
  for _, mistake in ipairs(MISTAKES) do
    local result = lab:perilune("run", path, mistake[1])
    t.equal(result.status, 1)
    t.match(result.stderr, ("script.lua:%d: "):format(mistake[2]))
    t.match(result.stderr, mistake[3])
  end
  t.equal(lab:requests().refused, {})
end)

t.test("a script may close its connection; vcenter() opens the next", function()
  local result = server.start({ "-vm", "0" }):perilune("run", script [[
    do local vc <close> = vcenter() end
    local vc <close> = vcenter()
    print(vc:stats().logins)
  ]])
  t.equal({ result.status, result.stdout, result.stderr }, { 0, "1\n", "" })
end)

--- The names of the fields that a class of the definitions for editors has.
local function fields_of(class)
  local text, names = meta["perilune.lua"] .. "\n", {}
  local _, at = text:find("---@class " .. class .. "\n", 1, true)
  for name in text:match("^(.-)\n\n", at):gmatch "%-%-%-@field ([%w_]+)" do names[#names + 1] = name end
  return names
end

t.test("editors are told of what connections, tasks and services have", function()
  local vc = server.start({ "-vm", "1" }):connect()
  for _, name in ipairs(fields_of "perilune.Connection") do assert(vc[name] ~= nil, name) end
  local pbm = vc:service "pbm"
  for _, name in ipairs(fields_of "perilune.Service") do assert(pbm[name] ~= nil, name) end
  local task = vc:find_one({ type = "VirtualMachine", name = "*RP0_VM0" }):PowerOffVM_Task()
  task:await()
  for _, name in ipairs(fields_of "perilune.Task") do assert(task[name] ~= nil, name) end
end)
