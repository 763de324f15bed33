--- What a spec is written with: tests, comparisons that print both sides, other processes.
local err = require "perilune.err"
local process = require "tests.support.process"
local scope = require "perilune.util.scope"

local spec = { command = process.command, background = process.background }

local HANG_GUARD = 120 -- seconds; no assertion about time, only the end of a test that hangs

---@type { name: string, fn: function, skip: string|nil }[]
local tests = {}

--- The functions to call at the end of the present test, last first.
local cleanups = {}

-- Tests ----------------------------------------------------------------------------------------------------------

---@param name string  the behaviour
---@param fn function
function spec.test(name, fn)
  tests[#tests + 1] = { name = name, fn = fn }
end

--- Registers a test that is not run, and counted as skipped.
---@param reason string
function spec.skip(name, reason)
  tests[#tests + 1] = { name = name, skip = reason }
end

--- Calls fn at the end of the present test, whatever happens.
function spec.cleanup(fn)
  cleanups[#cleanups + 1] = fn
end

--- A directory that is removed at the end of the present test.
---@return string path
function spec.tmpdir()
  local path = process.tmpdir()
  spec.cleanup(function() process.remove(path) end)
  return path
end

-- Comparing ------------------------------------------------------------------------------------------------------

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
    return type(a) .. tostring(a) < type(b) .. tostring(b)
  end)
  return keys
end

local function scalar(value)
  if type(value) == "string" then return ("%q"):format(value):gsub("\\\n", "\\n") end
  return tostring(value)
end

--- The value as Lua text, keys sorted.
---@return string
local function dump(value, indent, seen)
  if type(value) ~= "table" then return (scalar(value)) end
  if seen[value] then return "<a table around it>" end
  seen[value] = true
  local lines = {}
  for _, key in ipairs(sorted_keys(value)) do
    local name = type(key) == "string" and key:find "^[%a_][%w_]*$" and key or "[" .. scalar(key) .. "]"
    lines[#lines + 1] = ("%s  %s = %s,\n"):format(indent, name, dump(value[key], indent .. "  ", seen))
  end
  seen[value] = nil
  if #lines == 0 then return "{}" end
  return "{\n" .. table.concat(lines) .. indent .. "}"
end

function spec.dump(value)
  return dump(value, "", {})
end

--- Equal as Lua text would be: 1 is not 1.0, and tables are compared by what is in them.
local function same(a, b, seen)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b and math.type(a) == math.type(b) end
  if a == b or seen[a] == b then return true end
  seen[a] = b
  for key, value in pairs(a) do
    if not same(value, b[key], seen) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local Failure = { __tostring = function(f) return f.text end }

--- Ends the present test: it failed, at the nearest line of the spec.
function spec.fail(text, ...)
  local place = ""
  for level = 2, math.huge do
    local frame = debug.getinfo(level, "Sl")
    if not frame then break end
    if frame.short_src:find "_spec%.lua$" then
      place = ("%s:%d: "):format(frame.short_src, frame.currentline)
      break
    end
  end
  error(setmetatable({ text = place .. text:format(...) }, Failure), 0)
end

local function differ(got, wanted, what)
  spec.fail("%s\n     got: %s\n  wanted: %s", what or "not equal", spec.dump(got), spec.dump(wanted))
end

function spec.equal(got, wanted, what)
  if not same(got, wanted, {}) then differ(got, wanted, what) end
end

function spec.is_true(value, what)
  if value ~= true then differ(value, true, what or "not true") end
end

function spec.is_false(value, what)
  if value ~= false then differ(value, false, what or "not false") end
end

function spec.is_nil(value, what)
  if value ~= nil then differ(value, nil, what or "not nil") end
end

--- text holds part, taken literally.
function spec.match(text, part)
  if type(text) ~= "string" or not text:find(part, 1, true) then differ(text, part, "does not hold the text") end
end

--- text matches a Lua pattern. Returns its captures.
function spec.find(text, pattern)
  if type(text) ~= "string" or not text:find(pattern) then differ(text, pattern, "does not match the pattern") end
  return text:match(pattern)
end

--- fn raises an error, of the code unless that is nil.
---@return any error
function spec.raises(fn, code)
  local ok, e = xpcall(fn, err.wrap)
  if ok then spec.fail("no error was raised; wanted %s", code or "one") end
  if getmetatable(e) == Failure then error(e, 0) end
  if code and e.code ~= code then
    spec.fail("wanted an error %s, got %s:\n%s", code, e.code, err.format(e, { verbose = true }))
  end
  return e
end

-- Running --------------------------------------------------------------------------------------------------------

local function clean_up()
  local failure
  for i = #cleanups, 1, -1 do
    local ok, e = xpcall(cleanups[i], err.wrap)
    failure = failure or (not ok and e) or nil
  end
  cleanups = {}
  return failure
end

--- Errors of Lua with their traceback; failed comparisons and the end of the run as they are.
local function handler(e)
  if getmetatable(e) == Failure or err.has(e, "task.interrupted") then return e end
  return err.format(err.wrap(e), { verbose = true })
end

---@return boolean ok, any failure
local function run_one(test)
  local outcome
  local ok, failure = xpcall(scope.timeout, handler, HANG_GUARD, function()
    outcome = table.pack(xpcall(test.fn, handler))
  end)
  if ok then ok, failure = outcome[1], outcome[2] end
  local problem = clean_up()
  if ok and problem then return false, err.format(problem, { verbose = true }) end
  return ok, failure
end

local function report(i, test, ok, failure)
  local note = test.skip and " # SKIP " .. test.skip or ""
  print(("%s %d - %s%s"):format(ok and "ok" or "not ok", i, test.name, note))
  if not ok then print((("\n" .. tostring(failure)):gsub("\n", "\n# "):sub(2))) end
  io.stdout:flush()
end

--- Runs the tests registered so far, printing TAP.
---@return integer failed
function spec.run()
  local failed = 0
  print(("1..%d"):format(#tests))
  for i, test in ipairs(tests) do
    local ok, failure = true, nil
    if not test.skip then ok, failure = run_one(test) end
    if not ok then failed = failed + 1 end
    report(i, test, ok, failure)
    if err.has(failure, "task.interrupted") then error(failure, 0) end
  end
  tests = {}
  return failed
end

return spec
