--- What a run prints, kept line by line up to a size, without secrets.
local lines = require "perilune.util.lines"
local task = require "perilune.c.task"
local text = require "perilune.util.text"

---@class perilune.serve.RunLog
local RunLog = {}
RunLog.__index = RunLog

local runlog = {}

local LINE_MAX = 16384 -- a longer line is cut into several

---@param options { limit: integer, mask: (fun(text: string): string), write: fun(entries: table[]) }  write may wait
---@return perilune.serve.RunLog
function runlog.new(options)
  return setmetatable({
    left = options.limit, mask = options.mask, write = options.write,
    readers = { stdout = lines.new(LINE_MAX), stderr = lines.new(LINE_MAX) },
  }, RunLog)
end

local function entry(stream, line)
  return { at = math.floor(task.wall() * 1000000), stream = stream, text = line }
end

-- Takes a line in; the last one that fits is followed by a word that something is missing.
local function add(self, entries, stream, line)
  if self.left <= 0 then return end
  line = text.visible((self.mask(line):gsub("\t", "  ")))
  self.left = self.left - #line - 1
  entries[#entries + 1] = entry(stream, line)
  if self.left <= 0 then
    entries[#entries + 1] = entry("perilune", "(the log has reached its limit; what follows is not kept)")
  end
end

---@param stream "stdout"|"stderr"
---@param bytes string
function RunLog:add(stream, bytes)
  local entries = {}
  for _, line in ipairs(self.readers[stream]:add(bytes)) do add(self, entries, stream, line) end
  if #entries > 0 then self.write(entries) end
end

--- A line of our own.
---@param line string
function RunLog:say(line)
  self.write { entry("perilune", line) }
end

--- Takes in what came without a line end.
function RunLog:finish()
  local entries = {}
  for _, stream in ipairs { "stdout", "stderr" } do
    local rest = self.readers[stream].rest
    if rest ~= "" then add(self, entries, stream, rest) end
  end
  if #entries > 0 then self.write(entries) end
end

return runlog
