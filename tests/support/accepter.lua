--- Accepts deliveries and takes runs as fast as it can until it is killed; prints each answer once it has it:
--- "accepted ID RUN", "claimed RUN". ARGUMENTS: the store's file, the number of the first delivery.
local scope = require "perilune.util.scope"
local store = require "perilune.store"

local path, first = ...
local s = store.open(path)
local number = math.tointeger(tonumber(first))

local function say(...)
  io.stdout:write(table.concat({ ... }, " "), "\n")
  io.stdout:flush()
end

local function accept()
  while true do
    local id = "delivery-" .. number
    number = number + 1
    local answer = s:accept { hook = "hook", delivery_id = id, at = s.now(), body = id, key = "k" .. number % 5,
      keep = number % 2 == 0 and "latest" or "all" }
    say("accepted", id, answer.run)
  end
end

local function claim()
  while true do
    local run = s:claim { at = s.now() }
    if run then
      say("claimed", run.id)
      s:finish(run.id, { state = "done", at = s.now() })
    end
  end
end

scope.scope(function()
  for _ = 1, 20 do scope.spawn(accept) end
  for _ = 1, 3 do scope.spawn(claim) end
end)
