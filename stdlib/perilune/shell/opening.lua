--- What a declaration at the prompt need not say of something that exists: what identifies it is taken from there.
---
---     portgroup "web" { vlan = 130 }     the port group of that name, on the hosts that have it
local err = require "perilune.err"
local inventory = require "perilune.vim.inventory"
local object = require "perilune.c.object"
local text = require "perilune.util.text"

local opening = {}

local function standard_networks(vc, name)
  local found = {}
  for _, ref in ipairs(vc:find { type = "Network", name = name }) do
    if object.type(ref) == "Network" then found[#found + 1] = ref end
  end
  return found
end

local function sorted_paths(vc, objects)
  local paths, list = inventory.paths(vc, objects), {}
  for i, ref in ipairs(objects) do list[i] = paths[ref] end
  table.sort(list)
  return list
end

local function hosts_of(vc, name)
  local found = standard_networks(vc, name)
  if #found == 0 then return nil end
  if #found > 1 then
    err.raise {
      code = "vim.ambiguous", hint = "say on which hosts: hosts = { host \"…\" }",
      message = ('portgroup "%s" is there %s'):format(name, text.count(#found, "time")),
      detail = table.concat(sorted_paths(vc, found), "\n"),
    }
  end
  local hosts = found[1]:get "host"
  return #hosts > 0 and sorted_paths(vc, hosts) or nil
end

--- By kind: what is filled in, of a body that does not have it.
local fillers = {
  portgroup = { field = "hosts", kind = "host", find = hosts_of },
}

--- The body with what is missing, where something of that name exists. May wait.
---@param session perilune.shell.Session
---@param kind string
---@param name string
---@param body table
---@param named fun(kind: string, name: string): perilune.schema.Handle
---@return table
function opening.fill(session, kind, name, body, named)
  local filler = fillers[kind]
  if not filler or body[filler.field] ~= nil or not session:can_ask() then return body end
  local paths = filler.find(session:vcenter(), name)
  if not paths then return body end
  local filled = {}
  for key, value in pairs(body) do filled[key] = value end
  filled[filler.field] = {}
  for i, path in ipairs(paths) do filled[filler.field][i] = named(filler.kind, path) end
  return filled
end

return opening
