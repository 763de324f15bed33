local err = require "perilune.err"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

--- Notes when it is closed, after a wait.
local function closing(log, name)
  return setmetatable({}, {
    __close = function()
      task.sleep(0)
      log[#log + 1] = name
    end,
  })
end

local function boom()
  error(err.new { code = "io", message = "boom" })
end

t.test("parallel returns results in the order of the list", function()
  local results = scope.parallel(3, { 3, 1, 2 }, function(n)
    task.sleep(n / 1000)
    return n * 10
  end)
  t.equal(results, { 30, 10, 20 })
end)

t.test("parallel runs no more at once than its limit, and no fewer", function()
  local running, most = 0, 0
  scope.parallel(3, { 1, 2, 3, 4, 5, 6, 7 }, function()
    running = running + 1
    most = math.max(most, running)
    task.sleep(0.001)
    running = running - 1
  end)
  t.equal(most, 3)
end)

t.test("parallel of nothing is an empty list", function()
  t.equal(scope.parallel(3, {}, boom), {})
  t.equal(scope.all {}, {})
end)

t.test("parallel refuses a limit that is no positive integer", function()
  t.raises(function() scope.parallel(0, { 1 }, boom) end, "argument")
  t.raises(function() scope.parallel(1.5, { 1 }, boom) end, "argument")
end)

t.test("the first error cancels the siblings, runs their handlers, and is the one raised", function()
  local log = {}
  local e = t.raises(function()
    scope.all {
      function()
        local _ <close> = closing(log, "first")
        task.sleep(60)
      end,
      function()
        local _ <close> = closing(log, "second")
        task.park()
      end,
      function()
        task.sleep(0.001)
        boom()
      end,
    }
  end, "io")
  table.sort(log)
  t.equal(log, { "first", "second" })
  t.is_nil(e.also)
end)

t.test("an error of the body cancels the children before it goes on", function()
  local log = {}
  t.raises(function()
    scope.scope(function()
      scope.spawn(function()
        local _ <close> = closing(log, "child")
        task.sleep(60)
      end)
      task.sleep(0)
      boom()
    end)
  end, "io")
  t.equal(log, { "child" })
end)

t.test("a child that fails interrupts what the owner waits for", function()
  t.raises(function()
    scope.scope(function()
      scope.spawn(boom)
      task.sleep(60)
    end)
  end, "io")
end)

t.test("the error of a child is raised though the owner caught it", function()
  t.raises(function()
    scope.scope(function()
      scope.spawn(boom)
      pcall(task.sleep, 60)
    end)
  end, "io")
end)

t.test("errors while unwinding go with the first one", function()
  local e = t.raises(function()
    scope.scope(function()
      scope.spawn(function()
        local _ <close> = setmetatable({}, { __close = function() error "cannot clean up" end })
        task.sleep(60)
      end)
      scope.spawn(boom)
    end)
  end, "io")
  t.equal(#e.also, 1)
  t.match(tostring(e), "also: ")
  t.match(tostring(e), "cannot clean up")
end)

t.test("a scope returns its function's results once its children have ended", function()
  local log = {}
  local a, b = scope.scope(function()
    scope.spawn(function()
      task.sleep(0.001)
      log[1] = "ended"
    end)
    return 1, nil
  end)
  t.equal({ a, b }, { 1 })
  t.equal(log, { "ended" })
end)

t.test("a task spawned by a child belongs to the same scope", function()
  local log = {}
  scope.scope(function()
    scope.spawn(function()
      scope.spawn(function()
        task.sleep(0.001)
        log[1] = "grandchild"
      end)
    end)
  end)
  t.equal(log, { "grandchild" })
end)

t.test("join returns results; cancelling through the handle is no failure", function()
  scope.scope(function()
    local sum = scope.spawn(function(a, b) return a + b, nil, "last" end, 1, 2)
    t.equal(table.pack(sum:join()), { 3, nil, "last", n = 3 })
    local sleeper = scope.spawn(task.sleep, 60)
    sleeper:cancel()
    t.raises(function() sleeper:join() end, "task.cancelled")
    t.equal(sleeper:status(), "done")
  end)
end)

t.test("a cancellation that a child passes on from another task is a failure", function()
  t.raises(function()
    scope.scope(function()
      local sleeper = scope.spawn(task.sleep, 60)
      scope.spawn(function() sleeper:join() end)
      task.sleep(0)
      sleeper:cancel()
    end)
  end, "task.cancelled")
end)

t.test("a task that was cancelled before it ran never runs", function()
  local ran = false
  scope.scope(function()
    scope.spawn(function() ran = true end):cancel()
  end)
  t.is_false(ran)
end)

t.test("race returns the results of the first and cancels the others", function()
  local log = {}
  local a, b = scope.race {
    function()
      local _ <close> = closing(log, "slow")
      task.sleep(60)
    end,
    function()
      task.sleep(0.001)
      return "fast", nil
    end,
  }
  t.equal({ a, b }, { "fast" })
  t.equal(log, { "slow" })
end)

t.test("race is lost to an error that comes first", function()
  t.raises(function() scope.race { function() task.sleep(60) end, boom } end, "io")
  t.raises(function() scope.race {} end, "argument")
end)

t.test("timeout passes results and errors of what ends in time", function()
  t.equal({ scope.timeout(60, function(x) return x, 2 end, 1) }, { 1, 2 })
  t.raises(function() scope.timeout(60, boom) end, "io")
end)

t.test("timeout cancels what takes longer, and waits for its handlers", function()
  local log = {}
  local e = t.raises(function()
    scope.timeout(0.001, function()
      local _ <close> = closing(log, "late")
      task.sleep(60)
    end)
  end, "task.timeout")
  t.equal(log, { "late" })
  t.match(tostring(e), "0.001 s")
end)

t.test("handlers of a cancelled task may use scopes of their own", function()
  local log = {}
  pcall(scope.timeout, 0.001, function()
    local _ <close> = setmetatable({}, {
      __close = function()
        log = scope.parallel(2, { 1, 2 }, function(x)
          task.sleep(0)
          return x
        end)
      end,
    })
    task.sleep(60)
  end)
  t.equal(log, { 1, 2 })
end)

t.test("a scope that is ending takes no more tasks", function()
  t.raises(function()
    scope.scope(function()
      local _ <close> = setmetatable({}, { __close = function() scope.spawn(task.sleep, 60) end })
      boom()
    end)
  end)
end)

t.test("cancelling reaches tasks in scopes within scopes", function()
  local log = {}
  pcall(scope.timeout, 0.001, function()
    scope.all {
      function()
        scope.all {
          function()
            local _ <close> = closing(log, "inner")
            task.sleep(60)
          end,
        }
      end,
    }
  end)
  t.equal(log, { "inner" })
end)

t.test("a cancellation names its cause", function()
  local seen
  pcall(scope.all, {
    function()
      local ok, e = pcall(task.sleep, 60)
      seen = not ok and e
      error(e, 0)
    end,
    boom,
  })
  t.equal(seen.code, "task.cancelled")
  t.is_true(err.has(seen, "io"))
end)

t.test("Lua errors of children keep message, place and traceback", function()
  local e = t.raises(function()
    scope.all { function() local nothing = nil; return nothing.field end }
  end, "lua")
  t.match(e.message, "attempt to index a nil value")
  t.match(e.where.file, "scope_spec.lua")
  t.match(e.traceback, "scope_spec.lua")
end)

t.test("what scope.with says holds for its tasks and theirs, and for nobody else", function()
  local seen = {}
  local function note(key) seen[key] = scope.value "colour" or "none" end
  scope.scope(function()
    scope.spawn(function()
      task.sleep(0.001)
      note "beside"
    end)
    scope.with("colour", "red", function()
      note "inside"
      scope.parallel(2, { 1 }, function() scope.spawn(note, "below") end)
      scope.with("colour", "blue", note, "inner")
      scope.with("shape", "round", note, "other name")
    end)
    note "after"
  end)
  t.equal(seen, {
    beside = "none", inside = "red", below = "red", inner = "blue", ["other name"] = "red", after = "none",
  })
end)

t.test("what is shielded ends though its task is cancelled, which raises afterwards", function()
  local log = {}
  t.raises(function()
    scope.timeout(0.001, function()
      scope.shield(function(word)
        task.sleep(0.01)
        log[1] = word
      end, "done")
      log[2] = "not reached"
    end)
  end, "task.timeout")
  t.equal(log, { "done" })
end)

t.test("a shield passes results and errors", function()
  t.equal(table.pack(scope.shield(function(...) return nil, ... end, 2)), { nil, 2, n = 2 })
  t.raises(function() scope.shield(boom) end, "io")
end)

t.test("a shield may have a time limit, and the handlers still run", function()
  local log = {}
  t.raises(function()
    scope.shield(scope.timeout, 0.001, function()
      local _ <close> = closing(log, "late")
      task.sleep(60)
    end)
  end, "task.timeout")
  t.equal(log, { "late" })
end)

t.test("an error under a shield goes with the cancellation, and reaches the scope", function()
  local seen
  t.raises(function()
    scope.scope(function()
      local shielded = scope.spawn(function()
        local _, e = pcall(scope.shield, function()
          task.sleep(0.001)
          boom()
        end)
        seen = e
        error(e, 0)
      end)
      task.sleep(0)
      shielded:cancel()
    end)
  end, "io")
  t.equal(seen.code, "task.cancelled")
  t.equal(seen.also[1].code, "io")
end)

t.test("handlers may shield what they do", function()
  local log = {}
  pcall(scope.timeout, 0.001, function()
    local _ <close> = setmetatable({}, {
      __close = function()
        scope.shield(task.sleep, 0)
        log[1] = "closed"
      end,
    })
    task.sleep(60)
  end)
  t.equal(log, { "closed" })
end)

--- Opens a scope that fails, and whose other child does not end before it is told to.
local function fail_slowly(state)
  scope.scope(function()
    scope.spawn(function()
      local _ <close> = setmetatable({}, { __close = function()
        state.is_unwinding = true
        while not state.may_end do task.sleep(0.001) end
      end })
      task.sleep(60)
    end)
    task.sleep(0)
    boom()
  end)
end

--- Cancels a task that is in fail_slowly, while its scope unwinds.
local function cancel_unwinding(victim, state)
  while not state.is_unwinding do task.sleep(0.001) end
  victim:cancel()
  state.may_end = true
end

t.test("a cancellation while a failed scope unwinds comes first, the failure with it", function()
  local seen
  scope.scope(function()
    local state = {}
    local victim = scope.spawn(function()
      local _, e = pcall(fail_slowly, state)
      seen = e
    end)
    cancel_unwinding(victim, state)
  end)
  t.equal(seen.code, "task.cancelled")
  t.equal(seen.also[1].code, "io")
end)

t.test("what failed in a task that was cancelled is not forgotten by its scope", function()
  t.raises(function()
    scope.scope(function()
      local state = {}
      cancel_unwinding(scope.spawn(fail_slowly, state), state)
    end)
  end, "io")
end)

t.test("a cancellation from outside is not lost behind a failure of the same moment", function()
  local victim, seen
  scope.scope(function()
    victim = scope.spawn(function()
      local _, e = pcall(scope.scope, function()
        scope.spawn(function()
          local _ <close> = setmetatable({}, { __close = function() victim:cancel() end })
          task.spawn(function() task.sleep(0) end):join()
          boom()
        end)
        task.sleep(60)
      end)
      seen = e
    end)
  end)
  t.equal(seen.code, "task.cancelled")
  t.equal(seen.also[1].code, "io")
end)
