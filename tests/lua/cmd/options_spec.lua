--- What a command line means.
local options = require "perilune.cmd.options"
local t = require "tests.support.spec"

local command = {
  name = "apply", usage = "FILE [options]", summary = "Apply.", arguments = { { name = "FILE", doc = "a file" } },
  options = { "target", "yes", "allow", "var", "var_file", "parallel", "json", "verbose", "color", "no_color" },
  examples = { { "apply x.lua", "applies x" } },
}

local function parse(...)
  return options.parse(command, { ... })
end

t.test("reads options before and after the file", function()
  local parsed = parse("-t", "lab", "web.lua", "-y", "-vv", "--json", "-p", "4")
  t.equal({ parsed.target, parsed.file, parsed.yes, parsed.verbose, parsed.json, parsed.parallel },
    { "lab", "web.lua", true, 2, true, 4 })
end)

t.test("collects what may be given several times", function()
  local parsed = parse("web.lua", "-e", "count=5", "--var", "name=a=b", "--allow", "reboot,delete", "--allow=poweroff")
  t.equal(parsed.var, { "count=5", "name=a=b" })
  t.equal(parsed.allow, { reboot = true, delete = true, poweroff = true })
end)

t.test("has one word for colours", function()
  t.equal(parse("web.lua").color, "auto")
  t.equal(parse("web.lua", "--no-color").color, "never")
  t.equal(parse("web.lua", "--color=always").color, "always")
end)

t.test("is asked for help by any of its words, unless -- came before", function()
  t.is_nil(parse("web.lua", "--help"))
  t.is_nil(parse("-h"))
  t.equal(parse("--", "--help").file, "--help")
end)

local mistakes = {
  { { "web.lua", "--tragt", "lab" }, "did you mean '--target'?" },
  { { "web.lua", "--allow", "reboto" }, "did you mean 'reboot'?" },
  { { "web.lua", "-p", "0" }, "--parallel takes a number from 1 to 1000, not '0'" },
  { { "web.lua", "-e", "count" }, "--var takes NAME=VALUE, not 'count'" },
  { { "web.lua", "--color", "red" }, "must be one of" },
  { { "web.lua", "-t" }, "-t" },
  { { "web.lua", "more.lua" }, "too many arguments" },
  { {}, "missing argument 'FILE'" },
}

t.test("refuses what it does not know, and names what is near", function()
  for _, mistake in ipairs(mistakes) do
    local e = t.raises(function() parse(table.unpack(mistake[1])) end, "usage")
    t.match(e.message, mistake[2])
    t.equal(e.hint, "perilune apply --help")
  end
end)

t.test("knows how many words an option of its own takes", function()
  local function words(word) return options.words(command, word) end
  t.equal({ words "-t", words "--target", words "--target=lab", words "-tlab", words "-vvv", words "-y" },
    { 2, 2, 1, 1, 1, 1 })
  t.equal({ words "web.lua", words "--count", words "-x", words "-", words "--count=3" }, { 0, 0, 0, 0, 0 })
end)

t.test("shows its options and examples in its help", function()
  local help = options.help(command)
  t.match(help, "perilune apply FILE [options]\n  Apply.\n")
  t.match(help, "  -t, --target NAME ")
  t.match(help, "      --json ")
  t.match(help, "  perilune apply x.lua ")
end)
