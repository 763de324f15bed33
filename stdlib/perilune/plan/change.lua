--- Changes: what a plan shows, one for each resource that is not as declared.
local change = {}

---@class perilune.plan.Field
---@field path string   "disks[2]"
---@field old string?   as a person reads it
---@field new string?
---@field note string?  "online"
---@field hurt string?  what it costs; shown, and refused unless word is allowed
---@field word string?  the word of --allow
---@field added string[]?, removed string[]?  of a set, as tags
---@field raw table?    { old, new } as values

---@class perilune.plan.Change
---@field action "create"|"update"|"delete"|"move"
---@field kind string
---@field name string
---@field label string
---@field place string?
---@field where table?
---@field transaction table?
---@field undeclared boolean?  owned, and no longer declared
---@field fields perilune.plan.Field[]
---@field hurts { word: string?, text: string }[]
local Change = {}
Change.__index = Change

---@param node perilune.plan.Node
---@param action string
---@return perilune.plan.Change
function change.new(node, action, context)
  return setmetatable({
    action = action,
    kind = node.kind.name,
    name = node.name,
    label = node.label,
    place = node.fields and node.kind.place and node.kind.place(node, context) or nil,
    where = node.where,
    transaction = node.transaction,
    undeclared = node.undeclared,
    fields = {},
    hurts = {},
  }, Change)
end

--- Adds a field that differs, or that a new resource will have.
---@param field perilune.plan.Field
function Change:field(field)
  self.fields[#self.fields + 1] = field
  if field.hurt then self.hurts[#self.hurts + 1] = { word = field.word, text = field.hurt } end
end

--- Whether nothing but its place or name differs.
function Change:only_moves()
  for _, field in ipairs(self.fields) do
    if not field.moves then return false end
  end
  return #self.fields > 0
end

return change
