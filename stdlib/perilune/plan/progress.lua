--- What an apply is doing, as it does it.
---
--- On a terminal finished steps scroll up and the running ones stay at the bottom, redrawn by `draw`:
---
---       ✓ portgroup "web" create                      0.4 s     scrolled away
---       ⠋ vm "web-02" power on            62 %        1.2 s   ┐ the frame: erased and drawn again
---     7/9 steps  00:41  1 running                             ┘
---
--- Elsewhere a step is one line once it matters: done, failed, or running for long.
--- Events only record; `draw` writes what is live, all of it in one piece.
local style = require "perilune.util.style"
local text = require "perilune.util.text"

local progress = {}

---@class perilune.plan.ProgressOptions
---@field plan perilune.plan.Plan
---@field run string  the run's id
---@field live boolean  whether lines can be drawn again
---@field style perilune.util.Style
---@field width fun(): integer  asked at each frame, as windows are resized
---@field write fun(s: string)
---@field now fun(): number  seconds
---@field explain fun(step: perilune.plan.Step, error: any): string  a failure in full, its lines ended

---@class perilune.plan.Progress: perilune.plan.ProgressOptions
local Progress = {}
Progress.__index = Progress

local spinner = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" }
local most_running = 8 -- lines of the frame; the rest is counted
local widest_line = 100
local long_after = 10 -- seconds until a running step is worth a line; each next one after twice as long

local function name_of(plan, step)
  local change = plan.changes[step.change]
  return text.visible(change and change.label .. " " .. step.title or step.title)
end

local function percent_text(entry)
  return entry.percent and ("%d %%"):format(entry.percent) or ""
end

---@param options perilune.plan.ProgressOptions
---@return perilune.plan.Progress
function progress.new(options)
  local self = setmetatable({
    running = {}, by_step = {}, ended = 0, total = #options.plan.steps, pending = {},
    frame = "", frame_lines = 0, turn = 0, started = options.now(),
  }, { __index = function(_, key) return Progress[key] or options[key] end })
  local target = text.visible(options.plan.target.name)
  self:say { { target, "strong" }, { ("  run %s  %s"):format(options.run, text.count(self.total, "step")) } }
  return self
end

-- A line that stays: at once where nothing is redrawn, else with the next frame.
function Progress:say(spans)
  self:say_text(self.style:paint(spans) .. "\n")
end

function Progress:say_text(s)
  if self.live then
    self.pending[#self.pending + 1] = s
  else
    self.write(s)
  end
end

-- A mark, what it is about, and at the right edge how far and how long.
function Progress:line(mark, role, entry, tail, seconds)
  local width = math.min(self.width(), widest_line) - 1
  local right = ("%6s%10s"):format(tail, text.spent(seconds))
  local left = { { "  " }, { mark, role }, { " " .. entry.name } }
  if entry.detail then left[#left + 1] = { ": " .. entry.detail, "dim" } end
  local room = width - text.width(right)
  if style.width(left) > room and self.live then left = style.clip(left, math.max(room, 10)) end
  left[#left + 1] = { (" "):rep(room - style.width(left)) }
  left[#left + 1] = { right, "dim" }
  return left
end

local function begin(self, event)
  local entry = { name = name_of(self.plan, event.step), since = self.now(), note_at = long_after }
  self.by_step[event.step.id] = entry
  self.running[#self.running + 1] = entry
end

local function remove(self, event)
  local entry = self.by_step[event.step.id]
  self.by_step[event.step.id] = nil
  for i, other in ipairs(self.running) do
    if other == entry then table.remove(self.running, i) end
  end
  self.ended = self.ended + 1
  entry = entry or { name = name_of(self.plan, event.step), since = self.now() }
  entry.detail = nil
  return entry
end

local on = { start = begin }

function on.progress(self, event)
  local entry = self.by_step[event.step.id]
  if not entry then return end
  entry.percent = event.percent or entry.percent
  if event.detail then entry.detail = text.visible(event.detail) end
end

function on.done(self, event)
  local entry = remove(self, event)
  self:say(self:line("✓", "good", entry, "", event.seconds or self.now() - entry.since))
end

function on.failed(self, event)
  remove(self, event)
  self:say_text(self.explain(event.step, event.error))
end

function on.skipped(self)
  self.ended = self.ended + 1
end

function on.interrupted(self, event)
  local waiting = "nothing is under way."
  if event.running > 0 then
    local steps, patience = text.count(event.running, "step"), text.spent(event.patience)
    waiting = ("waiting up to %s for %s. Ctrl-C again ends it at once."):format(patience, steps)
  end
  self:say { { "Interrupted: " .. waiting, "hurt" } }
end

--- Records an event of `execute.run`.
---@param event perilune.plan.Event
function Progress:listen(event)
  on[event.type](self, event)
end

function Progress:status()
  local seconds = self.now() - self.started
  local line = ("%d/%d steps  %s"):format(self.ended, self.total, text.clock(seconds))
  local waiting = self.total - self.ended - #self.running
  if #self.running > 0 then line = line .. ("  %d running"):format(#self.running) end
  if waiting > 0 then line = line .. ("  %d waiting"):format(waiting) end
  return line
end

function Progress:frame_spans()
  local lines, now = {}, self.now()
  local mark = spinner[self.turn % #spinner + 1]
  for i = 1, math.min(#self.running, most_running) do
    local entry = self.running[i]
    lines[i] = self:line(mark, "run", entry, percent_text(entry), now - entry.since)
  end
  if #self.running > most_running then
    lines[#lines + 1] = { { ("    … and %d more"):format(#self.running - most_running), "dim" } }
  end
  lines[#lines + 1] = { { self:status(), "dim" } }
  return lines
end

-- Replaces the frame by the lines that stay and a new frame, in one write.
function Progress:replace(lines)
  local width, parts = self.width() - 1, {}
  for i, spans in ipairs(lines) do parts[i] = self.style:paint(style.clip(spans, width)) .. "\n" end
  local frame, stays = table.concat(parts), table.concat(self.pending)
  if frame == self.frame and stays == "" then return end
  local erase = self.frame_lines > 0 and ("\27[%dA\r\27[J"):format(self.frame_lines) or ""
  self.write(erase .. stays .. frame)
  self.frame, self.frame_lines, self.pending = frame, #lines, {}
end

-- Tells of the steps that run for long.
function Progress:note_long()
  local now = self.now()
  for _, entry in ipairs(self.running) do
    if now - entry.since >= entry.note_at then
      self:say(self:line("…", "run", entry, percent_text(entry), now - entry.since))
      entry.note_at = entry.note_at * 2
    end
  end
end

--- Shows the state of now; to be called some times a second.
function Progress:draw()
  if not self.live then return self:note_long() end
  self.turn = self.turn + 1
  self:replace(self:frame_spans())
end

--- Erases what is only for the moment; what stays is all written.
function Progress:finish()
  if self.live then self:replace {} end
end

return progress
