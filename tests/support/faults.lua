--- The proxy that damages (build/bin/faults), before a simulated vCenter: scenarios by seed.
local http = require "perilune.c.http"
local json = require "perilune.c.json"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local faults = {}

local Faults = {}
Faults.__index = Faults

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "a" or ""
  if file then file:close() end
  return text
end

--- Starts the proxy; it ends with the present test.
---@param lab table  the server, of tests/support/server.lua
---@return table
function faults.start(lab)
  local directory = t.tmpdir()
  local self = setmetatable({ lab = lab, ca_file = directory .. "/ca.pem" }, Faults)
  os.execute(("mkfifo %s/stdin"):format(directory))
  os.execute(("build/bin/faults -stdinexit -to %s -ca-file %s <%s/stdin >%s/stdout 2>%s/stderr &"):format(
    lab.url:gsub("//[^@]*@", "//"):gsub("/sdk$", ""), self.ca_file, directory, directory, directory))
  self.stdin = assert(io.open(directory .. "/stdin", "w"))
  self.pool = http.pool { proxy = "", connections = 100 }
  t.cleanup(function()
    self.pool:close()
    self.stdin:close()
  end)
  while not self.control do
    task.sleep(0.01)
    self.control = read(directory .. "/stdout"):match "control (%S+)"
  end
  return self
end

function Faults:ask(method, path)
  local response <close> = self.pool:request { url = self.control .. path, method = method }
  local text = response:text()
  if response.status >= 300 then error(text, 2) end
  return text ~= "" and json.decode(text) or nil
end

--- Calls fn(scenario), whose `target` is the server behind the faults of a seed. They happen from scenario:arm() on
--- to scenario:disarm(). Returns what the proxy did.
---@param options { seed: integer, fault: string? }  fault: only this one, at every request
---@return { events: { fault: string, class: string }[], connections: integer, open: integer }
function Faults:run(options, fn)
  local only = options.fault and "&fault=" .. options.fault or ""
  local port = self:ask("POST", ("/scenarios?seed=%d%s"):format(options.seed, only)).port
  local path = "/scenarios/" .. port
  local scenario = { seed = options.seed }
  function scenario.arm() self:ask("POST", path .. "/arm") end
  function scenario.disarm() self:ask("POST", path .. "/disarm") end
  scenario.target = self.lab:target {
    GOVC_URL = ("https://127.0.0.1:%d/sdk"):format(port), GOVC_TLS_CA_CERTS = self.ca_file,
  }
  scenario.target.timeout = 2
  fn(scenario)
  return self:ask("DELETE", path)
end

--- The faults that the proxy knows: name → class.
---@return table<string, string>
function faults.list()
  local list = {}
  for line in t.command({ "build/bin/faults", "-list" }).stdout:gmatch "[^\n]+" do
    local name, class = line:match "^(%S+)%s+(%S+)"
    list[name] = class
  end
  return list
end

return faults
