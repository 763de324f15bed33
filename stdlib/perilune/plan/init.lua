--- Plans: from a declaration and the live estate to the ordered steps that make them agree.
---
--- Five stages, each a function of the one before but for the two reads: bind (handles to what they stand
--- for, estate.lua and bind.lua), identify, read (facts.lua), compare (change.lua and the kinds), order
--- (graph.lua). A plan is data; plan/execute.lua carries it out and does nothing else.
local bind = require "perilune.plan.bind"
local change = require "perilune.plan.change"
local context = require "perilune.plan.context"
local err = require "perilune.err"
local estate = require "perilune.plan.estate"
local facts = require "perilune.plan.facts"
local graph = require "perilune.plan.graph"
local kinds = require "perilune.kind"
local limits = require "perilune.plan.limits"
local names = require "perilune.util.names"
local references_of = require "perilune.schema.references"
local removal = require "perilune.plan.removal"
local step = require "perilune.kind.step"

local planner = {}

---@class perilune.plan.Planner
local Planner = {}
Planner.__index = Planner

local function raise_all(problems)
  if #problems == 0 then return end
  if #problems == 1 then err.raise(problems[1]) end
  err.raise { code = "playbook.mistakes", message = ("%d mistakes"):format(#problems), mistakes = problems }
end

local function problem(list, node, message)
  list[#list + 1] =
    err.new { code = "plan.conflict", where = node.where, message = ("%s: %s"):format(node.label, message) }
end

--- A planner of one connection. The inventory is read at its first use.
---@param vc table  perilune.vim.Connection
---@return perilune.plan.Planner
function planner.open(vc)
  return setmetatable({ vc = vc }, Planner)
end

function Planner:inventory()
  self.estate = self.estate or estate.read(self.vc)
  return self.estate
end

--- For playbook.load: gives lookups their values while the file is read, all pending ones in one batch.
function Planner:resolver()
  return function(lookups)
    raise_all(bind.lookups(bind.new(self:inventory(), kinds), lookups))
  end
end

local function implied(node, ctx)
  return node.fields and node.kind.implied and node.kind.implied(node, ctx) or {} -- a lookup declares nothing
end

--- Folders that are missing above declared ones become nodes of their own, before them.
local function expand(nodes, live, problems)
  local all, seen = {}, {}
  for _, node in ipairs(nodes) do
    if node.kind.name == "folder" then seen[names.canonical(node.fields.path)] = true end
  end
  for _, node in ipairs(nodes) do
    local extra, why = {}, nil
    if node.kind.expand and not node.absent then extra, why = node.kind.expand(node, live) end
    if why then problem(problems, node, why) end
    for _, more in ipairs(extra) do
      if not seen[more.name] then
        seen[more.name] = true
        more.id, more.label = "folder " .. more.name, ('folder "%s"'):format(more.name)
        more.where, more.transaction = node.where, node.transaction
        all[#all + 1] = more
      end
    end
    all[#all + 1] = node
  end
  return all
end

local function identify_one(node, live, ctx, problems)
  local entry, why = node.kind.identify(node, live, ctx)
  if why then problem(problems, node, why) end
  if entry and ctx.claimed[entry] then
    problem(problems, node, ("it is the same object as %s: %s"):format(ctx.claimed[entry].label, entry.path))
  elseif entry then
    node.entry = entry
    ctx.claimed[entry] = node
  end
end

--- Folders first, for VMs are found in theirs; VMs that say which they are before those that do not.
local function identify(nodes, live, ctx, problems)
  local function pass(wanted)
    for _, node in ipairs(nodes) do
      if wanted(node) then identify_one(node, live, ctx, problems) end
    end
  end
  local function is_folder(node) return node.kind.name == "folder" end
  local function is_explicit(node) return not is_folder(node) and (node.fields.uuid or node.fields.was) end
  pass(is_folder)
  pass(is_explicit)
  pass(function(node) return not is_folder(node) and not is_explicit(node) end)
end

local function read_facts(vc, nodes, destroy)
  local reads = facts.reads(destroy)
  for _, node in ipairs(nodes) do
    if node.kind.needs then node.kind.needs(node, reads) end
  end
  return facts.read(vc, reads)
end

local function exists(node)
  if node.kind.exists then return node.kind.exists(node) end
  return node.entry ~= nil
end

local function compare_all(nodes, ctx, removing, problems)
  for _, node in ipairs(nodes) do
    local why
    node.actual, why = node.kind.actual(node, ctx.facts, ctx)
    if why and not (removing or node.absent) then problem(problems, node, why) end
  end
end

--- What a playbook leaves to others by ignore is as if it had not been said.
local function leave_ignored(node)
  for field in pairs(node.ignore or {}) do
    local kind = node.kind.fields.fields[field].kind
    node.given[field] = nil
    node.fields[field] = (kind == "list" or kind == "map") and {} or nil
  end
end

local function copy_map(map)
  local copy = {}
  for key, value in pairs(map or {}) do
    copy[key] = value
  end
  return copy
end

---@class perilune.plan.Plan  what LANGUAGE of plans is: data for render, json and execute
local Making = {}
Making.__index = Making

function Making:add(node, made)
  self.plan.changes[#self.plan.changes + 1] = made
  self.change_of[node] = #self.plan.changes
  self.node_of[#self.plan.changes] = node
  return step.builder(self.plan.steps, #self.plan.changes)
end

function Making:create(node)
  local made = change.new(node, "create", self.ctx)
  if node.kind.describe then node.kind.describe(node, made, self.ctx) end
  node.kind.steps(node, made, self:add(node, made), self.ctx)
end

function Making:update(node)
  node.given = copy_map(node.given)
  leave_ignored(node)
  local made = change.new(node, "update", self.ctx)
  node.kind.diff(node, made, self.ctx)
  if #made.fields == 0 then
    self.plan.unchanged[#self.plan.unchanged + 1] = node.label
    return
  end
  if made:only_moves() then made.action = "move" end
  node.kind.steps(node, made, self:add(node, made), self.ctx)
end

function Making:settle(node, going)
  if node.absent then
    if exists(node) then going[#going + 1] = node end
  elseif exists(node) then
    self:update(node)
  else
    self:create(node)
  end
end

local function protected(nodes, problems)
  for _, node in ipairs(nodes) do
    if node.protect then problem(problems, node, "protect = true: it is not to be destroyed") end
  end
end

function Making:remove_all(going, problems)
  protected(going, problems)
  local options = { destroy = self.destroy, owner = self.plan.owner }
  self.plan.kept = removal.decide(going, self.ctx, options, function(node, made, finish)
    node.kind.remove(node, made, self:add(node, made), self.ctx)
    finish(made)
  end)
end

--- In a plan that applies, what is to be absent but holds something else is a mistake, not a remark.
local function kept_problems(plan, destroy, problems)
  for _, kept in ipairs(not destroy and plan.kept or {}) do
    problems[#problems + 1] = err.new {
      code = "plan.conflict",
      where = kept.where,
      message = ("%s: absent = true, but %s"):format(kept.label, kept.reason),
    }
  end
end

--- What a node refers to, and so comes after.
local function references(ctx, binder)
  return function(node)
    local list = implied(node, ctx)
    for _, reference in ipairs(node.resource and references_of(node.resource) or {}) do
      list[#list + 1] = binder.nodes[reference.target]
    end
    return list
  end
end

local function count(changes)
  local counts = { add = 0, change = 0, destroy = 0 }
  local counter = { create = "add", update = "change", move = "change", delete = "destroy" }
  for _, made in ipairs(changes) do
    counts[counter[made.action]] = counts[counter[made.action]] + 1
  end
  return counts
end

local function about(vc)
  return {
    name = vc.name,
    host = vc.host,
    product = ("%s %s"):format(vc.about.apiType == "HostAgent" and "ESXi" or "vSphere", vc.about.version),
    user = vc.user,
  }
end

local function start(self, declaration, options)
  return setmetatable({
    destroy = options.destroy or false,
    change_of = {},
    node_of = {},
    plan = {
      target = about(self.vc),
      owner = declaration.owner,
      path = declaration.path,
      changes = {},
      steps = {},
      unchanged = {},
      kept = {},
    },
  }, Making)
end

function Making:order(nodes, binder)
  local function rank_of(index)
    return removal.rank(self.node_of[index])
  end
  graph.link(nodes, references(self.ctx, binder), self.change_of, self.plan.steps, rank_of)
  self.plan.counts = count(self.plan.changes)
  self.plan.concurrency = graph.width(self.plan.steps, limits.STEPS)
end

--- Makes the plan of a declaration. Waits for two batched reads, whatever the number of resources.
--- Raises every conflict between what is declared and what is there at once.
---@param declaration perilune.playbook.Declaration
---@param options { destroy: boolean? }?
---@return perilune.plan.Plan
function Planner:make(declaration, options)
  local making, problems = start(self, declaration, options or {}), {}
  local live = self:inventory()
  local binder = bind.new(live, kinds)
  local nodes = bind.resources(binder, declaration)
  making.plan.outputs = bind.outputs(binder, declaration)
  raise_all(binder.problems)
  if not making.destroy then nodes = expand(nodes, live, problems) end
  local ctx = context.new(live, nodes, declaration.owner)
  making.ctx = ctx
  identify(nodes, live, ctx, problems)
  raise_all(problems)
  local strays = removal.undeclared(live, declaration.owner, ctx.claimed, kinds)
  local all = table.move(strays, 1, #strays, #nodes + 1, table.move(nodes, 1, #nodes, 1, {}))
  ctx.facts = read_facts(self.vc, all, making.destroy)
  compare_all(all, ctx, making.destroy, problems)
  raise_all(problems)
  local going = strays
  for _, node in ipairs(nodes) do
    if not making.destroy then
      making:settle(node, going)
    elseif exists(node) then
      going[#going + 1] = node
    end
  end
  making:remove_all(going, problems)
  kept_problems(making.plan, making.destroy, problems)
  raise_all(problems)
  making:order(all, binder)
  return making.plan
end

--- What of a plan needs a word that was not given.
---@param plan perilune.plan.Plan
---@param allowed table<string, boolean>
---@return { word: string, count: integer }[]  by word
function planner.refusals(plan, allowed)
  local counts, list = {}, {}
  for _, made in ipairs(plan.changes) do
    local seen = {}
    for _, hurt in ipairs(made.hurts) do
      if hurt.word and not allowed[hurt.word] and not seen[hurt.word] then
        seen[hurt.word] = true
        counts[hurt.word] = (counts[hurt.word] or 0) + 1
      end
    end
  end
  for word, n in pairs(counts) do
    list[#list + 1] = { word = word, count = n }
  end
  table.sort(list, function(a, b) return a.word < b.word end)
  return list
end

--- Plans the declaration anew against what is there now: after an apply nothing should be left to do.
---@param options { destroy: boolean? }?  as for the plan that was carried out
---@return perilune.plan.Plan plan  its changes are what still differs
function Planner:verify(declaration, options)
  self.estate = nil
  return self:make(declaration, options)
end

return planner
