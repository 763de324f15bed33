--- Which steps come before which.
---
--- Within a change the kinds say; between changes the references of the playbook do. What destroys comes
--- last, after everything that makes or changes, and removes what holds others after these.
local graph = {}

local function by_change(steps)
  local map = {}
  for _, step in ipairs(steps) do
    local list = map[step.change] or {}
    list[#list + 1] = step
    map[step.change] = list
  end
  return map
end

--- The steps of a change that no other step of it waits for.
local function last_of(list)
  local waited = {}
  for _, step in ipairs(list) do
    for _, id in ipairs(step.after) do
      waited[id] = true
    end
  end
  local last = {}
  for _, step in ipairs(list) do
    if not waited[step.id] then last[#last + 1] = step.id end
  end
  return last
end

local function add_all(step, ids)
  local has = {}
  for _, id in ipairs(step.after) do
    has[id] = true
  end
  for _, id in ipairs(ids) do
    if not has[id] then step.after[#step.after + 1] = id end
  end
end

--- The changes that a node's change waits for: those of what it refers to, through what does not change.
local function changes_before(node, before, change_of, seen, found)
  for _, target in ipairs(before(node)) do
    if not seen[target] then
      seen[target] = true
      local index = change_of[target]
      if index then
        found[#found + 1] = index
      else
        changes_before(target, before, change_of, seen, found)
      end
    end
  end
  return found
end

local function link_references(nodes, before, change_of, steps)
  local map = by_change(steps)
  for _, node in ipairs(nodes) do
    local index = change_of[node]
    local first = index and map[index] and map[index][1]
    if first and not first.removes then
      for _, other in ipairs(changes_before(node, before, change_of, {}, {})) do
        local list = map[other]
        if list and not list[1].removes and other ~= index then add_all(first, last_of(list)) end
      end
    end
  end
end

local function link_removals(steps, rank_of)
  local map, makers, removers = by_change(steps), {}, {}
  for index, list in pairs(map) do
    local group = list[1].removes and removers or makers
    group[#group + 1] = index
  end
  table.sort(makers)
  table.sort(removers)
  for _, index in ipairs(removers) do
    for _, maker in ipairs(makers) do
      add_all(map[index][1], last_of(map[maker]))
    end
    for _, other in ipairs(removers) do
      if rank_of(other) < rank_of(index) then add_all(map[index][1], last_of(map[other])) end
    end
  end
end

--- Adds the edges between changes to the steps.
---@param nodes perilune.plan.Node[]
---@param before fun(node): perilune.plan.Node[]   what a node refers to
---@param change_of table<perilune.plan.Node, integer>
---@param steps perilune.kind.Step[]
---@param rank_of fun(change: integer): integer    removals of a lower rank come first
function graph.link(nodes, before, change_of, steps, rank_of)
  link_references(nodes, before, change_of, steps)
  link_removals(steps, rank_of)
end

--- How deep each step is: 1 for those that wait for nothing.
local function levels(steps)
  local level = {}
  local function of(step)
    if not level[step.id] then
      level[step.id] = 1
      for _, id in ipairs(step.after) do
        level[step.id] = math.max(level[step.id], of(steps[id]) + 1)
      end
    end
    return level[step.id]
  end
  for _, step in ipairs(steps) do
    of(step)
  end
  return level
end

--- How many steps can be under way at once, at most.
---@param steps perilune.kind.Step[]
---@param limit integer
function graph.width(steps, limit)
  local count, widest = {}, 0
  for _, level in pairs(levels(steps)) do
    count[level] = (count[level] or 0) + 1
    widest = math.max(widest, count[level])
  end
  return math.min(widest, limit)
end

return graph
