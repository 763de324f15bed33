local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local function connect(flags)
  local lab = server.start(flags or {})
  local vc = lab:connect()
  return lab, vc, function(...)
    local now = vc:current_time()
    for _, text in ipairs { ... } do
      vc.content.eventManager:PostEvent {
        eventToPost = {
          _typeName = "GeneralUserEvent", message = text, key = 0, chainId = 0, createdTime = now, userName = "",
        },
      }
    end
  end
end

--- The messages of the next events.
local function next_messages(e, count)
  local list = {}
  for i = 1, count do list[i] = e:next().message end
  return list
end

local function has_no_more(e)
  t.raises(function() scope.timeout(0.3, e.next, e) end, "task.timeout")
end

t.test("the history comes first, oldest first, and then what happens", function()
  local _, vc, post = connect()
  post("one", "two")
  local e <close> = vc:events { types = "GeneralUserEvent" }
  t.equal(next_messages(e, 2), { "one", "two" })
  scope.all {
    function() t.equal(next_messages(e, 2), { "three", "four" }) end,
    function() post("three", "four") end,
  }
  has_no_more(e)
end)

t.test("a reader goes on from a saved position, and has nothing twice", function()
  local lab, vc, post = connect()
  post("one", "two", "three")
  local position
  do
    local e <close> = vc:events { types = "GeneralUserEvent" }
    t.equal(next_messages(e, 2), { "one", "two" })
    position = e.position
  end
  post "four"
  local other = lab:connect()
  local e <close> = other:events { types = "GeneralUserEvent", from = position }
  t.equal(next_messages(e, 2), { "three", "four" })
  has_no_more(e)
end)

t.test("the history alone ends", function()
  local _, vc = connect()
  local kinds = {}
  for e in vc:events { types = { "VmPoweredOnEvent", "VmCreatedEvent" }, live = false } do
    kinds[e._typeName] = (kinds[e._typeName] or 0) + 1
  end
  t.equal(kinds, { VmPoweredOnEvent = 4, VmCreatedEvent = 4 })
end)

t.test("events are selected by base type, object and time", function()
  local lab, vc = connect()
  local vm = vc:find_one { type = "VirtualMachine", name = "DC0_H0_VM0" }
  local e <close> = vc:events { types = "VmEvent", entity = vm, since = 0 }
  lab:govc("vm.power", "-off", "DC0_H0_VM1", "DC0_H0_VM0")
  local event = e:next()
  t.equal({ event._typeName, event.vm.vm }, { "VmStoppingEvent", vm })
  t.equal(e:next()._typeName, "VmPoweredOffEvent")
  has_no_more(e)
end)

t.test("more events than a page holds come at once, and all are had", function()
  local lab, vc, post = connect()
  local e <close> = vc:events { types = "GeneralUserEvent" }
  post "first"
  t.equal(next_messages(e, 1), { "first" })
  lab:rules { { method = "ReadNextEvents", times = 1, action = { delayMs = 300 } } }
  local texts = {}
  for i = 1, 2500 do texts[i] = tostring(i) end
  local got
  scope.all {
    function() got = next_messages(e, #texts) end,
    function() post(table.unpack(texts)) end,
  }
  t.equal(got, texts)
end)

t.test("lost answers and lost sessions lose no event, and double none", function()
  local lab, vc, post = connect()
  local e <close> = vc:events { types = "GeneralUserEvent" }
  local wanted, number = {}, 0
  local function happen()
    number = number + 1
    wanted[#wanted + 1] = tostring(number)
    post(tostring(number))
  end
  for _, trouble in ipairs {
    { method = "ReadNextEvents", times = 1, action = { cut = "after" } },
    { method = "ReadNextEvents", times = 1, action = { cut = "middle" } },
    { method = "WaitForUpdatesEx", times = 1, action = { cut = "middle" } },
    { method = "CreateCollectorForEvents", times = 1, action = { cut = "after" } },
    { method = "ReadNextEvents", times = 1, action = { fault = "ManagedObjectNotFound" } },
    "session",
  } do
    if trouble == "session" then
      lab:govc("session.rm", vc.session_key)
    else
      lab:rules { trouble }
    end
    happen()
    t.equal(next_messages(e, 1), { tostring(number) })
    happen()
    happen()
    t.equal(next_messages(e, 2), { tostring(number - 1), tostring(number) })
  end
  has_no_more(e)
end)

t.test("what the server keeps is freed on every way out", function()
  local lab, vc, post = connect()
  post("one", "two")
  for _ = 1, 40 do
    for e in vc:events { types = "GeneralUserEvent", live = false } do
      if e.message == "one" then break end
    end
    pcall(scope.timeout, 0.001, function()
      for _ in vc:events {} do end -- luacheck: ignore 542
    end)
  end
  vc:events { types = "GeneralUserEvent" }:next()
  vc:close()
  local soap = lab:requests().soap
  t.equal(soap.CreateCollectorForEvents, soap.DestroyCollector)
end)

t.test("where updates cannot be had, events are read nevertheless", function()
  local lab, vc, post = connect()
  lab:rules { { method = "CreatePropertyCollector", action = { fault = "NotSupported" } } }
  local e <close> = vc:events { types = "GeneralUserEvent" }
  scope.all {
    function() t.equal(next_messages(e, 2), { "one", "two" }) end,
    function() post("one", "two") end,
  }
end)

t.test("what cannot be asked for is refused, with the nearest name", function()
  local _, vc = connect()
  t.match(tostring(t.raises(function() vc:events { types = "VmPowerOnEvent" } end, "argument")), "VmPoweredOnEvent")
  t.raises(function() vc:events { since = "soon" } end, "argument")
  t.raises(function() vc:events { from = "soon" } end, "argument")
  t.raises(function() vc:events { entity = "vm-1" } end, "argument")
end)
