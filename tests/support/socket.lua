--- Sockets that a spec speaks through, byte by byte: another process has them, and other tasks run meanwhile.
local err = require "perilune.err"
local process = require "perilune.c.process"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local socket = {}

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function bytes_of(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

---@class tests.Sockets
local Sockets = {}
Sockets.__index = Sockets

local function read_line(self)
  while true do
    local line, rest = self.text:match "^(.-)\n(.*)"
    if line then
      self.text = rest
      return line
    end
    local stream, bytes = self.child:read()
    if stream == "stderr" then t.fail("%s", bytes) end
    if not bytes then t.fail "the process with the sockets has ended" end
    self.text = self.text .. bytes
  end
end

--- The process of the present test, which ends with it. One task at a time may use it.
---@return tests.Sockets
function socket.start()
  local path = t.tmpdir() .. "/commands"
  t.command { "mkfifo", path }
  local child = process.spawn { argv = { "python3", "-W", "ignore", "tests/support/sockets.py", path } }
  local self = setmetatable({ child = child, text = "", count = 0 }, Sockets)
  t.cleanup(function()
    if self.commands then self.commands:close() end
    child:kill "KILL"
    child:wait()
  end)
  if read_line(self) ~= "ready" then t.fail "the process with the sockets does not start" end
  self.commands = assert(io.open(path, "wb"))
  return self
end

--- Has a command obeyed. What came, and whether the connection was reset; raises when it failed.
local function obey(self, ...)
  self.commands:write(table.concat({ ... }, " "), "\n")
  self.commands:flush()
  local word, text = read_line(self):match "^(%a+) ?(.*)"
  if word == "failed" then err.raise { code = "io", message = text } end
  return bytes_of(text), word == "reset"
end

---@class tests.Socket
local Socket = {}
Socket.__index = Socket

--- Connects to a port of this machine. Words: "tls", "version=1.2", "cert=PATH", "key=PATH".
---@return tests.Socket
function Sockets:open(port, ...)
  self.count = self.count + 1
  local one = setmetatable({ all = self, name = "s" .. self.count }, Socket)
  local _, is_reset = obey(self, "open", one.name, tostring(port), ...)
  if is_reset then err.raise { code = "io", message = "the connection was reset" } end
  return one
end

--- Writes bytes; whether the connection was still there.
function Socket:say(bytes)
  return not select(2, obey(self.all, "say", self.name, hex(bytes)))
end

--- Reads up to and with these bytes.
function Socket:read(last)
  return (obey(self.all, "read", self.name, hex(last)))
end

--- Reads so many bytes.
function Socket:read_bytes(count)
  return (obey(self.all, "bytes", self.name, tostring(count)))
end

--- Reads what still comes, up to the end; whether that was a reset.
function Socket:rest()
  return obey(self.all, "rest", self.name)
end

--- Writes no more; the other can see that.
function Socket:shut() obey(self.all, "shut", self.name) end

function Socket:leave() obey(self.all, "leave", self.name) end

--- Closes so that the other sees a reset.
function Socket:vanish() obey(self.all, "vanish", self.name) end

--- Writes bytes and with them the goodbye of TLS; can read on.
function Socket:goodbye(bytes) obey(self.all, "goodbye", self.name, hex(bytes)) end

--- The SHA-256 of what still comes, up to the end, in hexadecimal.
function Socket:digest()
  return hex((obey(self.all, "digest", self.name)))
end

--- The SHA-256 of the certificate that the server shows, in hexadecimal.
function Socket:certificate()
  return hex((obey(self.all, "certificate", self.name)))
end

--- The head of an answer, and its body by Content-Length.
---@return string head, string|nil body
function Socket:read_answer()
  local head = self:read "\r\n\r\n"
  local length = head:match "Content%-Length: (%d+)\r\n"
  return head, length and self:read_bytes(length)
end

--- Expects to be refused with a status, in a line, and then the end.
function Socket:is_refused(status)
  local answer, is_reset = self:rest()
  t.find(answer, "^HTTP/1%.1 " .. status .. " ")
  t.match(answer, "Connection: close\r\n")
  t.equal(#answer:match "\r\n\r\n(.*)$", tonumber(answer:match "Content%-Length: (%d+)"))
  t.is_false(is_reset)
end

--- Other tasks run until fn gives something.
function socket.await(fn)
  while not fn() do task.sleep(0.005) end
end

return socket
