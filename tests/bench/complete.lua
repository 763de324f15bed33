--- Completion with the names of 10,000 VMs: how long Tab takes, and how long the prompt would have stood still while
--- the names were read. The answer that has them comes in pieces, as from a server. For tests/bench/complete_bench.sh.
local complete = require "perilune.shell.complete"
local handle = require "perilune.schema.handle"
local kinds = require "perilune.kind"
local names = require "perilune.shell.names"
local object = require "perilune.c.object"
local soap = require "perilune.c.soap"
local task = require "perilune.c.task"

local ROUNDS <const> = 30
local COUNT <const> = 10000
local PIECE <const> = 16384 -- bytes that come at once

local ANSWER = [[<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><s:Body>
<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>%s</returnval></RetrievePropertiesExResponse>
</s:Body></s:Envelope>]]
local ROW = [[<objects><obj type="VirtualMachine">vm-%d</obj><propSet><name>name</name>
<val xsi:type="xsd:string">DC0_C0_RP0_VM%05d</val></propSet></objects>]]

local function answer_of(count)
  local rows = {}
  for i = 1, count do rows[i] = ROW:format(i, i * 7919 % count) end
  return ANSWER:format(table.concat(rows))
end

--- What names.lua asks of a connection: the rows of an answer that is on its way.
local function connection_of(body)
  local space = object.space()
  local vc = { content = { rootFolder = space:object("Folder", "group-d1") } }
  function vc.retrieve_each()
    local decoder, at = soap.decoder { space = space, rows = true }, 1
    return function()
      local row = decoder:row()
      while not row and at <= #body do
        task.sleep(0)
        decoder:feed(body:sub(at, at + PIECE - 1))
        at, row = at + PIECE, decoder:row()
      end
      return row
    end, nil, nil, setmetatable({}, { __close = function() decoder:finish() end })
  end
  return vc
end

local vc = connection_of(answer_of(COUNT))

--- The most CPU time between two turns of a task that only lets others run, while fn runs.
local function longest_gap(fn)
  local longest, is_over = 0, false
  local ticker = task.spawn(function()
    local last = os.clock()
    while not is_over do
      task.sleep(0)
      local now = os.clock()
      longest, last = math.max(longest, now - last), now
    end
  end)
  fn()
  is_over = true
  ticker:join()
  return longest
end

local cache = names.open(vc)
local began = os.clock()
local gap = longest_gap(function() assert(cache:wait()) end)
local reading = os.clock() - began

local env = {
  w = handle.new { kind = kinds.vm, name = "web-01" },
  vc = { space = true, content = {} },
  vim = require "perilune.vim",
  vm = function() end,
}
local completer = complete.open {
  env = function(name) return env[name] end,
  env_names = function() return { "w", "vc", "vm" } end,
  names = cache,
}

--- The least CPU time of fn over rounds, in seconds, and what it returned.
local function least(fn)
  local best, result = math.huge, nil
  for _ = 1, ROUNDS do
    local clock = os.clock()
    result = fn()
    best = math.min(best, os.clock() - clock)
  end
  return best, result
end

local list = {}
assert(#cache:find({ "vm" }, "", math.maxinteger).items == COUNT)
for i, item in ipairs(cache:find({ "vm" }, "", math.maxinteger).items) do list[i] = item.text end

--- What a search through all names would take: the floor of a completion without an index.
local scan = least(function()
  local found = {}
  for _, name in ipairs(list) do
    if name:sub(1, 8) == "DC0_C0_R" then found[#found + 1] = { text = name } end
  end
  return found
end)

local CASES = {
  { "name", 'vm "DC0_C0_RP0_VM012' },
  { "all-names", 'vm "' },
  { "method", "w:Pow" },
  { "field", 'w:ReconfigVM_Task{ spec = { deviceChange = { { operation = "add", device = vim.VirtualDisk { cap' },
  { "path", 'w:get("config.hardware.nu' },
  { "type", 'vc:rows{ type = "Virt' },
  { "global", "v" },
}

print(("%d names read in %.2f s of CPU; longest stretch without a pause %.1f ms"):format(#list, reading, gap * 1e3))
print(("scan of all names %.2f ms"):format(scan * 1e3))
local worst = 0
for _, case in ipairs(CASES) do
  local first = os.clock()
  completer:at(case[2], #case[2])
  first = os.clock() - first
  local seconds, answer = least(function() return completer:at(case[2], #case[2]) end)
  assert(#answer.items > 0, case[1] .. " is not completed")
  worst = math.max(worst, first, seconds)
  print(("%-10s %.3f ms, the first time %.2f ms, %d items"):format(
    case[1], seconds * 1e3, first * 1e3, #answer.items + (answer.more or 0)))
  if case[1] == "name" then print(("ratio complete-name %.2f at most 0.30"):format(seconds / scan)) end
end
print(("slowest of all, the first time included: %.2f ms"):format(worst * 1e3))
print(("ratio complete-gap %.3f at most 0.10"):format(gap / reading))
