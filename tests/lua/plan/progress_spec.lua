--- What an apply shows while it goes on, on a terminal that the spec plays.
local fixture = require "tests.lua.plan.fixture"
local progress = require "perilune.plan.progress"
local style = require "perilune.util.style"
local t = require "tests.support.spec"
local text = require "perilune.util.text"

--- A terminal that knows lines, "up n" and "erase down", as far as frames need it.
local function new_terminal()
  local terminal = { lines = {}, raw = {} }
  function terminal.write(s)
    terminal.raw[#terminal.raw + 1] = s
    local up, rest = s:match "^\27%[(%d+)A\r\27%[J(.*)$"
    for _ = 1, up and tonumber(up) or 0 do table.remove(terminal.lines) end
    for line in (rest or s):gmatch "(.-)\n" do terminal.lines[#terminal.lines + 1] = line end
  end
  return terminal
end

local function new_progress(live, width)
  local terminal, clock = new_terminal(), { now = 100 }
  local plan = fixture.mixed()
  local watched = progress.new {
    plan = plan, run = "2026-11-23.x", live = live, style = style.new(false), write = terminal.write,
    width = function() return width or 80 end, now = function() return clock.now end,
    explain = function(step, problem) return ("✗ %s: %s\n"):format(step.title, problem) end,
  }
  return watched, terminal, clock, plan.steps
end

local header = "lab  run 2026-11-23.x  3 steps"

t.test("keeps the running steps at the bottom and lets the finished ones scroll up", function()
  local watched, terminal, clock, steps = new_progress(true)
  watched:listen { type = "start", step = steps[1] }
  watched:listen { type = "start", step = steps[3] }
  watched:draw()
  clock.now = 103.1
  watched:listen { type = "done", step = steps[1], seconds = 3.1 }
  watched:listen { type = "progress", step = steps[3], percent = 62, detail = "shutting down guest" }
  watched:draw()
  t.equal(terminal.lines, {
    header,
    '  ✓ vm "web-02" create                                                    3.1 s',
    '  ⠹ vm "web-01" memory 2 GiB → 4 GiB: shutting down guest        62 %     3.1 s',
    "1/3 steps  00:03  1 running  1 waiting",
  })
end)

t.test("leaves only what stays when it ends", function()
  local watched, terminal, _, steps = new_progress(true)
  watched:listen { type = "start", step = steps[1] }
  watched:draw()
  watched:listen { type = "done", step = steps[1], seconds = 1 }
  watched:finish()
  t.equal(terminal.lines, {
    header, '  ✓ vm "web-02" create                                                    1.0 s',
  })
end)

t.test("writes each frame in one piece, and none when nothing changed", function()
  local watched, terminal, _, steps = new_progress(true)
  watched:listen { type = "start", step = steps[1] }
  watched:draw()
  watched:finish()
  local count = #terminal.raw
  watched:finish()
  t.equal(#terminal.raw, count)
end)

t.test("never lets a line of the frame wrap", function()
  local watched, terminal, _, steps = new_progress(true, 40)
  watched:listen { type = "start", step = steps[3] }
  watched:listen { type = "progress", step = steps[3], percent = 5, detail = ("waiting "):rep(20) }
  watched:draw()
  for i, line in ipairs(terminal.lines) do
    t.is_true(i == 1 or text.width(line) < 40, line)
  end
end)

t.test("counts what does not fit into the frame", function()
  local watched, terminal = new_progress(true)
  for i = 1, 30 do watched:listen { type = "start", step = { id = 100 + i, change = 1, title = "step" .. i } } end
  watched:draw()
  t.equal(#terminal.lines, 11)
  t.equal(terminal.lines[10], "    … and 22 more")
end)

t.test("tells a failure at once, whole", function()
  for _, live in ipairs { true, false } do
    local watched, terminal, _, steps = new_progress(live)
    watched:listen { type = "start", step = steps[1] }
    watched:listen { type = "failed", step = steps[1], error = "no space" }
    watched:finish()
    t.equal(terminal.lines, { header, "✗ create: no space" })
  end
end)

t.test("writes a line a step where nothing can be drawn again, and no escape", function()
  local watched, terminal, _, steps = new_progress(false)
  watched:listen { type = "start", step = steps[1] }
  watched:draw()
  watched:listen { type = "done", step = steps[1], seconds = 3.1 }
  watched:listen { type = "skipped", step = steps[2] }
  watched:finish()
  t.equal(terminal.lines, {
    header, '  ✓ vm "web-02" create                                                    3.1 s',
  })
  t.is_nil(table.concat(terminal.raw):find "\27")
end)

t.test("tells of a step that takes over ten seconds, then ever more rarely", function()
  local watched, terminal, clock, steps = new_progress(false)
  watched:listen { type = "start", step = steps[1] }
  local told = {}
  for second = 1, 60 do
    clock.now = 100 + second
    local before = #terminal.lines
    watched:draw()
    if #terminal.lines > before then told[#told + 1] = second end
  end
  t.equal(told, { 10, 20, 40 })
  t.match(terminal.lines[2], '  … vm "web-02" create')
end)

t.test("says what an interruption waits for", function()
  local watched, terminal = new_progress(false)
  watched:listen { type = "interrupted", running = 2, patience = 10 }
  t.match(terminal.lines[2], "Interrupted: waiting up to 10 s for 2 steps.")
end)
