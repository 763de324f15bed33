--- perilune apply FILE: shows the plan, asks, carries it out, and looks whether all is as declared then.
local err = require "perilune.err"
local execute = require "perilune.plan.execute"
local plan_json = require "perilune.plan.json"
local planner = require "perilune.plan"
local render = require "perilune.plan.render"
local scope = require "perilune.util.scope"
local session = require "perilune.cmd.session"
local task = require "perilune.c.task"

local apply = {
  name = "apply",
  usage = "FILE [options]",
  summary = "Show the plan, ask, carry it out, and check that all is as declared then.",
  arguments = { { name = "FILE", doc = "the playbook, a Lua file" } },
  options = {
    "target", "yes", "allow", "var", "var_file", "parallel", "json", "verbose", "color", "no_color",
  },
  examples = {
    { "apply web-tier.lua --target lab", "asks before it changes anything" },
    { "apply web-tier.lua -y --allow reboot,delete", "in a job, with what may hurt" },
    { "apply web-tier.lua -y -p 4 --json", "four steps at once; events for programs" },
  },
  exits = "0 done, 1 error or declined, 4 cannot connect, 5 failed and not undone, 130 interrupted",
}

-- What names a run until a store counts them: its time, and digits that tell two of one second apart.
local function new_run()
  return ("%s-%04x"):format(os.date "!%Y-%m-%d.%H%M%S", math.random(0, 0xffff))
end

local function refuse(plan, allow)
  local refusals = planner.refusals(plan, allow)
  if #refusals == 0 then return end
  local words = {}
  for word in pairs(allow) do words[#words + 1] = word end
  for _, refusal in ipairs(refusals) do words[#words + 1] = refusal.word end
  table.sort(words)
  err.raise {
    code = "plan.refused", where = false,
    message = "refused: " .. render.refusals(refusals):match "^(.-) %(" .. "; nothing was done",
    hint = "if that is meant, add --allow " .. table.concat(words, ","),
  }
end

-- A plan that was approved is carried out only as it was.
local function check_unchanged(plan, digest)
  if not digest or plan_json.digest(plan) == digest then return end
  err.raise {
    code = "plan.changed", where = false, message = "the plan is not the one that was approved; nothing was done",
    hint = "the server, or the playbook, has changed meanwhile: look at the plan above, and approve it anew",
  }
end

local function confirm(shown, options, question)
  local answer = options.yes or shown:ask(question)
  if answer then return end
  local nobody = answer == nil
  err.raise {
    code = "plan.declined", where = false,
    message = (nobody and "there is no terminal to ask on" or "declined") .. "; nothing was done",
    hint = nobody and "if the plan is meant, add -y (--yes)" or nil,
  }
end

-- Carries the plan out while a task of its own redraws what is shown.
local function carry_out(shown, vc, plan, run, parallel)
  local watcher = shown:watch(plan, run)
  local _ <close> = setmetatable({}, { __close = function() watcher:finish() end })
  return scope.scope(function()
    local drawing = scope.spawn(function()
      while true do
        task.sleep(watcher.interval)
        watcher:draw()
      end
    end)
    local result = execute.run(plan, vc, {
      parallel = parallel, run = run, listener = function(event) watcher:listen(event) end,
    })
    drawing:cancel()
    return result
  end)
end

-- A new plan: what is still to do. Where it cannot be made the apply is not known to have worked.
local function remaining(work, declaration, mode)
  local ok, plan = xpcall(work.verify, err.wrap, work, declaration, mode)
  if ok then return plan end
  err.raise {
    code = "apply.unsettled", where = false, cause = plan,
    message = "all steps were done, but it could not be checked whether all is as declared now",
  }
end

--- Carries out a plan that was allowed, and says how it went.
---@param work perilune.cmd.Session
---@param shown perilune.cmd.Output
---@param declaration perilune.playbook.Declaration
---@param plan perilune.plan.Plan
---@param mode { destroy: boolean? }
---@return integer  exit code
function apply.carry_out(work, shown, declaration, plan, mode)
  local began = task.now()
  local report = { plan = plan, run = work.options.run or new_run(), destroy = mode.destroy }
  local result = carry_out(shown, work:vcenter(), plan, report.run, work.options.parallel)
  report.seconds = task.now() - began
  if not result.ok then
    shown:stopped(result, report)
    return result.interrupted and 130 or 5
  end
  local after = remaining(work, declaration, mode)
  if #after.changes > 0 then
    shown:unsettled(after.changes, report)
    return 5
  end
  shown:applied(report)
  if not mode.destroy then shown:values(after.outputs) end
  return 0
end

--- Applies a playbook, or destroys what it made.
---@param options table
---@param shown perilune.cmd.Output
---@param mode { destroy: boolean?, question: string }
---@return integer
function apply.run(options, shown, mode)
  local work <close> = session.new(options, shown)
  local declaration = work:load "plan"
  local plan = work:plan(declaration, mode)
  shown:plan(plan, { destroy = mode.destroy })
  if #plan.changes == 0 then
    if not mode.destroy then shown:values(plan.outputs) end
    return 0
  end
  refuse(plan, options.allow)
  check_unchanged(plan, options.plan_digest)
  confirm(shown, options, mode.question)
  return apply.carry_out(work, shown, declaration, plan, mode)
end

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function apply.main(options, shown)
  return apply.run(options, shown, { question = "Apply these changes?" })
end

return apply
