local breaker = require "perilune.serve.breaker"
local err = require "perilune.err"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local quiet = { warn = function() end }

--- Breakers whose probes are answered from a list: true, or what is wrong.
local function with(answers, fn)
  local saved, probes = {}, 0
  local made = breaker.new {
    log = quiet, on_change = function() end, pause = function() task.sleep(0) end,
    save = function(b) saved[#saved + 1] = b.state end,
    probe = function()
      probes = probes + 1
      local answer = answers[probes]
      if answer == nil then task.sleep(60) end
      if answer ~= true then err.raise { code = "http.connect", message = answer, where = false } end
    end,
  }
  scope.scope(function()
    local watchers = {}
    made:watch_with(function(watch) watchers[#watchers + 1] = scope.spawn(watch) end)
    fn(made, saved)
    for _, handle in ipairs(watchers) do handle:cancel() end
  end)
end

local function wait_for(made, state)
  for _ = 1, 1000 do
    if made:of("lab").state == state then return end
    task.sleep(0.001)
  end
  t.fail("never %s", state)
end

t.test("a failed run alone opens nothing while its target answers", function()
  with({ true }, function(made, saved)
    t.is_false(made:finish("lab", 1, true, "refused"))
    t.equal({ made:of("lab").state, #saved }, { "closed", 0 })
  end)
end)

t.test("it opens when the probe fails too, and holds the target's runs", function()
  with({ "refused" }, function(made)
    t.is_true(made:finish("lab", 1, true, "refused"))
    t.equal(made:closed(), { lab = true })
    t.equal(made:of("lab").reason, "refused")
  end)
end)

t.test("two good probes in a row let one run try, and its success closes it", function()
  with({ "refused", true, "refused", true, true }, function(made, saved)
    made:finish("lab", 1, true, "refused")
    wait_for(made, "trial")
    t.equal(made:closed(), {})
    made:begin("lab", 2)
    t.equal(made:closed(), { lab = true })
    t.is_false(made:finish("lab", 2, false))
    t.equal({ made:of("lab").state, made:closed() }, { "closed", {} })
    t.equal(saved, { "open", "trial", "closed" })
  end)
end)

t.test("a trial that does not reach the target opens it again", function()
  with({ "refused", true, true }, function(made)
    made:finish("lab", 1, true, "refused")
    wait_for(made, "trial")
    made:begin("lab", 2)
    t.is_true(made:finish("lab", 2, true, "refused again"))
    t.equal({ made:of("lab").state, made:of("lab").reason }, { "open", "refused again" })
  end)
end)

t.test("other targets go on", function()
  with({ "refused" }, function(made)
    made:finish("lab", 1, true, "refused")
    t.is_false(made:finish("prod", 2, false))
    t.is_false(made:finish(nil, 3, false))
    t.equal(made:closed(), { lab = true })
    local names = {}
    for i, b in ipairs(made:list()) do names[i] = b.target end
    t.equal(names, { "default", "lab", "prod" })
  end)
end)

t.test("what was open when the server ended is open again, and probed", function()
  with({ true, true }, function(made)
    made:restore { { target = "lab", state = "open", reason = "refused" }, { target = "prod", state = "closed" } }
    t.equal(made:closed(), { lab = true })
    wait_for(made, "trial")
  end)
end)
