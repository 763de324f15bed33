--- How an apply went, in words: a failure when it happens, and at the end what was done and what was not.
local err = require "perilune.err"
local style = require "perilune.util.style"
local text = require "perilune.util.text"

local report = {}

local most_listed = 12 -- steps told by name, unless verbose

---@class perilune.plan.ReportOptions
---@field plan perilune.plan.Plan
---@field run string
---@field seconds number
---@field style perilune.util.Style
---@field verbose boolean?
---@field destroy boolean?

local function name_of(plan, step)
  local change = plan.changes[step.change]
  return text.visible(change and change.label .. " " .. step.title or step.title)
end

local function place_text(where)
  return text.visible(("%s:%d"):format(where.file, where.line))
end

local function location(plan, step)
  local where = (plan.changes[step.change] or {}).where
  return where and place_text(where) or ""
end

--- A failed step with its cause and what to do, its lines ended.
---@param plan perilune.plan.Plan
---@param step perilune.plan.Step
---@param problem any
---@param options { style: perilune.util.Style, width: integer }
---@return string
function report.failure(plan, step, problem, options)
  local left = { { "✗ ", "bad" }, { name_of(plan, step), "strong" } }
  local place = location(plan, step)
  local gap = math.max(2, math.min(options.width, 100) - 1 - style.width(left) - text.width(place))
  left[#left + 1] = { (" "):rep(gap) .. place, "dim" }
  local lines = { options.style:paint(left) }
  for line in err.format(problem):gmatch "[^\n]+" do lines[#lines + 1] = "  " .. text.visible(line) end
  return table.concat(lines, "\n") .. "\n"
end

local function steps_by_id(plan)
  local by_id = {}
  for _, step in ipairs(plan.steps) do by_id[step.id] = step end
  return by_id
end

-- What was done of the plan, in words.
local function counted(plan)
  local counts = plan.counts
  return ("%d added, %d changed, %d destroyed"):format(counts.add, counts.change, counts.destroy)
end

--- The line for an apply that did all of its plan.
---@param options perilune.plan.ReportOptions
---@return string
function report.applied(options)
  local word = options.destroy and "Destroyed" or "Applied"
  local plan = options.plan
  local what = options.destroy and text.count(plan.counts.destroy, "resource") or counted(plan)
  local line = ("%s: %s in %s."):format(word, what, text.spent(options.seconds))
  return options.style:paint { { line, "good" }, { ("  run %s\n"):format(options.run) } }
end

-- A titled list of steps, cut unless all are wanted.
local function listing(lines, title, entries, verbose)
  local most = (verbose or #entries <= most_listed) and #entries or most_listed - 1
  for i = 1, most do
    lines[#lines + 1] = ("  %-9s %s"):format(i == 1 and title or "", entries[i])
  end
  if #entries > most then
    lines[#lines + 1] = ("  %-9s … and %d more (-v lists them)"):format("", #entries - most)
  end
end

local function names(plan, ids)
  local by_id, list = steps_by_id(plan), {}
  for i, id in ipairs(ids) do list[i] = name_of(plan, by_id[id]) end
  return list
end

local function names_of_pairs(plan, entries)
  local list = {}
  for i, entry in ipairs(entries) do list[i] = name_of(plan, entry.step) end
  return list
end

local function headline(result, options)
  local parts = {}
  local function part(n, words)
    if n > 0 then parts[#parts + 1] = (#parts == 0 and text.count(n, "step") or tostring(n)) .. " " .. words end
  end
  part(#result.failed, "failed")
  part(#result.unknown, "of unknown outcome")
  part(#result.done, "done")
  part(#result.skipped, "not begun")
  local word, after = result.interrupted and "Interrupted" or "Failed", text.spent(options.seconds)
  return ("%s after %s: %s. Nothing was undone."):format(word, after, table.concat(parts, ", "))
end

local function advice(result)
  if #result.unknown > 0 then
    return "What to do: these may still be under way on the server; plan again in a moment,\n"
      .. "  as a plan reads what is really there."
  elseif result.interrupted then
    return "What to do: run the same command again; it does only what is missing."
  end
  return "What to do: remove the cause, then run the same command again; it does only what is missing."
end

--- The end of an apply that did not do all of its plan: what was done, what was not, what to do.
---@param result perilune.plan.Result
---@param options perilune.plan.ReportOptions
---@return string
function report.stopped(result, options)
  local plan, verbose = options.plan, options.verbose
  local lines = { "", options.style:mark(headline(result, options), "bad") }
  listing(lines, "unknown", names_of_pairs(plan, result.unknown), verbose)
  listing(lines, "done", names(plan, result.done), verbose)
  listing(lines, "not done", names(plan, result.skipped), verbose)
  lines[#lines + 1] = advice(result)
  return table.concat(lines, "\n") .. "\n"
end

--- What is still not as declared after an apply; the changes themselves stand above.
---@param count integer
---@param options perilune.plan.ReportOptions
---@return string
function report.unsettled(count, options)
  local line = ("Not settled: all steps were done, but %s left to do, as a new plan shows above."):format(
    count == 1 and "1 change is" or count .. " changes are")
  return options.style:mark(line, "bad") .. "\n"
end

--- What is known of a playbook without a server.
---@param declaration perilune.playbook.Declaration
---@return string
function report.valid(declaration)
  local lines = { ("%s is valid: %s, %s."):format(text.visible(declaration.path),
    text.count(#declaration.resources, "resource"), text.count(#declaration.lookups, "lookup")) }
  for _, where in ipairs(declaration.needs_server) do
    lines[#lines + 1] = place_text(where) .. ": needs a server"
  end
  if declaration.stopped then
    lines[#lines + 1] = place_text(declaration.stopped) .. ": what comes after this line was not checked"
  end
  return table.concat(lines, "\n") .. "\n"
end

local function value_text(value)
  if type(value) ~= "table" or getmetatable(value) then return text.visible(value) end
  local parts = {}
  for key, item in pairs(value) do
    local name = type(key) == "string" and text.visible(key) .. " = " or ""
    parts[#parts + 1] = name .. value_text(item)
  end
  table.sort(parts)
  return ("{ %s }"):format(table.concat(parts, ", "))
end

--- A playbook's outputs, a line each.
---@param outputs perilune.plan.Output[]
---@return string
function report.values(outputs)
  local lines = {}
  for i, output in ipairs(outputs) do
    local shown = output.value == nil and "(known after apply)" or value_text(output.value)
    lines[i] = ("output %s = %s\n"):format(text.visible(output.name), shown)
  end
  return table.concat(lines)
end

return report
