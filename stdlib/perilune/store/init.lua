--- The store: deliveries, runs, logs and breakers in one file that survives power cuts and is shared between programs.
--
--   queue.lua     what comes in, what is run next, and every change of a run's state
--   runs.lua      lists of runs, counts, pruning
--   log.lua       what runs print
--   breakers.lua  the state of targets
--
-- Nothing is kept in memory: another program may change the file at any time. All times are integers, microseconds
-- since 1970 UTC.
local c = require "perilune.c.store"
local migrate = require "perilune.store.migrate"
local schema = require "perilune.store.schema"
local task = require "perilune.c.task"

local store = {}

---@class perilune.store.Store
---@field id string     random UUID of the file
---@field path string
---@field db userdata   of perilune.c.store; what reads with it sees what others wrote in the same commit
---@field reader userdata  the same file, for what may take long: it holds up nothing that is written
---@field data_version? integer  see changed()
local Store = {}
Store.__index = Store

for _, part in ipairs { "queue", "runs", "log", "breakers" } do
  for name, fn in pairs(require("perilune.store." .. part)) do Store[name] = fn end
end

--- Microseconds since 1970 UTC.
---@return integer
function Store.now()
  return math.floor(task.wall() * 1e6)
end

--- Waits until what was asked for is done, and closes the file.
function Store:close()
  self.reader:close()
  self.db:close()
end

Store.__close = Store.close

local function prepare(db, path, options)
  if options and options.readonly then
    migrate.check(db, path, schema)
  else
    migrate.run(db, path, schema)
  end
  local id = db:read { { "SELECT value FROM meta WHERE name = 'id'" } }[1][1].value
  local reader = c.open(path, { readonly = true })
  return setmetatable({ db = db, reader = reader, path = path, id = id }, Store)
end

--- Opens the store in a file, which is made if need be and brought to the present version.
---@param path string
---@param options? { readonly: boolean? }
---@return perilune.store.Store
function store.open(path, options)
  local db = c.open(path, options)
  local ok, s = pcall(prepare, db, path, options)
  if ok then return s end
  db:close()
  error(s, 0)
end

return store
