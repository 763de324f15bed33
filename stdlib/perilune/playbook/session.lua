--- One reading of a playbook: its files, what it declared so far, and its mistakes.
---
--- A mistake is reported, not raised, wherever reading can go on, so that all of a file are told at
--- once. Where it cannot, `stop` ends the reading; a playbook's own `pcall` does not catch that.
local err = require "perilune.err"
local source = require "perilune.playbook.source"

---@class perilune.playbook.Options
---@field vars table<string, any>|nil  values of variables: texts from -e, or Lua values
---@field resolve (fun(lookups: perilune.playbook.Lookup[]))|nil  asks the server; may wait
---@field mode "plan"|"validate"|nil
---@field kinds table<string, table>|nil  instead of perilune.kind
---@field text string|nil  what to read, where that is in no file
---@field write (fun(text: string))|nil  where print and log go; stderr otherwise

---@class perilune.playbook.Lookup  what a name without a body stands for
---@field kind table
---@field name string
---@field where perilune.Where
---@field needed boolean|nil  its value is wanted now, not only in the plan: it must exist
---@field locate fun(): perilune.Where, string|nil  its place with the column, and an excerpt
---@field path string|nil  its inventory path, where the server gave it
---@field value (fun(key: string): any)|nil  set by whoever resolves it: what an attribute is, objects being
---  tables of `kind`, `name` and `entry.path`

---@class perilune.playbook.Session
---@field path string
---@field options perilune.playbook.Options
---@field kinds table<string, table>
---@field thread thread  the task that reads
---@field stopped perilune.Where|nil  where reading ended before the end of the file
local Session = {}
Session.__index = Session

local session = {}

--- What `stop` raises. Nothing catches it but the loader.
local STOP = setmetatable({}, { __name = "stop", __tostring = function() return "reading stopped" end })

---@param path string
---@param options perilune.playbook.Options
---@return perilune.playbook.Session
function session.new(path, options)
  return setmetatable({
    path = path,
    directory = path:match "^(.*/)[^/]*$" or "",
    options = options,
    kinds = options.kinds or require "perilune.kind",
    thread = coroutine.running(),
    sources = {}, files = {}, mistakes = {}, seen = {},
    resources = {}, declared = {}, written = {}, defaults = {}, vars = {}, outputs = {}, output_names = {},
    handles = {}, lookups = {}, lookup_of = {}, live_handles = {}, deferreds = {}, needs_server = {},
  }, Session)
end

--- Whether an error must pass through a playbook's pcall: the end of reading, or a cancelled task.
---@return boolean
function session.is_final(e)
  return e == STOP or err.has(e, "task.cancelled") or err.has(e, "task.interrupted")
end

---@return boolean
function session.is_stop(e)
  return e == STOP
end

--- Makes a file's text known, so that places in it can be shown.
---@param path string
---@param text string
function Session:add_source(path, text)
  self.files[#self.files + 1] = path
  self.sources[path] = source.new(path, text)
  self.sources[path].order = #self.files
end

--- The source of a stack frame, where it is of this playbook.
---@param info debuginfo
---@return perilune.playbook.Source|nil
function Session:source_of(info)
  return info.currentline > 0 and info.source:sub(1, 1) == "@" and self.sources[info.source:sub(2)] or nil
end

--- The line of the playbook that is running.
---@return perilune.Where
function Session:here()
  local level = 2
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return { file = self.path, line = 1 }
    end
    local found = self:source_of(info)
    if found then
      return { file = found.path, line = info.currentline }
    end
    level = level + 1
  end
end

--- The same place with the column of a call, of a field of its table, or of a word.
---@param where perilune.Where
---@param word string  the called name: "vm"
---@param name string|nil  its first argument
function Session:at_call(where, word, name)
  local text = self.sources[where.file]
  return text and text:call(where.line, word, name) or where
end

---@param where perilune.Where
---@param word string
function Session:at_word(where, word)
  local text = self.sources[where.file]
  return text and text:word(where.line, word) or where
end

local function same_place(m)
  local where = m.where
  return where and where.column
    and ("%s:%d:%d:%s:%s"):format(where.file, where.line, where.column, m.field or "", m.once or m.message)
end

--- Adds a mistake. What a loop repeats at one place in the text is told once.
---@param m table  code, message, where, hint; `field` path; `once`: what makes it the same as another
function Session:report(m)
  local key = same_place(m)
  if key and self.seen[key] then return end
  if key then self.seen[key] = true end
  local text = m.where and self.sources[m.where.file]
  m.once = nil
  m.excerpt = m.excerpt or text and text:excerpt(m.where) or nil
  self.mistakes[#self.mistakes + 1] = err.new(m)
end

--- Ends the reading here: what follows makes no sense without what is missing.
function Session:stop()
  self.stopped = self.stopped or self:here()
  error(STOP, 0)
end

--- Reports a mistake after which reading cannot go on.
function Session:fail(m)
  self:report(m)
  self:stop()
end

local function compare(a, b)
  if a.rank ~= b.rank then return a.rank < b.rank end
  if a.line ~= b.line then return a.line < b.line end
  if a.column ~= b.column then return a.column < b.column end
  return a.index < b.index
end

--- The mistakes in the order of the files and lines; those without a place first.
---@return perilune.Error[]
function Session:sorted_mistakes()
  local order = {}
  for i, mistake in ipairs(self.mistakes) do
    local where = mistake.where or {}
    local text = self.sources[where.file]
    order[i] = {
      mistake = mistake, index = i,
      rank = text and text.order or 0, line = where.line or 0, column = where.column or 0,
    }
  end
  table.sort(order, compare)
  local sorted = {}
  for i, entry in ipairs(order) do
    sorted[i] = entry.mistake
  end
  return sorted
end

return session
