--- A simulated vCenter for one test, and govc as the witness of what is there.
---
--- The server's standard input is a pipe that this process holds, so that it ends when we do, however we do.
local json = require "perilune.c.json"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local server = {}

local Server = {}
Server.__index = Server

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read "a"
  file:close()
  return text
end

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function command_line(program, flags, directory)
  local words = { "exec env TMPDIR=" .. directory, quote(program), "-l", flags.listen or "127.0.0.1:0", "-stdinexit" }
  if program:find "vcenter$" and not flags.lasting then
    words[#words + 1] = "-ca-file " .. directory .. "/ca.pem"
  else
    words[#words + 1] = ("-tlscert %s/cert.pem -tlskey %s/key.pem"):format(directory, directory)
  end
  for _, flag in ipairs(flags) do
    words[#words + 1] = quote(flag)
  end
  return table.concat(words, " ")
end

--- Plain vcsim has no certificate that OpenSSL would take: it gets one of ours.
local function make_certificate(directory)
  assert(os.execute(("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=vcsim -addext "
    .. "subjectAltName=IP:127.0.0.1 -keyout %s/key.pem -out %s/cert.pem 2>/dev/null"):format(directory, directory)))
  assert(os.execute(("cp %s/cert.pem %s/ca.pem"):format(directory, directory)))
end

local function wait_for_url(self)
  for _ = 1, 3000 do
    local url = read(self.directory .. "/stdout"):match "GOVC_URL=(%S+)"
    if url then return url end
    if read(self.directory .. "/ended") ~= "" then break end
    task.sleep(0.01)
  end
  error("the server did not start:\n" .. read(self.directory .. "/stderr"), 0)
end

--- Starts a server; it ends with the present test.
---@param flags string[]?  of vcsim, as { "-vm", "0" }; program = "vcsim" for the plain simulator; lasting: it may be
---  started again, with the same certificate and address
---@return table server  url, ca_file, env for other programs
function server.start(flags)
  flags = flags or {}
  local directory = t.tmpdir()
  local self = setmetatable({ directory = directory, ca_file = directory .. "/ca.pem" }, Server)
  if flags.program == "vcsim" or flags.lasting then make_certificate(directory) end
  os.execute(("mkfifo %s/stdin"):format(directory))
  t.cleanup(function() self:stop() end)
  self:run(flags)
  return self
end

--- Starts the program, and waits until it listens.
function Server:run(flags)
  local directory = self.directory
  os.execute(("rm -f %s/ended %s/stdout"):format(directory, directory))
  os.execute(("{ (%s) <%s/stdin >%s/stdout 2>>%s/stderr; echo $? >%s/ended; } &"):format(
    command_line("build/bin/" .. (flags.program or "vcenter"), flags, directory),
    directory, directory, directory, directory))
  self.held = assert(io.open(directory .. "/stdin", "w"))
  self.url = wait_for_url(self)
  self.env = self:environment()
end

--- Writes the inventory, as it is now, to a new directory, and returns its path.
---@return string
function Server:save()
  local directory = t.tmpdir()
  self:govc("object.save", "-f", "-d", directory)
  return directory
end

--- Kills it, as a power cut would.
function Server:kill()
  os.execute("kill -9 " .. self:variable "GOVC_SIM_PID")
  self:stop()
end

--- Starts a lasting server that has ended again, at its old address, with an inventory that was saved: the same
--- objects by the same ids, and no sessions, views, filters and tasks under way.
function Server:restart(saved)
  self:run { lasting = true, listen = self.url:match "@([^/]+)", "-load", saved }
end

--- A variable of those that it printed when it started; nil if it printed none of that name.
---@return string?
function Server:variable(name)
  return (read(self.directory .. "/stdout"):match("%f[%w_]" .. name .. "=(%S+)"))
end

function Server:environment()
  local user, password, rest = self.url:match "^https://([^:]*):([^@]*)@(.*)$"
  return {
    GOVC_URL = "https://" .. rest,
    GOVC_USERNAME = user,
    GOVC_PASSWORD = password,
    GOVC_TLS_CA_CERTS = self.ca_file,
    GOVC_PERSIST_SESSION = "false",
    HOME = self.directory,
    NO_COLOR = "1",
  }
end

--- Ends the server and waits until it is gone.
function Server:stop()
  if self.held then
    self.held:close()
    self.held = nil
    while read(self.directory .. "/ended") == "" do
      task.sleep(0.01)
    end
  end
end

--- Where it is and who may log in, as the program finds out.
---@param changes table<string, string>?  variables that are different
---@return perilune.vim.Target
function Server:target(changes)
  local function env(name) return changes and changes[name] or self.env[name] end
  return require("perilune.vim.target").find { env = env, files = {} }
end

--- A connection to it, closed at the end of the present test.
---@return perilune.vim.Connection
function Server:connect(changes)
  local vc = require("perilune.vim.connection").open(self:target(changes))
  t.cleanup(function() vc:close() end)
  return vc
end

--- Runs govc; raises when it fails. Returns what it printed.
---@return string
function Server:govc(...)
  local result = t.command { "build/bin/govc", env = self.env, ... }
  if result.status ~= 0 then error(("govc %s: %s"):format(table.concat({ ... }, " "), result.stderr), 2) end
  return (result.stdout:gsub("%s+$", ""))
end

--- As govc, with -json; the decoded answer.
function Server:govc_json(command, ...)
  return json.decode(self:govc(command, "-json", ...))
end

--- Runs the program against this server.
---@return tests.Outcome
function Server:perilune(...)
  local command = { "build/perilune", ... }
  command.env = self.env
  return t.command(command)
end

--- How many sessions of the program the server has.
---@return integer
function Server:sessions()
  local count = 0
  for _, session in ipairs(self:govc_json("session.ls").sessionList) do
    if session.userAgent:find "Perilune" then count = count + 1 end
  end
  return count
end

--- Asks the server's own endpoint for tests: rules and counters.
local function control(self, method, path, body)
  local base = self.env.GOVC_URL:match "^https://[^/]+"
  local result = t.command {
    "curl", "-sS", "--fail-with-body", "--cacert", self.ca_file, "-X", method, base .. path,
    "--data-binary", body or "", "-H", "Content-Type: application/json",
  }
  if result.status ~= 0 then error(result.stderr .. result.stdout, 3) end
  return result.stdout ~= "" and json.decode(result.stdout) or nil
end

--- How often each method was called since the start or reset: { soap = {…}, rest = {…}, failed = {…}, total = n }.
function Server:requests()
  return control(self, "GET", "/_test/requests")
end

--- How often each write was carried out, by method and by the name that it gives: { CreateFolder = { web = 1 } }.
function Server:executed()
  return control(self, "GET", "/_test/executed")
end

function Server:reset_requests()
  control(self, "DELETE", "/_test/requests")
end

--- Sets the rules: faults, delays and cut connections (see tests/server/README.md).
function Server:rules(rules)
  control(self, "DELETE", "/_test/rules")
  control(self, "POST", "/_test/rules", json.encode(json.array(rules)))
end

return server
