--- What a plan destroys, in which order, and what stays because something else needs it.
local change = require "perilune.plan.change"
local marker = require "perilune.kind.vm.marker"
local names = require "perilune.util.names"

local removal = {}

--- What holds others goes after them. Folders go deepest first.
local RANK = { vm = 1, portgroup = 2, tag = 3, tag_category = 4, folder = 5 }

--- The place of a node among what is destroyed: lower goes first.
---@return number
function removal.rank(node)
  local depth = node.kind.name == "folder" and #names.split(node.fields.path) or 0
  return RANK[node.kind.name] - depth / 1000
end

local function before(a, b)
  local left, right = removal.rank(a), removal.rank(b)
  if left ~= right then return left < right end
  return a.id < b.id
end

--- VMs that the playbook's owner made and that no resource of it is any more, as nodes, by path.
---@return perilune.plan.Node[]
function removal.undeclared(estate, owner, claimed, kinds)
  local function is_undeclared(entry)
    return owner ~= nil and marker.owner(entry) == owner and not claimed[entry]
  end
  local list = {}
  for i, entry in ipairs(estate:all({ "VirtualMachine" }, is_undeclared)) do
    list[i] = {
      id = "undeclared " .. entry.path,
      kind = kinds.vm,
      name = entry.name,
      label = ('vm "%s"'):format(entry.name),
      entry = entry,
      undeclared = true,
    }
  end
  return list
end

local function is_ours(node, owner)
  return owner ~= nil and node.entry ~= nil and marker.owner(node.entry) == owner
end

--- What one removal of the plan needs allowed: in a destroy what the playbook owns goes without a word.
local function allow_word(node, options)
  if not options.destroy then return "delete" end
  return node.kind.name == "vm" and not is_ours(node, options.owner) and "delete" or nil
end

local function place_hurts(made, node, options)
  local word = allow_word(node, options)
  if #made.hurts == 0 then made.hurts[1] = { text = "is deleted" } end
  for _, hurt in ipairs(made.hurts) do
    hurt.word = word
  end
  if options.destroy and node.kind.name == "vm" and not is_ours(node, options.owner) then
    made.hurts[1].text = made.hurts[1].text .. ", and was not made by this playbook"
  end
end

--- Decides on each node that shall go, and calls add(node, change) for those that can.
---@param nodes perilune.plan.Node[]
---@param options { destroy: boolean, owner: string? }
---@param add fun(node, change)
---@return { label: string, reason: string, holders: string[] }[] kept
function removal.decide(nodes, context, options, add)
  local kept = {}
  table.sort(nodes, before)
  for _, node in ipairs(nodes) do
    local holders = node.kind.holds(node, context)
    if #holders > 0 then
      kept[#kept + 1] = {
        label = node.label,
        where = node.where,
        holders = holders,
        reason = "it still holds or serves " .. table.concat(holders, ", "),
      }
    else
      context.remove(node)
      add(node, change.new(node, "delete", context), function(made) place_hurts(made, node, options) end)
    end
  end
  return kept
end

return removal
