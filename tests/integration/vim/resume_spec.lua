--- Rows that come one by one, over connections and sessions that end on the way.
local handle = require "perilune.c.object"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local MACHINES = 120

--- Reads all machines, each once; calls fn after some of them.
local function read_all(vc, at, fn)
  local seen, count = {}, 0
  for row in vc:rows { type = "VirtualMachine", props = { "name", "config.hardware.device" } } do
    t.is_nil(seen[handle.id(row.ref)])
    seen[handle.id(row.ref)] = true
    count = count + 1
    if count == at then fn() end
  end
  t.equal(count, MACHINES)
end

local FLAGS = { "-vm", tostring(MACHINES), "-standalone-host", "0" }

t.test("rows go on where the answer was cut off, none twice", function()
  local vcenter = server.start(FLAGS)
  local vc = vcenter:connect()
  vcenter:rules { { method = "RetrievePropertiesEx", times = 2, action = { cut = "middle" } } }
  vcenter:reset_requests()
  read_all(vc, 0)
  t.equal(vcenter:requests().soap.RetrievePropertiesEx, 3)
end)

t.test("rows that are cut off every time are an error", function()
  local vcenter = server.start(FLAGS)
  local vc = vcenter:connect()
  vcenter:rules { { method = "RetrievePropertiesEx", action = { cut = "middle" } } }
  t.raises(function() read_all(vc, 0) end, "http.cut")
end)
