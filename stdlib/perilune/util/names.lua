--- Names and paths of the inventory as people write them.
---
--- vCenter keeps / \ % in a name as %2f %5c %25 (comment of Folder.CreateFolder in the API reference).
local names = {}

local ESCAPES = { ["/"] = "%2f", ["\\"] = "%5c", ["%"] = "%25" }
local CHARACTERS = { ["2f"] = "/", ["5c"] = "\\", ["25"] = "%" }

--- A stored name as a person reads it: "a%2fb" is "a/b".
---@param stored string
---@return string
function names.unescape(stored)
  return (stored:gsub("%%(%x%x)", function(hex) return CHARACTERS[hex:lower()] end))
end

--- A name as one component of a path: "a/b" is "a%2fb".
---@param name string
---@return string
function names.escape(name)
  return (name:gsub("[/\\%%]", ESCAPES))
end

--- The components of an inventory path, unescaped: "/DC0/vm/a%2fb" is { "DC0", "vm", "a/b" }.
---@param path string
---@return string[]
function names.split(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    parts[#parts + 1] = names.unescape(part)
  end
  return parts
end

--- The path of components: the inverse of split.
---@param parts string[]
---@return string
function names.join(parts)
  local escaped = {}
  for i, part in ipairs(parts) do
    escaped[i] = names.escape(part)
  end
  return "/" .. table.concat(escaped, "/")
end

--- One spelling for every path: no doubled or trailing slashes, escapes in lower case.
---@param path string
---@return string
function names.canonical(path)
  return names.join(names.split(path))
end

return names
