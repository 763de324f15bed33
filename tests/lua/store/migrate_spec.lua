local c = require "perilune.c.store"
local migrate = require "perilune.store.migrate"
local scope = require "perilune.util.scope"
local store = require "perilune.store"
local t = require "tests.support.spec"

local META = "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)"
local ONE = { META, "CREATE TABLE a (x)" }
local TWO = { "ALTER TABLE a ADD COLUMN y DEFAULT 7" }

local function open(path)
  local db = c.open(path)
  t.cleanup(function() db:close() end)
  return db
end

t.test("an empty file gets all steps, and no copy is made of it", function()
  local path = t.tmpdir() .. "/store.db"
  local db = open(path)
  t.is_nil(migrate.run(db, path, { ONE, TWO }))
  t.equal(db:read { { "PRAGMA user_version" } }[1][1].user_version, 2)
  t.is_nil(migrate.run(db, path, { ONE, TWO }))
end)

t.test("an older file is copied first and keeps what is in it", function()
  local path = t.tmpdir() .. "/store.db"
  local db = open(path)
  migrate.run(db, path, { ONE })
  db:transact { { "INSERT INTO a VALUES (1)" } }
  local copy = migrate.run(db, path, { ONE, TWO })
  t.equal(db:read { { "SELECT * FROM a" } }[1][1], { x = 1, y = 7 })
  local old = open(copy)
  t.equal(old:read { { "SELECT * FROM a" } }[1][1], { x = 1 })
  t.equal(t.command { "stat", "-c", "%a", copy }.stdout, "600\n")
end)

t.test("a step that fails changes nothing", function()
  local path = t.tmpdir() .. "/store.db"
  local db = open(path)
  migrate.run(db, path, { ONE })
  t.raises(function() migrate.run(db, path, { ONE, { "CREATE TABLE b (x)", "CREATE TABLE a (x)" } }) end, "argument")
  t.equal(db:read { { "PRAGMA user_version" }, { "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'b'" } },
    { { { user_version = 1 }, changes = 0 }, { { n = 0 }, changes = 0 } })
end)

t.test("a newer file is refused, with both versions, and left alone", function()
  local path = t.tmpdir() .. "/store.db"
  local s = store.open(path)
  s.db:transact { { "PRAGMA user_version = 99" } }
  s:close()
  local e = t.raises(function() store.open(path) end, "store.version")
  t.find(e.message, "has version 99; this Perilune knows versions up to %d+$")
  t.raises(function() store.open(path, { readonly = true }) end, "store.version")
  t.equal(open(path):read { { "PRAGMA user_version" } }[1][1].user_version, 99)
end)

t.test("the database of another program is refused and left alone", function()
  local path = t.tmpdir() .. "/bookmarks.db"
  open(path):transact { { "CREATE TABLE bookmarks (x)" } }
  local e = t.raises(function() store.open(path) end, "store.corrupt")
  t.match(e.message, "of another program")
  t.equal(open(path):read { { "SELECT count(*) AS n FROM sqlite_schema" } }[1][1].n, 1)
end)

t.test("a file that has to be brought up to date cannot be opened for reading only", function()
  local path = t.tmpdir() .. "/store.db"
  open(path)
  t.raises(function() store.open(path, { readonly = true }) end, "store.version")
end)

t.test("many that open a new file at the same time find one store", function()
  local path = t.tmpdir() .. "/store.db"
  local ids = {}
  scope.scope(function()
    for _ = 1, 8 do
      scope.spawn(function()
        local s = store.open(path)
        ids[s.id] = true
        s:close()
      end)
    end
  end)
  local id = next(ids)
  t.is_nil(next(ids, id))
end)
