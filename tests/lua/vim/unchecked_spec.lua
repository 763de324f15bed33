--- vim.unchecked: what is sent for values that the schema does not know.
local object = require "perilune.c.object"
local soap = require "perilune.c.soap"
local t = require "tests.support.spec"
local vim = require "perilune.vim"

local space = object.space()
local vm = space:object("VirtualMachine", "vm-1")

local function content(method, args, options)
  local call = { method = method, this = vm, args = args, version = "8.0.3.0" }
  for key, value in pairs(options or {}) do call[key] = value end
  return (soap.request(call):match "<_this[^>]*>[^<]*</_this>(.*)</[%w_]+></soapenv:Body>")
end

local function spec(value)
  return content("ReconfigVM_Task", { spec = value }):match "^<spec>(.*)</spec>$"
end

t.test("an object may have fields that the schema lacks, after the others, as written", function()
  t.equal(spec(vim.unchecked { annotation = "b", name = "a", { "zebra", 1 }, { "ant", true } }),
    "<name>a</name><annotation>b</annotation><zebra>1</zebra><ant>true</ant>")
end)

t.test("a pair may name a field that the schema has, to put others before it", function()
  t.equal(spec(vim.unchecked { { "first", "x" }, { "extraConfig", { { key = "k" } } }, { "name", "a" } }),
    "<first>x</first><extraConfig><key>k</key></extraConfig><name>a</name>")
end)

t.test("values of pairs are lists, scalars, objects of the connection, and objects that tell their type", function()
  t.equal(spec(vim.unchecked {
    { "list", { 1, 2 } }, { "half", 0.5 }, { "host", vm },
    { "disk", vim.VirtualDisk { key = 1, capacityInKB = 2 } },
    { "thing", vim.unchecked "NewThing" { { "a", "<" } } },
    { "mode", vim.unchecked "NewMode" "fast" },
  }), '<list>1</list><list>2</list><half>0.5</half><host type="VirtualMachine">vm-1</host>'
    .. '<disk xsi:type="VirtualDisk"><key>1</key><capacityInKB>2</capacityInKB></disk>'
    .. '<thing xsi:type="NewThing"><a>&lt;</a></thing><mode xsi:type="NewMode">fast</mode>')
end)

t.test("a text stands for a member that an enum lacks", function()
  t.equal(spec { latencySensitivity = { level = vim.unchecked "extreme" } },
    "<latencySensitivity><level>extreme</level></latencySensitivity>")
end)

t.test("a type that the schema lacks stands where a base of it is declared", function()
  t.equal(spec { deviceChange = { { device = vim.unchecked "VirtualQubit" { { "key", -1 } } } } },
    '<deviceChange><device xsi:type="VirtualQubit"><key>-1</key></device></deviceChange>')
end)

t.test("versions are not compared, and nothing is required", function()
  t.raises(function() spec { tdxEnabled = true } end, "soap.field")
  t.equal(spec(vim.unchecked { tdxEnabled = true }), "<tdxEnabled>true</tdxEnabled>")
  t.equal(spec { deviceChange = { { device = vim.unchecked "VirtualDisk" { key = 1 } } } },
    '<deviceChange><device xsi:type="VirtualDisk"><key>1</key></device></deviceChange>')
end)

t.test("what the schema knows is checked there too", function()
  local e = t.raises(function() spec(vim.unchecked { name = 5 }) end, "soap.type")
  t.equal(e.path, "spec.name")
  e = t.raises(function() spec(vim.unchecked { { "extraConfig", { { kye = "k" } } } }) end, "soap.field")
  t.equal(e.path, "spec.extraConfig[1].kye")
end)

t.test("an unknown name that is no pair is refused, since its place counts", function()
  local e = t.raises(function() spec(vim.unchecked { zebra = 1 }) end, "soap.field")
  t.equal(e.hint, 'write it as a pair, whose place counts: { "zebra", value }')
end)

t.test("pairs are refused where nothing is called unchecked", function()
  t.raises(function() spec { { "zebra", 1 } } end, "soap.type")
end)

t.test("a pair that is none, and a name that is none, are refused", function()
  t.raises(function() vim.unchecked { "zebra" } end, "argument")
  t.equal(t.raises(function() spec(vim.unchecked { { "a" }, 5 }) end, "soap.type").path, "spec.a")
  t.equal(t.raises(function() spec(vim.unchecked { { "a b", 5 } }) end, "soap.type").path, "spec[1]")
  t.raises(function() content("New><", {}, { unchecked = true }) end, "soap.method")
end)

t.test("a method may have parameters that the schema lacks, or be unknown", function()
  t.equal(content("Rename_Task", { newName = "x", { "force", true } }, { unchecked = true }),
    "<newName>x</newName><force>true</force>")
  t.equal(content("NewThing_Task", { { "a", 1 } }, { unchecked = true }), "<a>1</a>")
  t.raises(function() content("NewThing_Task", { a = 1 }, { unchecked = true }) end, "soap.field")
end)

t.test("wrong uses of it are told", function()
  t.raises(function() vim.unchecked(5) end, "argument")
  t.raises(function() vim.unchecked "Type"(5) end, "argument")
  local e = t.raises(function() return vim.NoSuchTypeAtAll end, "soap.type")
  t.match(e.hint, 'vim.unchecked "NoSuchTypeAtAll"')
end)
