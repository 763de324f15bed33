--- Answers without an end, made to exhaust who reads them: each is refused by a limit with a name, long before it ends.
local object = require "perilune.c.object"
local soap = require "perilune.c.soap"
local t = require "tests.support.spec"

local MIB = 1024 * 1024
local PLENTY = 128 * MIB -- twice the largest of the limits
local OPEN = '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
  .. '<RetrievePropertiesExResponse xmlns="urn:vim25" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><returnval>'
local OBJECT = OPEN .. '<objects><obj type="VirtualMachine">vm-1</obj><propSet><name>name</name><val x:type="x">'

--- Feeds `first`, then pieces of a MiB or more until it is refused; the error, and how many bytes were taken.
local function feed(first, piece, rows)
  local d = soap.decoder { space = object.space(), rows = rows }
  local taken, big = 0, piece:rep(MIB // #piece + 1)
  local function feed_one(bytes)
    d:feed(bytes)
    for _ in d.row, d do end -- what is read is let go
  end
  local function all()
    feed_one(first)
    while taken < PLENTY do
      feed_one(big)
      taken = taken + #big
    end
    return d:finish()
  end
  local ok, e = pcall(all)
  return not ok and e or nil, taken
end

--- The answer is refused with the code and the words, and no more than `most` bytes of it were taken.
local function refused(first, piece, code, words, most)
  for _, rows in ipairs { true, false } do
    local e, taken = feed(first, piece, rows)
    t.is_true(e ~= nil)
    t.equal(e.code, code)
    t.match(e.message, words)
    t.is_true(taken <= most)
  end
end

t.test("elements inside one another", function()
  refused(OPEN, "<a>", "limit", "256 deep", 0)
end)

t.test("attributes, or one that never ends", function()
  local names = {}
  for i = 1, 1000 do names[i] = ('b%d="1"'):format(i) end
  refused(OPEN .. "<a ", table.concat(names, " ") .. " ", "limit", "a tag of over", 0)
  refused(OPEN .. '<a b="', "c", "limit", "a tag of over", 0)
end)

t.test("names, comments and processing instructions that never end", function()
  refused(OPEN .. "<", "a", "limit", "a tag of over", 0)
  refused(OPEN .. "<!--", "a", "limit", "a tag of over", 0)
  refused(OPEN .. "<?pi ", "a", "soap.xml", "processing instruction", 0)
  refused(OPEN .. "<a></a", " ", "limit", "a tag of over", 0)
end)

t.test("a text that never ends", function()
  refused(OBJECT, "text ", "limit", "a text of over", 66 * MIB)
  refused(OBJECT .. "<![CDATA[", "text ", "limit", "a text of over", 66 * MIB)
end)

t.test("entities: a billion laughs, and files from outside", function()
  local laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
  refused(laughs .. OPEN .. "&b;", " ", "soap.xml", "DOCTYPE", 0)
  refused('<!DOCTYPE l SYSTEM "file:///etc/passwd">' .. OPEN, " ", "soap.xml", "DOCTYPE", 0)
  refused(OPEN .. "<a>&laugh;</a>", " ", "soap.xml", "a reference", 0)
end)

t.test("bytes that are no text", function()
  for _, bytes in ipairs { "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\0", "\x01" } do
    refused(OBJECT .. bytes .. "</val>", " ", "soap.xml", "not", 0)
  end
  refused(OBJECT .. "&#0;</val>", " ", "soap.xml", "", 0)
end)

t.test("blanks without end are read and let go", function()
  local before = collectgarbage "count"
  t.equal(feed("", " ").code, "soap.xml")
  t.is_true(collectgarbage "count" - before < 8 * 1024)
end)
