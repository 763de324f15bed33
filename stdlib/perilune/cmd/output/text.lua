--- Text for people: results on stdout, progress, questions and errors on stderr.
local err = require "perilune.err"
local lazy = require "perilune.util.lazy"
local progress = lazy "perilune.plan.progress"
local render = lazy "perilune.plan.render"
local report = lazy "perilune.plan.report"
local style = require "perilune.util.style"
local task = require "perilune.c.task"
local term = require "perilune.c.term"
local text = require "perilune.util.text"
local units = require "perilune.util.units"

---@class perilune.cmd.TextOutput: perilune.cmd.Output
local TextOutput = {}
TextOutput.__index = TextOutput

local text_output = {}

local fallback_width = 100 -- where no terminal says how wide it is

local function width()
  return term.width() or fallback_width
end

---@param options { color: string?, verbose: integer? }
---@return perilune.cmd.TextOutput
function text_output.new(options)
  local color = options.color or "auto"
  return setmetatable({
    verbose = options.verbose or 0,
    out = style.new(style.wanted(color, term.isatty(1), os.getenv)),
    err = style.new(style.wanted(color, term.isatty(2), os.getenv)),
  }, TextOutput)
end

function TextOutput:render_options(more)
  local columns = term.isatty(1) and width() or fallback_width
  local options = { style = self.out, width = columns, verbose = self.verbose > 0 }
  for key, value in pairs(more or {}) do options[key] = value end
  return options
end

local function to_stdout(s)
  io.stdout:write(s)
  io.stdout:flush()
end

local function to_stderr(s)
  term.write(2, s)
end

function TextOutput:plan(plan, options)
  to_stdout(render.plan(plan, self:render_options(options)))
end

-- Whether lines on stderr can be drawn again: a terminal, which nothing else writes to meanwhile.
function TextOutput:is_live()
  return term.isatty(2) and os.getenv "TERM" ~= "dumb" and self.verbose < 2
end

function TextOutput:watch(plan, run)
  local watcher = progress.new {
    plan = plan, run = run, live = self:is_live(), style = self.err, width = width, now = task.now,
    write = to_stderr,
    explain = function(step, problem)
      return report.failure(plan, step, problem, { style = self.err, width = width() })
    end,
  }
  watcher.interval = watcher.live and 0.1 or 1
  return watcher
end

function TextOutput:report_options(options, marks)
  options.style, options.verbose = marks, self.verbose > 0
  return options
end

function TextOutput:applied(options)
  to_stdout(report.applied(self:report_options(options, self.out)))
end

function TextOutput:stopped(result, options)
  to_stderr(report.stopped(result, self:report_options(options, self.err)))
end

function TextOutput:unsettled(changes, options)
  local changed = render.changes(changes, { style = self.err, width = width(), verbose = self.verbose > 0 })
  to_stderr(changed .. report.unsettled(#changes, self:report_options(options, self.err)))
end

function TextOutput:valid(declaration)
  to_stdout(report.valid(declaration))
end

function TextOutput:values(outputs)
  to_stdout(report.values(outputs))
end

--- Which server it is, and where that was said.
function TextOutput:target(target)
  local line = ("target %s from %s"):format(text.visible(target.url), text.visible(target.source.url))
  to_stderr(self.err:mark(line, "dim") .. "\n")
end

--- One answer of the server.
function TextOutput:request(what, seconds, status)
  local line = ("%9s  %d  %s"):format(text.spent(seconds), status, text.visible(what))
  to_stderr(self.err:mark(line, "dim") .. "\n")
end

--- A request failed, and is sent again after a pause.
function TextOutput:waiting(e, seconds)
  local line = ("%s; trying again in %s"):format(text.visible(e.message), text.spent(seconds))
  to_stderr(self.err:mark(line, "dim") .. "\n")
end

--- How much was asked of the server.
function TextOutput:notice(message)
  to_stderr(self.err:mark("note: " .. text.visible(message), "change") .. "\n")
end

function TextOutput:stats(stats)
  local line = ("%s after login (%d SOAP, %d REST) over %s, %s; %s sent, %s received"):format(
    text.count(stats.requests, "request"), stats.soap, stats.rest, text.count(stats.handshakes, "connection"),
    text.count(stats.logins, "login"), units.about_size(stats.bytes_out), units.about_size(stats.bytes_in))
  to_stderr(self.err:mark(line, "dim") .. "\n")
end

function TextOutput:error(e)
  for line in (err.format(e, { verbose = self.verbose > 0 }) .. "\n"):gmatch "(.-)\n" do
    to_stderr(text.visible((line:gsub("\t", "  "))) .. "\n")
  end
end

--- Asks on the terminal; whatever is not yes means no.
function TextOutput:ask(question)
  if not (term.isatty(0) and term.isatty(2)) then return nil end
  to_stderr(self.err:mark(question, "strong") .. " [y/N] ")
  local answer = (term.read_line() or ""):lower()
  return answer == "y" or answer == "yes"
end

return text_output
