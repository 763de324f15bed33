-- Encoding a CreateVM spec, for tests/bench/encode_bench.sh: walked, built in Lua, and encoded with all checks;
-- in turn, CPU time, least of 11 rounds. tests/bench/encode_bench.c runs it and brings walk and seconds.
-- luacheck: globals walk seconds
local object = require "perilune.c.object"
local soap = require "perilune.c.soap"

local COUNT, ROUNDS = 3000, 11
local space = object.space()
local folder, pool = space:object("Folder", "group-v3"), space:object("ResourcePool", "resgroup-8")
local network = space:object("Network", "network-7")

local function controller()
  return { operation = "add", device = { _typeName = "ParaVirtualSCSIController", key = -101, busNumber = 0,
    sharedBus = "noSharing" } }
end

local function disk()
  return { operation = "add", fileOperation = "create", device = { _typeName = "VirtualDisk", key = -102,
    controllerKey = -101, unitNumber = 0, capacityInKB = 20971520, backing = {
      _typeName = "VirtualDiskFlatVer2BackingInfo", fileName = "[LocalDS_0]", diskMode = "persistent",
      thinProvisioned = true } } }
end

local function card()
  return { operation = "add", device = { _typeName = "VirtualVmxnet3", key = -103, addressType = "generated",
    backing = { _typeName = "VirtualEthernetCardNetworkBackingInfo", deviceName = "VM Network", network = network },
    connectable = { startConnected = true, allowGuestControl = true, connected = true } } }
end

local function build(i)
  return { pool = pool, config = {
    name = "bench-" .. i, guestId = "debian12_64Guest", numCPUs = 2, memoryMB = 4096, annotation = "made by a bench",
    files = { vmPathName = "[LocalDS_0]" }, deviceChange = { controller(), disk(), card() },
    extraConfig = { { key = "guestinfo.a", value = "1" }, { key = "guestinfo.b", value = "2" } },
  } }
end

local specs = {}
for i = 1, COUNT do specs[i] = build(i) end

local function encode(spec) return soap.request { method = "CreateVM_Task", this = folder, args = spec } end

local candidates = {
  { name = "walk", run = function() for i = 1, COUNT do walk(specs[i]) end end },
  { name = "build", run = function() for i = 1, COUNT do build(i) end end },
  { name = "encode", run = function() for i = 1, COUNT do encode(specs[i]) end end },
}

for round = 0, ROUNDS do
  for _, c in ipairs(candidates) do
    collectgarbage() collectgarbage "stop" -- what it would mark are the prepared specs, which no caller has
    local start = seconds()
    c.run()
    collectgarbage "restart"
    if round > 0 then c[round] = (seconds() - start) / COUNT * 1e6 end
  end
end
for _, c in ipairs(candidates) do
  table.sort(c)
  print(("  %-7s %6.2f us a spec"):format(c.name, c[1]))
end
print(("%d bytes a request"):format(#encode(specs[1])))
