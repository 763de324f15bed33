--- Where the store is, unless somebody says otherwise.
local place = {}

--- The directory for what lasts: of systemd's service, else below $XDG_STATE_HOME, else below the home directory.
---@param env fun(name: string): string?
---@return string
function place.directory(env)
  local function given(name)
    local value = env(name)
    return value and value:find "^/" and value or nil
  end
  local service = given "STATE_DIRECTORY"
  if service then return (service:match "^[^:]+") end
  return (given "XDG_STATE_HOME" or (env "HOME" or "") .. "/.local/state") .. "/perilune"
end

--- The path of the store.
---@param env fun(name: string): string?
---@return string
function place.file(env)
  return place.directory(env) .. "/store.db"
end

return place
