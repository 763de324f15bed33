--- Property paths, checked before they are sent.
local err = require "perilune.err"
local schema = require "perilune.c.schema"

local property = {}

local function refuse(type_name, path, problem)
  local message = ("%s has no property %q"):format(type_name, path)
  if problem.is_list then
    err.raise {
      code = "vim.property",
      message = ("%s: %q is a list"):format(message, problem.good),
      hint = ('name an element by its key, "%s[KEY]%s", or read the whole list'):format(
        problem.good, path:sub(#problem.good + 1)),
    }
  elseif problem.ends then
    message = ("%s: %q ends the path"):format(message, (problem.good:gsub("%.$", "")))
  elseif problem.good ~= "" then
    message = ("%s: %s has no %q"):format(message, problem.owner, problem.part)
  end
  err.raise {
    code = "vim.property",
    message = message,
    hint = problem.nearest and ('did you mean "%s%s"?'):format(problem.good, problem.nearest)
      or "a server that is newer than this schema is read by vim.unchecked(object):get(…)",
  }
end

--- Refuses a path that the API does not have, or that came with a version newer than the server's.
---@param type_name string  managed type
---@param path string
---@param api_version string?  that the server speaks; absent: any
function property.check(type_name, path, api_version)
  local found, problem = schema.property(type_name, path, api_version)
  if not found then
    refuse(type_name, path, problem)
  elseif found.is_newer then
    err.raise {
      code = "vim.property",
      message = ("%s.%s came with API version %s; the server speaks %s"):format(
        type_name, path, found.since, api_version),
    }
  end
end

return property
