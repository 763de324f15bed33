--- The server is killed and started again under a hundred reads and watches: all of them go on by themselves.
local connection = require "perilune.vim.connection"
local handle = require "perilune.c.object"
local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local READERS, WATCHES, MACHINES = 100, 8, 12
local SECONDS = 100 -- for what comes back

--- Looks until fn returns something true.
local function await(fn)
  while not fn() do task.sleep(0.02) end
end

local function all(list, fn)
  for _, value in ipairs(list) do
    if not fn(value) then return false end
  end
  return true
end

-- Reads -----------------------------------------------------------------------------------------------------

local READS = {
  function(vc) return #vc:rows { type = "VirtualMachine", props = { "name", "runtime.powerState" } } end,
  function(_, vm) return vm:get "config.hardware.memoryMB" end,
  function(vc) return vc:current_time() and true end,
}

local function new_reader(vc, vm, i)
  return { count = 0, read = function() return READS[i % #READS + 1](vc, vm) end }
end

--- Reads again and again; what a read raises ends the test.
local function keep_reading(reader, stop)
  reader.first = reader.read()
  while not stop.now do
    local value = reader.read()
    reader.count = reader.count + 1
    reader.last = value
    task.sleep(0.05)
  end
  reader.ended = true
end

local function all_read_again(readers)
  local counts = {}
  for i, reader in ipairs(readers) do counts[i] = reader.count end
  await(function()
    for i, reader in ipairs(readers) do
      if reader.count < counts[i] + 2 then return false end -- one may have been answered before
    end
    return true
  end)
end

-- Watches ---------------------------------------------------------------------------------------------------

--- Notes each change as one line, and that the machine "first" came, until the machine "last" comes.
local function keep_watching(vc, lines, ready, back)
  local watch <close> = vc:watch {
    type = "VirtualMachine", props = { "name", "runtime.powerState", "config.hardware.numCPU" },
  }
  ready[#ready + 1] = true
  for change in watch do
    local paths = {}
    for path, value in pairs(change.changes) do
      paths[#paths + 1] = ("%s %s→%s"):format(path, tostring(value.old), tostring(value.new))
    end
    table.sort(paths)
    local name = change.new and change.new.name
    if name == "last" then return end
    back[lines] = back[lines] or name == "first"
    lines[#lines + 1] = ("%s %s %s"):format(change.kind, handle.id(change.object),
      change.kind == "modify" and table.concat(paths, ", ") or "")
  end
end

-- What changes meanwhile ------------------------------------------------------------------------------------

local function create(lab, name)
  lab:govc("vm.create", "-on=false", "-m", "64", "-c", "1", "-pool", "/DC0/host/DC0_C0/Resources", "-ds", "LocalDS_0",
    "-net", "/DC0/network/VM Network", name)
end

local function id_of(lab, name)
  return (lab:govc("find", "-i", "/DC0/vm", "-name", name):match "VirtualMachine:(%S+)")
end

--- Changes a saved inventory while the server is away. Returns where it is saved now, and what a watch is to tell.
local function change(saved)
  local other = server.start { "-load", saved }
  local gone, off = id_of(other, "DC0_C0_RP0_VM1"), id_of(other, "DC0_C0_RP0_VM2")
  local renamed, same = id_of(other, "DC0_C0_RP0_VM3"), "DC0_C0_RP0_VM4"
  other:govc("vm.destroy", "DC0_C0_RP0_VM1")
  other:govc("vm.power", "-off", "DC0_C0_RP0_VM2")
  other:govc("object.rename", "/DC0/vm/DC0_C0_RP0_VM3", "renamed")
  other:govc("vm.power", "-off", same)
  other:govc("vm.change", "-vm", same, "-c", "2")
  other:govc("vm.change", "-vm", same, "-c", "1")
  other:govc("vm.power", "-on", same)
  create(other, "new")
  local lines = {
    "enter " .. id_of(other, "new") .. " ",
    "leave " .. gone .. " ",
    "modify " .. off .. " runtime.powerState poweredOn→poweredOff",
    "modify " .. renamed .. " name DC0_C0_RP0_VM3→renamed",
  }
  table.sort(lines)
  local now = other:save()
  other:stop()
  return now, lines
end

-- Tests -----------------------------------------------------------------------------------------------------

local function begin_all(vc, readers, watched, stop, back)
  local vm = vc:find { type = "VirtualMachine", name = "DC0_C0_RP0_VM0" }[1]
  local ready = {}
  for i = 1, WATCHES do
    watched[i] = {}
    scope.spawn(keep_watching, vc, watched[i], ready, back)
  end
  for i = 1, READERS do
    readers[i] = new_reader(vc, vm, i)
    scope.spawn(keep_reading, readers[i], stop)
  end
  await(function() return #ready == WATCHES end)
end

t.test("a killed server that comes back is read and watched on, with one difference for what changed", function()
  local lab = server.start { lasting = true, "-vm", tostring(MACHINES), "-standalone-host", "0" }
  local target = lab:target()
  target.patience = 120
  local vc = connection.open(target)
  t.cleanup(function() vc:close() end)
  local readers, watched, stop, back, wanted, saved = {}, {}, { now = false }, {}, nil, nil
  scope.timeout(SECONDS, function()
    scope.scope(function()
      begin_all(vc, readers, watched, stop, back)
      all_read_again(readers)
      saved, wanted = change(lab:save())
      all_read_again(readers)
      lab:kill()
      task.sleep(1) -- nobody is there
      lab:restart(saved)
      all_read_again(readers)
      stop.now = true
      await(function() return all(readers, function(reader) return reader.ended end) end)
      create(lab, "first")
      await(function() return all(watched, function(lines) return back[lines] end) end)
      create(lab, "last") -- behind all that there is to tell
    end)
  end)
  local own = { [id_of(lab, "first")] = true, [id_of(lab, "last")] = true }
  for i, all_lines in ipairs(watched) do
    local lines = {}
    for _, line in ipairs(all_lines) do
      if not own[line:match "^%a+ (%S+)"] then lines[#lines + 1] = line end
    end
    table.sort(lines)
    t.equal(lines, wanted, "watch " .. i)
  end
  for i, reader in ipairs(readers) do
    if i % #READS == 0 then t.equal(reader.first, MACHINES) end
    t.equal(reader.last, reader.first, "reader " .. i) -- one machine went, one came
  end
  t.equal(vc:stats().logins, 2) -- whoever found the session gone, one logged in
  t.equal(lab:sessions(), 1)
end)
