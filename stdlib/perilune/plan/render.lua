--- A plan as text: what would change, in the order and with the signs people know from other planners.
---
--- Pure: plan data in, lines out. Whatever a server named is made visible before it is printed.
local style = require "perilune.util.style"
local text = require "perilune.util.text"

local render = {}

---@class perilune.plan.RenderOptions
---@field style perilune.util.Style
---@field width integer?  columns; 100 where there is no terminal
---@field verbose boolean?  every resource in full, and those that stay as they are
---@field destroy boolean?  the plan of `perilune destroy`
---@field refusals { word: string, count: integer }[]?  what apply would refuse

local visible = text.visible
local indent = 6
local widest_line, widest_path = 110, 28
-- So many changes that differ in name alone are printed as one; fewer stay easy to read in full.
local fold_from = 4
local longest_value = 4 -- lines of one value, unless verbose

-- What one of the things that need a word is called.
local nouns = {
  delete = "deletion", disconnect = "disconnection", poweroff = "power-off", reboot = "reboot",
  replace = "replacement",
}

local signs = {
  create = { "+", "add" }, update = { "~", "change" }, delete = { "-", "remove" },
  replace = { "-/+", "replace" }, move = { ">", "change" },
}

---@class perilune.plan.Page
---@field lines string[]
---@field style perilune.util.Style
---@field width integer
---@field sign_width integer
---@field verbose boolean
local Page = {}
Page.__index = Page

local function new_page(options)
  return setmetatable({
    lines = {}, style = options.style, verbose = options.verbose or false,
    width = math.min(options.width or widest_line, widest_line), sign_width = 1,
  }, Page)
end

function Page:add(...)
  self.lines[#self.lines + 1] = self.style:paint { ... }
end

-- A line with something at its right edge, or on a line of its own where both do not fit.
function Page:add_sides(left, right)
  local used, wanted = style.width(left), style.width(right)
  if wanted == 0 then return self:add(table.unpack(left)) end
  local gap = self.width - used - wanted
  if gap >= 2 then
    left[#left + 1] = { (" "):rep(gap) }
    table.move(right, 1, #right, #left + 1, left)
    return self:add(table.unpack(left))
  end
  self:add(table.unpack(left))
  self:add({ (" "):rep(math.max(indent, self.width - wanted)) }, table.unpack(right))
end

-- Lines under one another that begin with `head`, a span as wide as `column`.
function Page:add_block(head, column, lines, role)
  for i, line in ipairs(lines) do
    self:add(i == 1 and head or { (" "):rep(column) }, { line, role })
  end
end

function Page:blank()
  if #self.lines > 0 and self.lines[#self.lines] ~= "" then self:add() end
end

local function location(where)
  if not where then return {} end
  return { { visible(("%s:%d"):format(where.file, where.line)), "dim" } }
end

local function set_text(field)
  local parts = {}
  for _, entry in ipairs(field.added or {}) do parts[#parts + 1] = "+ " .. visible(entry) end
  for _, entry in ipairs(field.removed or {}) do parts[#parts + 1] = "- " .. visible(entry) end
  return table.concat(parts, "   ")
end

local function value_text(change, field)
  if field.added or field.removed then return set_text(field) end
  local old, new = field.old and visible(field.old), field.new and visible(field.new)
  if old and new then return old .. " → " .. new end
  if change.action == "create" or change.action == "delete" then return new or old or "" end
  return new and "+ " .. new or "- " .. (old or "")
end

-- The value's lines; a long one is cut, saying how much there is.
function Page:value_lines(value, columns)
  local lines = text.wrap(value, columns)
  if self.verbose or #lines <= longest_value then return lines end
  local rest = ("… %s in all, -v shows them"):format(text.count(utf8.len(value), "character"))
  return { table.unpack(lines, 1, longest_value - 1), rest }
end

local function note_of(field)
  if field.hurt then return "! " .. visible(field.hurt), "hurt" end
  return field.note and visible(field.note), "dim"
end

-- Where notes begin: past the widest value that has one and leaves it room.
local function note_column(change, columns)
  local column = 0
  for _, field in ipairs(change.fields) do
    local note = note_of(field)
    local width = text.width(value_text(change, field))
    if note and width + 3 + text.width(note) <= columns then column = math.max(column, width) end
  end
  return column
end

function Page:add_field(change, field, path_width, notes_at)
  local head = (" "):rep(indent) .. text.pad(visible(field.path), path_width) .. "  "
  local column = text.width(head)
  local columns = math.max(20, self.width - column)
  local value, note, role = value_text(change, field), note_of(field)
  local padded = text.pad(value, notes_at) .. "   "
  if note and text.width(padded .. note) <= columns then
    return self:add({ head }, { padded }, { note, role })
  end
  self:add_block({ head }, column, self:value_lines(value, columns))
  if note then self:add_block({ (" "):rep(column) }, column, text.wrap(note, columns), role) end
end

local function path_width(change)
  local width = 0
  for _, field in ipairs(change.fields) do width = math.max(width, text.width(visible(field.path))) end
  return math.min(width, widest_path)
end

function Page:add_fields(change)
  local width = path_width(change)
  local notes_at = note_column(change, self.width - indent - width - 2)
  for _, field in ipairs(change.fields) do self:add_field(change, field, width, notes_at) end
end

-- What hurts and is told at no field.
local function untold_hurts(change)
  local told, untold = {}, {}
  for _, field in ipairs(change.fields) do
    if field.hurt then told[field.hurt] = true end
  end
  for _, hurt in ipairs(change.hurts or {}) do
    if not told[hurt.text] then untold[#untold + 1] = "! " .. visible(hurt.text) end
  end
  return untold
end

function Page:head_spans(change)
  local sign = signs[change.action]
  local place = change.place and " " .. visible(change.place) or ""
  local mark = { text.pad(sign[1], self.sign_width), sign[2] }
  return { mark, { " " }, { visible(change.label), "strong" }, { place } }
end

function Page:add_change(change)
  local left, hurts = self:head_spans(change), untold_hurts(change)
  local right = location(change.where)
  local room = self.width - style.width(left) - style.width(right) - 5
  if #hurts == 1 and text.width(hurts[1]) <= room then
    left[#left + 1] = { "   " }
    left[#left + 1] = { table.remove(hurts), "hurt" }
  end
  self:add_sides(left, right)
  for _, hurt in ipairs(hurts) do
    self:add_block({ (" "):rep(indent) }, indent, text.wrap(hurt, self.width - indent), "hurt")
  end
  self:add_fields(change)
end

-- The name that comes after one that ends in a number.
local function following(name)
  local head, digits, tail = name:match "^(.-)(%d+)(%D*)$"
  if not digits or #digits > 15 then return nil end
  return ("%s%0" .. #digits .. "d%s"):format(head, math.tointeger(digits) + 1, tail)
end

-- The names of changes in order; three and more that count on are a range.
local function names_of(changes)
  local names, from = {}, 1
  while changes[from] do
    local last = from
    while changes[last + 1] and changes[last + 1].name == following(changes[last].name) do last = last + 1 end
    if last < from + 2 then last = from end
    local quoted = ('"%s"'):format(changes[from].name)
    if last > from then quoted = ('%s … "%s"'):format(quoted, changes[last].name) end
    names[#names + 1] = visible(quoted)
    from = last + 1
  end
  return names
end

-- Many changes that differ in name alone: how many, their names, and the fields of each.
function Page:add_alike(changes)
  local first, names = changes[1], names_of(changes)
  local label = ("%d × %s"):format(#changes, first.kind)
  local head = self:head_spans(setmetatable({ label = label }, { __index = first }))
  self:add_sides(head, location(first.where))
  local lines = text.wrap(table.concat(names, "   "), self.width - indent)
  self:add_block({ (" "):rep(indent) }, indent, lines, "strong")
  for _, hurt in ipairs(untold_hurts(first)) do
    self:add({ (" "):rep(indent) }, { hurt .. ", each", "hurt" })
  end
  self:add_fields(first)
end

local function group_of(change)
  if change.undeclared then return "no longer declared" end
  if change.transaction then return ('transaction "%s"'):format(visible(change.transaction.name)) end
  return nil
end

function Page:add_group(group, change)
  if not group then return self:blank() end
  local declared = not change.undeclared and change.transaction.where or nil
  self:blank()
  self:add_sides({ { (" "):rep(self.sign_width + 1) }, { group } }, location(declared))
end

-- Everything of a change that is printed, but its name.
local function likeness(change)
  local parts = { change.action, change.kind, change.place or "", group_of(change) or "" }
  for _, field in ipairs(change.fields) do
    parts[#parts + 1] = field.path
    parts[#parts + 1] = value_text(change, field)
    parts[#parts + 1] = note_of(field) or ""
  end
  for _, hurt in ipairs(change.hurts or {}) do parts[#parts + 1] = hurt.text end
  if change.where then parts[#parts + 1] = ("%s:%d"):format(change.where.file, change.where.line) end
  return table.concat(parts, "\0")
end

-- Neighbours that are alike, together.
local function runs_of(changes)
  local runs, last = {}, nil
  for _, change in ipairs(changes) do
    local like = likeness(change)
    if like == last then
      table.insert(runs[#runs], change)
    else
      runs[#runs + 1] = { change }
    end
    last = like
  end
  return runs
end

function Page:add_run(run)
  if #run >= fold_from and not self.verbose then return self:add_alike(run) end
  for _, change in ipairs(run) do self:add_change(change) end
end

function Page:add_changes(changes)
  for _, change in ipairs(changes) do
    self.sign_width = math.max(self.sign_width, #signs[change.action][1])
  end
  local group = false
  for _, run in ipairs(runs_of(changes)) do
    local next_group = group_of(run[1])
    if next_group ~= group then self:add_group(next_group, run[1]) end
    group = next_group
    self:add_run(run)
  end
end

function Page:add_kept(kept)
  if #kept == 0 then return end
  self:blank()
  self:add { "  kept" }
  for _, entry in ipairs(kept) do
    self:add({ "  " .. visible(entry.label), "strong" }, { "  " .. visible(entry.reason) })
  end
end

function Page:add_unchanged(unchanged)
  if not self.verbose or #unchanged == 0 then return end
  self:blank()
  self:add { "  as declared already" }
  for _, label in ipairs(unchanged) do self:add { "= " .. visible(label), "dim" } end
end

local function header(plan)
  local target = plan.target
  local parts = { visible(target.name) }
  if target.host ~= target.name then parts[#parts + 1] = visible(target.host) end
  parts[#parts + 1] = visible(target.product)
  parts[#parts + 1] = target.user and "as " .. visible(target.user)
  return parts
end

function Page:add_header(plan)
  local parts = header(plan)
  self:add({ parts[1], "strong" }, { "  " .. table.concat(parts, "  ", 2) })
  if plan.owner then self:add { "owner " .. visible(plan.owner) } end
end

local function nothing_to_do(plan, options)
  if options.destroy then
    return #plan.kept == 0 and "Nothing to destroy: none of it is there."
      or ("Nothing to destroy: %d kept."):format(#plan.kept)
  elseif #plan.unchanged == 1 then
    return "Nothing to do: 1 resource is as declared."
  end
  return ("Nothing to do: %d resources are as declared."):format(#plan.unchanged)
end

local function summary(plan)
  local counts = plan.counts
  local line = "Plan: %d to add, %d to change, %d to destroy."
  line = line:format(counts.add, counts.change, counts.destroy)
  if #plan.unchanged > 0 then line = line .. ("  %d unchanged."):format(#plan.unchanged) end
  return line .. ("  %s, %d at once at most."):format(text.count(#plan.steps, "step"), plan.concurrency)
end

--- What a list of refusals says: "1 reboot, 2 deletions (--allow reboot,delete)".
---@param refusals { word: string, count: integer }[]
---@return string
function render.refusals(refusals)
  local texts, words = {}, {}
  for i, refusal in ipairs(refusals) do
    texts[i] = text.count(refusal.count, nouns[refusal.word] or refusal.word)
    words[i] = refusal.word
  end
  return ("%s (--allow %s)"):format(table.concat(texts, ", "), table.concat(words, ","))
end

local function reads_line(reads)
  return ("Read %s, %s."):format(text.count(reads.requests, "request"), text.spent(reads.seconds))
end

function Page:add_summary(plan, options)
  self:blank()
  if #plan.changes == 0 then
    self:add { nothing_to_do(plan, options), "strong" }
  else
    self:add { summary(plan), "strong" }
  end
  if options.refusals and #options.refusals > 0 then
    self:add { ("Refused by apply as it stands: %s."):format(render.refusals(options.refusals)), "hurt" }
  end
  if plan.reads then self:add { reads_line(plan.reads), "dim" } end
end

--- The plan as text, its last line ended.
---@param plan perilune.plan.Plan
---@param options perilune.plan.RenderOptions
---@return string
function render.plan(plan, options)
  local page = new_page(options)
  page:add_header(plan)
  page:add_changes(plan.changes)
  page:add_kept(plan.kept or {})
  page:add_unchanged(plan.unchanged)
  page:add_summary(plan, options)
  return table.concat(page.lines, "\n") .. "\n"
end

--- Changes alone, as they stand in a plan.
---@param changes perilune.plan.Change[]
---@param options perilune.plan.RenderOptions
---@return string
function render.changes(changes, options)
  local page = new_page(options)
  page:add_changes(changes)
  return table.concat(page.lines, "\n") .. "\n"
end

return render
