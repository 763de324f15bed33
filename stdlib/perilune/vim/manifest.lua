--- The manifest of an OVF package: which checksum each of its files has. `SHA256(disk.vmdk)= 0123…`
local err = require "perilune.err"

local manifest = {}

local KNOWN = { SHA1 = "sha1", SHA256 = "sha256" }

---@class perilune.vim.ManifestEntry
---@field kind "sha1"|"sha256"
---@field sum string

--- What a manifest says. Raises transfer.archive where it cannot be understood: an unchecked file is not a checked one.
---@param text string
---@return table<string, perilune.vim.ManifestEntry>  file → its checksum
function manifest.parse(text)
  local entries = {}
  for line in text:gmatch "[^\r\n]+" do
    local kind, name, sum = line:match "^%s*([%w%-]+)%s*%((.-)%)%s*=%s*(%x+)%s*$"
    kind = kind and KNOWN[kind:upper():gsub("%-", "")]
    if kind then
      entries[name] = { kind = kind, sum = sum:lower() }
    elseif line:find "%S" then
      err.raise {
        code = "transfer.archive",
        message = ("the manifest has a line that cannot be checked: %s"):format(line:sub(1, 200)),
        hint = "SHA1 and SHA256 are understood; verify = false imports without looking at the manifest",
      }
    end
  end
  return entries
end

--- The line of a file.
---@param name string
---@param sum string  its SHA-256
---@return string
function manifest.line(name, sum)
  return ("SHA256(%s)= %s\n"):format(name, sum)
end

return manifest
