--- `plan()` and `apply()` at the prompt.
local err = require "perilune.err"
local lazy = require "perilune.util.lazy"
local planner = lazy "perilune.plan"
local playbook = require "perilune.playbook"
local render = lazy "perilune.plan.render"
local text = require "perilune.util.text"

local planned = {}

local signs = { update = "~", move = ">" }

--- A change of one field on one line, where it fits; nil where it does not.
local function short(change, options)
  local field = change.fields[1]
  local is_simple = change.action == "update" and #change.fields == 1 and not change.transaction
    and field.old and field.new and #change.hurts <= 1
  if not is_simple then return nil end
  local head = ("%s%s"):format(change.label, change.place and " " .. change.place or "")
  local what = ("%s %s → %s"):format(field.path, field.old, field.new)
  local hurt = field.hurt or change.hurts[1] and change.hurts[1].text
  local left = text.visible(("%-34s  %s"):format(head, what))
  local marks, whole = options.style, "~ " .. left .. (hurt and "   ! " .. hurt or "")
  if text.width(whole) > options.width or whole:find "\n" then return nil end
  local line = marks:mark(signs.update, "change") .. " " .. left
  if hurt then line = line .. "   " .. marks:mark("! " .. text.visible(hurt), "hurt") end
  return line .. "\n"
end

local function changes_text(plan, options)
  local parts = {}
  for _, change in ipairs(plan.changes) do
    change.where = nil -- a line of a text that nobody wrote
    parts[#parts + 1] = short(change, options) or render.changes({ change }, options)
  end
  return table.concat(parts)
end

local function summary(plan, refusals)
  if #plan.changes == 0 then
    return ("Nothing to do: %s declared is as declared."):format(text.count(#plan.unchanged, "resource"))
  end
  local counts = plan.counts
  local line = ("Plan: %d to add, %d to change, %d to destroy."):format(counts.add, counts.change, counts.destroy)
  if #plan.unchanged > 0 then line = line .. ("  %d unchanged."):format(#plan.unchanged) end
  if #refusals > 0 then
    line = line .. "\nRefused by apply as it stands: " .. render.refusals(refusals):match "^(.-) %(" .. "."
  end
  return line
end

local function allowed(list)
  local set = {}
  for word in (type(list) == "table" and table.concat(list, ",") or list or ""):gmatch "[^,%s]+" do
    set[word] = true
  end
  return set
end

local known = { allow = true, yes = true }

local function check_options(options)
  for name in pairs(options or {}) do
    if not known[name] then
      err.raise {
        code = "argument", message = ("apply has no option %q"):format(tostring(name)),
        hint = err.suggest(tostring(name), known) or 'apply { allow = "reboot", yes = true }',
      }
    end
  end
  return options or {}
end

local function nothing_declared()
  err.raise {
    code = "argument", where = false, message = "nothing is declared yet",
    hint = 'declare something: vm "web-01" { memory = "4GiB" }',
  }
end

---@class perilune.shell.Planned
---@field planner perilune.plan.Planner
---@field declaration perilune.playbook.Declaration
---@field plan perilune.plan.Plan

--- Reads what was declared, as a playbook, and plans it. Waits.
local function make(declared)
  local session = declared.session
  if declared:is_empty() then nothing_declared() end
  local maker = planner.open(session:vcenter())
  local declaration = playbook.load("declared", {
    text = declared:text(), mode = "plan", resolve = maker:resolver(),
    write = function(s) session:write(s) end,
  })
  return { planner = maker, declaration = declaration, plan = maker:make(declaration) }
end

local function show(session, plan, allow)
  local options = { style = session.style, width = session:width(), verbose = false }
  session:write(changes_text(plan, options) .. summary(plan, planner.refusals(plan, allow)) .. "\n")
end

--- `plan()`: shows what apply would change.
---@param declared perilune.shell.Declared
---@param options { allow: string|string[]|nil }|nil
function planned.plan(declared, options)
  local made = make(declared)
  show(declared.session, made.plan, allowed(check_options(options).allow))
end

local function refuse(refusals, allow)
  if #refusals == 0 then return end
  local words = {}
  for word in pairs(allow) do words[#words + 1] = word end
  for _, refusal in ipairs(refusals) do words[#words + 1] = refusal.word end
  table.sort(words)
  err.raise {
    code = "plan.refused", where = false,
    message = "refused: " .. render.refusals(refusals):match "^(.-) %(" .. "; nothing was done",
    hint = ('if that is meant: apply { allow = "%s" }'):format(table.concat(words, ",")),
  }
end

local function confirm(session, options)
  local answer = options.yes
  if not answer then answer = session.options.ask and session.options.ask "Apply these changes?" end
  if answer then return end
  local nobody = answer == nil
  err.raise {
    code = "plan.declined", where = false,
    message = (nobody and "there is no terminal to ask on" or "declined") .. "; nothing was done",
    hint = nobody and "if the plan is meant: apply { yes = true }" or nil,
  }
end

--- `apply()`: shows the plan, asks, carries it out, and looks whether all is as declared then.
---@param declared perilune.shell.Declared
---@param options { allow: string|string[]|nil, yes: boolean|nil }|nil
function planned.apply(declared, options)
  options = check_options(options)
  local session, made, allow = declared.session, make(declared), allowed(options.allow)
  show(session, made.plan, allow)
  if #made.plan.changes == 0 then return end
  refuse(planner.refusals(made.plan, allow), allow)
  confirm(session, options)
  session.options.apply(session.vc, made)
end

return planned
