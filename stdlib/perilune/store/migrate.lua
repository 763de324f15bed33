--- Bringing the file of a store to the version that this program knows.
local digest = require "perilune.c.digest"
local err = require "perilune.err"

local migrate = {}

-- "Peri", in the file's header: it is a store, and not the database of something else.
local MARK = 0x50657269

---@return integer version  0: nothing is in it
local function version_of(db, path)
  local found = db:read {
    { "PRAGMA application_id" },
    { "PRAGMA user_version" },
    { "SELECT count(*) AS count FROM sqlite_schema" },
  }
  local mark, version = found[1][1].application_id, found[2][1].user_version
  if mark ~= MARK and found[3][1].count > 0 then
    err.raise {
      code = "store.corrupt",
      message = ("%s is the database of another program, not a store"):format(path),
      hint = "name another file, or none",
    }
  end
  return version
end

local function refuse(path, version, known)
  err.raise {
    code = "store.version",
    message = ("the store %s has version %d; this Perilune knows versions up to %d"):format(path, version, known),
    hint = "use the newer Perilune that made it, or another store; a copy of how it was before stands beside it",
  }
end

--- The statements of a step, and those that say that it was taken. A step that somebody else took meanwhile fails.
local function batch_of(step, version)
  local batch = {}
  for _, text in ipairs(step) do batch[#batch + 1] = { text } end
  batch[#batch + 1] = { ("PRAGMA application_id = %d"):format(MARK) }
  batch[#batch + 1] = { ("PRAGMA user_version = %d"):format(version) }
  if version == 1 then
    batch[#batch + 1] = { "INSERT INTO meta VALUES ('id', ?)", digest.uuid() }
  end
  return batch
end

--- Another program may take the same step at the same time: then all is well.
local function take(db, path, steps, version)
  local ok, e = pcall(db.transact, db, batch_of(steps[version], version))
  if not ok and version_of(db, path) < version then error(e, 0) end
end

--- Opens the way to this version: a file that is empty, or older, gets what it lacks, after a copy of it was made.
---@param db userdata   of perilune.c.store
---@param path string   for messages, and for the copy: PATH.v1
---@param steps string[][]  see perilune.store.schema
---@return string|nil backup  the copy that was made
function migrate.run(db, path, steps)
  local version, backup = version_of(db, path), nil
  if version > #steps then refuse(path, version, #steps) end
  if version > 0 and version < #steps then
    backup = ("%s.v%d.%s"):format(path, version, digest.uuid():sub(1, 8))
    db:backup(backup)
  end
  for next_version = version + 1, #steps do take(db, path, steps, next_version) end
  return backup
end

--- Refuses a file that is read only and of another version.
function migrate.check(db, path, steps)
  local version = version_of(db, path)
  if version == #steps then return end
  if version > #steps then refuse(path, version, #steps) end
  err.raise {
    code = "store.version",
    message = ("the store %s has version %d and would have to be brought to %d first"):format(path, version, #steps),
    hint = "open it for writing once, as the server does when it starts",
  }
end

return migrate
