--- What runs print.

---@class perilune.store.Store
local log = {}

local ADD = [[INSERT INTO log (run, seq, at, stream, text)
  VALUES (?1, (SELECT ifnull(max(seq), 0) + 1 FROM log WHERE run = ?1), ?2, ?3, ?4)]]

---@class perilune.store.Line
---@field seq? integer  counts from 1 within the run
---@field at integer
---@field stream string
---@field text string

--- Appends to the log of a run. How much is kept of a run is up to the caller.
---@param id integer
---@param lines perilune.store.Line[]
function log:log(id, lines)
  local batch = {}
  for i, line in ipairs(lines) do batch[i] = { ADD, id, line.at, line.stream, line.text } end
  if #batch > 0 then self.db:transact(batch) end
end

local READ = "SELECT seq, at, stream, text FROM log WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"

--- A part of the log of a run.
---@param id integer
---@param options? { after: integer?, limit: integer? }  after: the seq of the last line that is known
---@return perilune.store.Line[]
function log:log_of(id, options)
  options = options or {}
  local lines = self.reader:read { { READ, id, options.after or 0, options.limit or 1000 } }[1]
  lines.changes = nil
  return lines
end

return log
