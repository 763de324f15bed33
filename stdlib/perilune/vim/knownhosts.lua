--- Certificates that were trusted once: files of lines `host:port thumbprint`, as GOVC_TLS_KNOWN_HOSTS has them.
---
---     # CN=vcenter.lab.example, trusted on 2027-02-01
---     vcenter.lab.example:443 4F:1C:…
---
--- A server that is in such a file is believed by its thumbprint alone, and by nothing else: a certificate that
--- changed is an error until it is trusted anew.
local err = require "perilune.err"

local knownhosts = {}

local USUAL_PORT = 443

---@class perilune.vim.KnownHost
---@field thumbprint string
---@field file string
---@field line integer

local function read(path)
  local file = io.open(path, "r")
  local text = file and file:read "a"
  if file then
    file:close()
  end
  return text
end

--- Host and port of the first word of a line.
local function split(word)
  local host, port = word:match "^%[(.+)%]:?(%d*)$"
  if not host then
    host, port = word:match "^([^:]+):?(%d*)$"
  end
  return (host or word):lower(), math.tointeger(tonumber(port)) or USUAL_PORT
end

--- What the first word of a line is.
---@param host string
---@param port integer
---@return string
function knownhosts.key(host, port)
  return (host:find(":", 1, true) and "[%s]:%d" or "%s:%d"):format(host:lower(), port)
end

--- Calls fn(line, host, port, thumbprint) for each line; the last three are nil where it names no host.
local function each(text, fn)
  for line in (text:gsub("\n$", "") .. "\n"):gmatch "(.-)\r?\n" do
    local word, thumbprint = line:match "^%s*([^#%s]%S*)%s+(%S.-)%s*$"
    if word then
      local host, port = split(word)
      fn(line, host, port, thumbprint)
    else
      fn(line)
    end
  end
end

--- What files know of a server. A file that is not there knows nothing.
---@param files string[]
---@param host string  without the brackets of an IPv6 address
---@param port integer
---@return perilune.vim.KnownHost[]
function knownhosts.find(files, host, port)
  local found = {}
  for _, path in ipairs(files) do
    local number = 0
    each(read(path) or "", function(_, its_host, its_port, thumbprint)
      number = number + 1
      if its_host == host:lower() and its_port == port then
        found[#found + 1] = { thumbprint = thumbprint, file = path, line = number }
      end
    end)
  end
  return found
end

local function write(path, text)
  local file, problem = io.open(path, "w")
  local ok = file
  if file then
    ok, problem = file:write(text)
    local closed, late = file:close()
    ok, problem = ok and closed, problem or late
  end
  if not ok then
    err.raise { code = "io", where = false, message = ("cannot write %s: %s"):format(path, problem) }
  end
end

--- Puts a new file in the place of an old one, whole or not at all.
local function replace(path, lines)
  local fresh = path .. ".new"
  write(fresh, table.concat(lines, "\n") .. "\n")
  local ok, problem = os.rename(fresh, path)
  if not ok then
    os.remove(fresh)
    err.raise { code = "io", where = false, message = ("cannot write %s: %s"):format(path, problem) }
  end
end

--- Remembers the one thumbprint of a server in a file, instead of those it had there. The directory must exist.
---@param path string
---@param host string
---@param port integer
---@param thumbprint string
---@param note string  a line for people
function knownhosts.remember(path, host, port, thumbprint, note)
  local lines = {}
  each(read(path) or "", function(line, its_host, its_port)
    if its_host == host:lower() and its_port == port then
      if lines[#lines] and lines[#lines]:find "^#.* trusted on " then
        lines[#lines] = nil
      end
    elseif line ~= "" or #lines > 0 then
      lines[#lines + 1] = line
    end
  end)
  lines[#lines + 1] = ("# %s, trusted on %s"):format(note:gsub("%c", " "), os.date "%Y-%m-%d")
  lines[#lines + 1] = ("%s %s"):format(knownhosts.key(host, port), thumbprint)
  replace(path, lines)
end

return knownhosts
