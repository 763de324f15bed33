local store = require "perilune.c.store"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local function open(path, options)
  local db = store.open(path or t.tmpdir() .. "/store.db", options)
  t.cleanup(function() db:close() end)
  return db
end

local function numbers()
  local db = open()
  db:transact { { "CREATE TABLE numbers (n INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT" } }
  return db
end

local function count(db)
  return db:read { { "SELECT count(*) AS count FROM numbers" } }[1][1].count
end

t.test("gives rows by the names of their columns, and how many changed", function()
  local found = numbers():transact {
    { "INSERT INTO numbers VALUES (?, ?), (?, ?) RETURNING n", 1, "one", 2, store.null },
    { "SELECT * FROM numbers ORDER BY n" },
    { "UPDATE numbers SET name = 'x' WHERE n = 2" },
  }
  t.equal(found, { { { n = 1 }, { n = 2 }, changes = 2 }, { { n = 1, name = "one" }, { n = 2 }, changes = 0 },
    { changes = 1 } })
end)

t.test("keeps values as they are", function()
  local db = open()
  local bytes = "\0\255'\"" .. ("x"):rep(100000)
  local statement = { "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, ? AS g, typeof(?6) AS h",
    math.mininteger, 0.1, true, "it's\0text", store.null, store.blob(bytes), "" }
  t.equal(db:read { statement }[1][1],
    { a = math.mininteger, b = 0.1, c = 1, d = "it's\0text", f = bytes, g = "", h = "blob" })
end)

t.test("does all of a job or nothing of it", function()
  local db = numbers()
  local e = t.raises(function()
    db:transact { { "INSERT INTO numbers VALUES (1, 'a')" }, { "INSERT INTO numbers VALUES (2, 'a')" } }
  end, "store.constraint")
  t.match(e.message, "UNIQUE constraint failed: numbers.name")
  t.match(e.detail, "VALUES (2, 'a')")
  t.equal(count(db), 0)
end)

t.test("a mistake of one of many jobs that are committed together is only its own", function()
  local db = numbers()
  local failed = 0
  scope.scope(function()
    for n = 1, 300 do
      scope.spawn(function()
        local ok, e = pcall(db.transact, db, { { "INSERT INTO numbers VALUES (?, ?)", n, "x" .. n // 3 } })
        if not ok then
          t.equal(e.code, "store.constraint")
          failed = failed + 1
        end
      end)
    end
  end)
  t.equal(count(db), 101)
  t.equal(failed, 199)
end)

t.test("a job sees what the one before it did", function()
  local db = numbers()
  local seen = {}
  scope.scope(function()
    for n = 1, 50 do
      scope.spawn(function()
        local found = db:transact {
          { "INSERT INTO numbers SELECT count(*), ? FROM numbers RETURNING n", "x" .. n },
        }
        seen[found[1][1].n] = true
      end)
    end
  end)
  t.equal(#seen, 49)
  t.is_true(seen[0])
end)

t.test("refuses SQL that is wrong, that is more than one statement, or none", function()
  local db = numbers()
  local e = t.raises(function() db:transact { { "SELEC 1" } } end, "argument")
  t.match(e.message, 'near "SELEC": syntax error')
  t.match(t.raises(function() db:transact { { "SELECT 1; SELECT 2" } } end, "argument").message, "one statement")
  t.match(t.raises(function() db:transact { { " " } } end, "argument").message, "one statement")
  t.match(t.raises(function() db:transact { { "SELECT ?" } } end, "argument").message, "1 parameters was given 0")
  local with_table = t.raises(function() db:transact { { "SELECT ?", {} } } end, "argument")
  t.match(with_table.message, "a parameter that is a table")
  t.match(t.raises(function() db:transact { "SELECT 1" } end, "argument").message, "{ text, parameters")
  t.equal(db:read { { "SELECT 1 AS one;\n" } }[1][1].one, 1)
end)

t.test("keeps transactions and other files out of the hands of jobs", function()
  local db = numbers()
  for _, text in ipairs { "COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT a", "RELEASE job", "ATTACH '/tmp/x' AS x" } do
    t.raises(function() db:transact { { "INSERT INTO numbers VALUES (1, 'a')" }, { text } } end, "argument")
  end
  t.equal(count(db), 0)
end)

t.test("a read cannot write", function()
  local db = numbers()
  t.raises(function() db:read { { "DELETE FROM numbers" } } end, "argument")
end)

t.test("more statements than are kept prepared work as well", function()
  local db = open()
  for n = 1, 500 do t.equal(db:read { { ("SELECT %d AS n"):format(n) } }[1][1].n, n) end
end)

t.test("the file and its folder are for their owner alone", function()
  local path = t.tmpdir() .. "/a/b/store.db"
  local db = open(path)
  db:transact { { "CREATE TABLE x (y)" } }
  local modes = t.command { "stat", "-c", "%a", path, path .. "-wal", path:match "(.*)/" }.stdout
  t.equal(modes, "600\n600\n700\n")
end)

t.test("what was written is there when it is opened again, also before it is closed", function()
  local path = t.tmpdir() .. "/store.db"
  local one = open(path)
  one:transact { { "CREATE TABLE x (y)" }, { "INSERT INTO x VALUES (7)" } }
  local two = open(path)
  t.equal(two:read { { "SELECT y FROM x" } }[1][1].y, 7)
  one:close()
  two:transact { { "UPDATE x SET y = 8" } }
  two:close()
  t.equal(open(path, { readonly = true }):read { { "SELECT y FROM x" } }[1][1].y, 8)
end)

t.test("a store that is read only cannot be written, and is not made", function()
  local path = t.tmpdir() .. "/store.db"
  t.raises(function() open(path, { readonly = true }) end, "store.io")
  open(path):transact { { "CREATE TABLE x (y)" } }
  local db = open(path, { readonly = true })
  local e = t.raises(function() db:transact { { "INSERT INTO x VALUES (1)" } } end, "store.readonly")
  t.match(e.hint, "writable")
end)

t.test("refuses a file that is no database", function()
  local path = t.tmpdir() .. "/store.db"
  local file = assert(io.open(path, "w"))
  file:write(("This is a letter to a friend.\n"):rep(100))
  file:close()
  local e = t.raises(function() open(path) end, "store.corrupt")
  t.match(e.message, path)
  t.match(e.hint, "name another one")
end)

t.test("says what is damaged when pages were overwritten", function()
  local path = t.tmpdir() .. "/store.db"
  local db = open(path)
  db:transact { { "CREATE TABLE x (y)" } }
  for n = 1, 20 do db:transact { { "INSERT INTO x VALUES (?)", ("x"):rep(3000) .. n } } end
  db:close()
  local file = assert(io.open(path, "r+"))
  file:seek("set", 4096)
  file:write(("\255"):rep(40000))
  file:close()
  local e = t.raises(function() open(path):read { { "SELECT count(*) FROM x WHERE y LIKE '%9'" } } end, "store.corrupt")
  t.match(e.hint, ".recover")
end)

t.test("says that there is no room, and goes on when there is some", function()
  local db = numbers()
  local pages = db:read { { "PRAGMA page_count" } }[1][1].page_count
  db:transact { { "PRAGMA max_page_count = " .. pages } }
  local e = t.raises(function()
    db:transact { { "INSERT INTO numbers VALUES (1, ?)", ("x"):rep(100000) } }
  end, "store.full")
  t.match(e.hint, "free space")
  db:transact { { "PRAGMA max_page_count = 100000" } }
  db:transact { { "INSERT INTO numbers VALUES (1, ?)", ("x"):rep(100000) } }
  t.equal(count(db), 1)
end)

t.test("will not write to a file that was taken away", function()
  local path = t.tmpdir() .. "/store.db"
  local db = open(path)
  db:transact { { "CREATE TABLE x (y)" } }
  assert(os.rename(path, path .. ".away"))
  local e = t.raises(function() db:transact { { "INSERT INTO x VALUES (1)" } } end, "store.io")
  t.match(e.message, "moved or removed")
  assert(os.rename(path .. ".away", path))
  db:transact { { "INSERT INTO x VALUES (1)" } }
end)

t.test("a copy has all that was committed, and replaces nothing", function()
  local db = numbers()
  db:transact { { "INSERT INTO numbers VALUES (1, 'a')" } }
  local path = t.tmpdir() .. "/copy.db"
  db:backup(path)
  t.equal(count(open(path)), 1)
  t.raises(function() db:backup(path) end, "store.io")
end)

t.test("closing waits for what was asked for; then nothing can be", function()
  local path = t.tmpdir() .. "/store.db"
  local db = store.open(path)
  db:transact { { "CREATE TABLE numbers (n)" } }
  local done = 0
  scope.scope(function()
    for n = 1, 20 do
      scope.spawn(function()
        db:transact { { "INSERT INTO numbers VALUES (?)", n } }
        done = done + 1
      end)
    end
    for _ = 1, 2 do
      scope.spawn(function()
        db:close()
        t.equal(done, 20)
      end)
    end
  end)
  t.raises(function() db:transact { { "SELECT 1" } } end, "store.closed")
  t.equal(count(open(path)), 20)
end)

t.test("a task that is cancelled while it waits leaves the others alone", function()
  local db = numbers()
  for n = 1, 20 do
    local one = task.spawn(function() db:transact { { "INSERT INTO numbers VALUES (?, ?)", n, "a" .. n } } end)
    task.sleep(0)
    one:cancel { code = "x" }
    t.is_false((one:join()))
  end
  db:transact { { "INSERT INTO numbers VALUES (100, 'b')" } }
  t.equal(count(db), 21)
end)

t.test("a store that nobody closed is closed with the program", function()
  local path = t.tmpdir() .. "/store.db"
  local script = t.tmpdir() .. "/script.lua"
  local file = assert(io.open(script, "w"))
  file:write([[
    local db = require "perilune.c.store".open(...)
    db:transact { { "CREATE TABLE x (y)" } }
    local task = require "perilune.c.task"
    for n = 1, 50 do task.spawn(function() db:transact { { "INSERT INTO x VALUES (?)", n } } end) end
    task.sleep(0)
  ]])
  file:close()
  t.equal(t.command { "build/perilune", "run", script, path }.status, 0)
  t.equal(open(path):read { { "SELECT count(*) AS n FROM x" } }[1][1].n, 50)
end)
