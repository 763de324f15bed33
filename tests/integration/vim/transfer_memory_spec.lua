--- Memory of transfers: a file of a GiB goes through a process that stays small.
local server = require "tests.support.server"
local t = require "tests.support.spec"

local GIB = 1024 * 1024 * 1024
local LIMIT = 32 * 1024 -- KiB

--- What the program runs: it tells by how much the most memory that it ever used is above what it used once connected.
local SCRIPT = [[
  local function kib(name)
    for line in io.lines "/proc/self/status" do
      local value = line:match("^" .. name .. ":%s*(%d+) kB")
      if value then return tonumber(value) end
    end
  end
  local vc = vcenter()
  local ds = vc:datastore "LocalDS_0"
  local piece = ("0123456789abcdef"):rep(16384)
  local left, came = SIZE // #piece, 0
  local before = kib "VmRSS"
  local sent = ds:upload({ size = SIZE, read = function()
    left = left - 1
    return left >= 0 and piece or nil
  end }, "big.iso", { sha256 = true })
  local got = ds:download("big.iso", WHERE, { sha256 = sent.sha256 })
  print(sent.size, got.size, kib "VmHWM" - before)
]]

local function growth_of(where, size)
  local lab = server.start { "-vm", "0", "-host", "1", "-standalone-host", "0" }
  lab.env.ASAN_OPTIONS = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0" -- else it keeps what was freed
  local path = t.tmpdir() .. "/big.lua"
  local to = assert(io.open(path, "w"))
  to:write((SCRIPT:gsub("SIZE", ("%d"):format(size)):gsub("WHERE", where)))
  to:close()
  local result = lab:perilune("run", path)
  t.equal(result.stderr, "")
  local sent, got, growth = result.stdout:match "^(%d+)\t(%d+)\t(%-?%d+)\n$"
  t.equal({ tonumber(sent), tonumber(got) }, { size, size })
  return tonumber(growth)
end

t.test("1 GiB goes up and comes down in less than 32 MiB", function()
  local growth = growth_of("function() end", GIB)
  t.is_true(growth < LIMIT, ("it took %d KiB"):format(growth))
end)

t.test("so it does on the way into a file", function()
  local growth = growth_of(("%q"):format(t.tmpdir() .. "/big.iso"), GIB // 4)
  t.is_true(growth < LIMIT, ("it took %d KiB"):format(growth))
end)
