--- The interactive shell without its terminal: what lines mean, what is shown of them.
---
---     chunk.lua      what was typed, compiled          env.lua         what names mean
---     print.lua      how results look                  background.lua  tasks that outlive their line
---     declare.lua    the words of playbooks            commands.lua    :save, :load, :target …
---
--- Each line is a task. Whoever reads lines hands them to `evaluate`, which waits until the task has ended.
local background = require "perilune.shell.background"
local chunk = require "perilune.shell.chunk"
local commands = require "perilune.shell.commands"
local declare = require "perilune.shell.declare"
local env = require "perilune.shell.env"
local err = require "perilune.err"
local interrupt = require "perilune.c.interrupt"
local live_names = require "perilune.shell.names"
local playbook_module = require "perilune.playbook.module"
local print = require "perilune.shell.print"
local source = require "perilune.playbook.source"
local spinner = require "perilune.shell.spinner"
local style = require "perilune.util.style"
local task = require "perilune.c.task"
local text = require "perilune.util.text"
local words = require "perilune.shell.words"

local RESULTS = 9 -- that are kept: _1 … _9

---@class perilune.shell.Options
---@field connect (fun(name: string|nil): perilune.vim.Connection)|nil  logs in; of `:target` with the name
---@field vc perilune.vim.Connection|nil
---@field is_lazy boolean|nil  connect when `vc` is first used
---@field limit integer|nil  lines of a result at a terminal
---@field write fun(s: string)  whole lines
---@field name string|nil  of what lines are read from, for places: "prompt", "stdin"
---@field is_live boolean|nil  a terminal: results are cut
---@field draw (fun(s: string))|nil  a terminal that can draw: what is waited for is shown
---@field width (fun(): integer|nil)|nil  columns
---@field style perilune.util.Style|nil
---@field mode (fun(mode: "vi"|"emacs"))|nil  changes the keys of the terminal
---@field ask (fun(question: string): boolean|nil)|nil
---@field apply (fun(vc: perilune.vim.Connection, made: perilune.shell.Planned))|nil  carries a plan out

---@class perilune.shell.Session
---@field vc perilune.vim.Connection|nil
---@field env perilune.shell.Env
---@field background perilune.shell.Background
---@field declared perilune.shell.Declared
---@field is_timing boolean  of `:time`
---@field is_tracing boolean  of `:trace`
local Session = {}
Session.__index = Session

local shell = {}

-- Writing -----------------------------------------------------------------------------------------------------

--- Whole lines, above whatever is being typed or drawn.
---@param s string
function Session:write(s)
  self.spinner:clear()
  self.options.write(s)
end

function Session:width()
  local width = self.options.width and self.options.width()
  return width or 100
end

function Session:note(s)
  self:write(self.style:mark(s, "dim") .. "\n")
end

--- The names that an error may have meant: of "attempt to index a nil value (global 'vms')".
local function with_suggestion(self, e)
  local name = not e.hint and e.code == "lua" and e.message:match "a nil value %(global '([%a_][%w_]*)'%)"
  if name then e.hint = err.suggest(name, self.env:names()) end
end

local function with_excerpt(self, e)
  local where = e.where
  if e.excerpt or not where or where.file ~= self.name then return end
  local whole = self:source()
  local place = where.column and where or whole:word(where.line, e.message:match "%(%a+ '([%a_][%w_]*)'%)")
  e.excerpt = whole:excerpt(place)
end

--- An error with what the shell knows of it.
---@param e any
---@return perilune.Error
function Session:explain(e)
  e = err.wrap(self.declared:explain(e))
  with_suggestion(self, e)
  with_excerpt(self, e)
  return e
end

--- An error as it is shown: place, the line, the server's words, what to do.
---@param e any
---@return string
function Session:describe(e)
  e = self:explain(e)
  local lines = {}
  for line in (err.format(e) .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = text.visible((line:gsub("\t", "  "))) .. "\n"
  end
  return table.concat(lines)
end

---@param e any
function Session:show_error(e)
  self.failure = self:explain(e)
  self:write(self:describe(self.failure))
end

-- Results -----------------------------------------------------------------------------------------------------

--- The values of a line. What `for` takes besides an iterator (nil, nil, the value to close) is none of them.
local function values_of(results)
  if results.n == 4 and results[1] ~= nil and rawequal(results[1], results[4]) then return { n = 1, results[1] } end
  return results
end

--- Keeps results: `_` and `_1` are the first, `_2` the second or the one of the line before.
local function remember(self, values)
  local globals = self.env.globals
  if values.n == 0 then return end
  for i = RESULTS, values.n + 1, -1 do globals["_" .. i] = globals["_" .. (i - values.n)] end
  for i = 1, math.min(values.n, RESULTS) do globals["_" .. i] = values[i] end
  globals._ = values[1]
end

--- Writes a part of what is shown; `more()` shows the next.
function Session:show_part(page, first)
  local limit = self.options.is_live and self.limit or nil
  local shown, rest = print.part(page, first, limit)
  self.rest = rest and { page = page, first = rest } or nil
  self:write(shown)
end

--- The word `more`: what a result was cut by.
function Session:more()
  if not self.rest then return self:note "there is no more" end
  self:show_part(self.rest.page, self.rest.first)
end

local function show(self, values, measure)
  for i = 1, values.n do
    local value = values[i]
    if not self.declared:is_new(value) then
      value = self.declared:live_of(value) or value
      self:show_part(print.page(value, { width = self:width(), vc = self.vc, spent = measure }), 1)
    end
  end
end

-- Lines -------------------------------------------------------------------------------------------------------

--- All that was entered so far, for excerpts.
---@return perilune.playbook.Source
function Session:source()
  self.whole = self.whole or source.new(self.name, table.concat(self.lines, "\n"))
  return self.whole
end

local function enter(self, typed)
  for line in (typed .. "\n"):gmatch "(.-)\n" do self.lines[#self.lines + 1] = line end
  self.whole = nil
end

local function requests(self)
  return self.vc and not self.vc.is_closed and self.vc:stats().requests or 0
end

local function measure_from(self)
  local sent, began = requests(self), task.now()
  return function() return requests(self) - sent, task.now() - began end
end

--- Waits for the task of a line, and draws what it waits for. Who cancels the shell cancels the line.
local function follow(self, line)
  local began = task.now()
  while true do
    local outcome = table.pack(pcall(line.join, line, self.options.draw and spinner.INTERVAL or nil))
    if not outcome[1] then
      line:cancel(outcome[2])
      line:join()
      error(outcome[2], 0)
    elseif outcome[2] ~= nil then
      self.spinner:clear()
      return table.unpack(outcome, 2, outcome.n)
    elseif self.options.draw then
      self.spinner:draw(spinner.words(self.vc, task.now() - began))
    end
  end
end

--- Calls fn in a task of its own, which Ctrl-C ends, and tells its error.
---@return boolean ok
function Session:run(fn)
  local line = task.spawn(interrupt.guard, fn)
  line:context(self.background)
  line:on_end(function() end) -- its error is told here
  local ok, e = follow(self, line)
  if ok then return true end
  if err.has(e, "task.exit") then
    self.exit = err.wrap(e).status
    return true
  end
  self.was_interrupted = err.has(e, "shell.interrupted")
  if self.was_interrupted then self.spinner:wipe() end
  self:show_error(e)
  return false
end

--- Runs a chunk in this task; the values of an expression.
local function results_of(self, compiled)
  self.env:expect(compiled.locals)
  self.declared:begin()
  local results = table.pack(compiled.run())
  self.declared:check()
  local values = compiled.is_expression and values_of(results) or { n = 0 }
  remember(self, values)
  return values
end

local function run_chunk(self, compiled)
  local measure = measure_from(self)
  return self:run(function()
    show(self, results_of(self, compiled), measure)
    if self.is_timing then
      local sent, seconds = measure()
      self:note(("%s, %s"):format(text.count(sent, "request"), text.spent(seconds)))
    end
  end)
end

--- The values of an expression, evaluated in the task that calls this. Raises its error.
---@param typed string
---@return table values  with `n`
function Session:results(typed)
  local place = { name = self.name, line = #self.lines + 1 }
  local compiled, problem = chunk.compile(typed, place, self.env.proxy)
  enter(self, typed)
  if not compiled then error(problem == "more" and chunk.unfinished(typed, place) or problem, 0) end
  local ok, result = xpcall(results_of, err.wrap, self, compiled)
  if ok then return result end
  error(self:explain(result), 0)
end

--- Writes values as the prompt shows them. May wait.
---@param values table  with `n`
function Session:show(values)
  show(self, values, measure_from(self))
end

--- Runs a Lua file with the words of the prompt, in the task that calls this.
---@param path string
function Session:load(path)
  local file, problem = io.open(path, "rb")
  local content = file and file:read "a"
  if file then file:close() end
  if not content then err.raise { code = "io", where = false, message = "cannot read " .. (problem or path) } end
  self.declared:begin()
  self.env:search_beside(path)
  playbook_module.compile(self.declared.reading, path, content, self.env.proxy)()
  self.declared:check()
end

--- Takes what was entered: Lua, or a command that begins with ":" or "?". Shows the result, or the error.
---@param typed string  one line, or several
---@param is_last boolean|nil  nothing follows: what is unfinished is an error
---@return "done"|"failed"|"more"
function Session:evaluate(typed, is_last)
  self.failure, self.was_interrupted = nil, false
  local place = { name = self.name, line = #self.lines + 1 }
  if commands.is(typed) then
    enter(self, typed)
    return self:run(function() commands.run(self, typed) end) and "done" or "failed"
  end
  local compiled, problem = chunk.compile(typed, place, self.env.proxy)
  if problem == "more" then
    if not is_last then return "more" end
    problem = chunk.unfinished(typed, place)
  end
  enter(self, typed)
  if compiled then return run_chunk(self, compiled) and "done" or "failed" end
  self:show_error(problem)
  return "failed"
end

--- The names that `local` made at the prompt.
---@return string[]
function Session:locals()
  local names = {}
  for name in pairs(self.env.is_local) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Connection --------------------------------------------------------------------------------------------------

--- The names of the connection's objects, for completion; nil where there is none.
---@return perilune.shell.Names|nil
function Session:names()
  if self.vc and self.names_of ~= self.vc then
    self:end_names()
    self.live_names, self.names_of = live_names.open(self.vc), self.vc
  end
  return self.vc and self.live_names or nil
end

function Session:end_names()
  if self.live_names then self.live_names:close() end
  self.live_names, self.names_of = nil, nil
end

--- Connects, to another target where a name is given. Waits.
---@param name string|nil
function Session:connect(name)
  self:end_names()
  self.vc = self.options.connect(name)
  self.env.words.vc = self.vc
end

--- The connection; it is made now where that was left until it is needed. Raises where there is none. May wait.
---@return perilune.vim.Connection
function Session:vcenter()
  if not self.vc and self.options.is_lazy then self:connect() end
  if not self.vc then
    err.raise {
      code = "target.missing", message = "the shell is not connected to a server",
      hint = "give a target: :target NAME, or start with perilune repl --target NAME",
    }
  end
  return self.vc
end

--- Whether there is a server to ask.
---@return boolean
function Session:can_ask()
  return self.vc ~= nil or self.options.is_lazy == true
end

--- Told of each answer of the server.
function Session:on_request(what, seconds, status)
  if not self.is_tracing then return end
  self:note(("%9s  %d  %s"):format(text.spent(seconds), status, commands.masked(text.visible(what))))
end

--- Told that a request has to be sent again: the server is away.
function Session:on_wait(e)
  self:note(("the server cannot be reached: %s; trying again"):format(text.visible(e.message)))
end

function Session:on_notice(message)
  self:note("note: " .. text.visible(message))
end

--- Waits until all background tasks have ended.
function Session:drain()
  self.background:drain()
end

--- Ends background tasks; the connection is its owner's.
function Session:close()
  self.is_tracing = false
  self:end_names()
  self.background:close()
end

Session.__close = Session.close

---@param options perilune.shell.Options
---@return perilune.shell.Session
function shell.open(options)
  local self = setmetatable({
    options = options, vc = options.vc, name = options.name or "prompt", lines = {},
    style = options.style or style.new(false), limit = options.limit or 50,
    is_timing = false, is_tracing = false,
  }, Session)
  self.spinner = spinner.new(options.draw, function() return self:width() end)
  self.background = background.new(function(e, number)
    self.background_failed = true
    self:write(("task %d failed: %s"):format(number, self:describe(e)))
  end)
  self.declared = declare.new(self)
  self.env = env.new(function(name)
    if name == "vc" and options.is_lazy then return self:vcenter() end
    return self.declared:word(name)
  end)
  words.add(self)
  return self
end

return shell
