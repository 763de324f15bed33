--- The options of all commands: what they are called, what they take, how help shows them.
local err = require "perilune.err"

local options = {}

---@class perilune.cmd.Option
---@field flags string     as argparse takes them: "-t --target"
---@field value string|nil  what it takes, for help; none: it is a switch
---@field doc string
---@field many boolean|nil  may be given several times

---@type table<string, perilune.cmd.Option>
local known = {
  allow = { flags = "--allow", value = "WORDS", many = true,
    doc = "what may hurt: reboot,poweroff,delete,replace,disconnect" },
  check = { flags = "--check", doc = "only read the file, and say what is in it" },
  color = { flags = "--color", value = "WHEN", doc = "always, never or auto (a terminal, and no NO_COLOR)" },
  hash_password = { flags = "--hash-password", doc = "ask for a password, and print its hash" },
  help = { flags = "-h --help", doc = "this" },
  hook = { flags = "--hook", value = "NAME", doc = "only of this hook" },
  json = { flags = "--json", doc = "one JSON object a line on stdout" },
  limit = { flags = "--limit", value = "N", doc = "so many at most (20)" },
  meta = { flags = "--meta", value = "DIR", doc = "write definitions of it all for lua-language-server" },
  no_color = { flags = "--no-color", doc = "the same as --color=never" },
  parallel = { flags = "-p --parallel", value = "N", doc = "steps at once (64, on 16 connections)" },
  state = { flags = "--state", value = "WORDS", doc = "only in these states: queued,running,failed,dead,…" },
  store = { flags = "--store", value = "PATH",
    doc = "where runs are kept (store.db below $XDG_STATE_HOME/perilune)" },
  target = { flags = "-t --target", value = "NAME",
    doc = "from targets.lua; else PERILUNE_URL, GOVC_*, VSPHERE_*, VMWARE_*" },
  thumbprint = { flags = "--thumbprint", value = "DIGITS",
    doc = "SHA-256 or SHA-1 of the certificate to trust: then nothing is asked" },
  var = { flags = "-e --var", value = "NAME=VALUE", many = true, doc = "set a variable of the playbook" },
  var_file = { flags = "--var-file", value = "FILE", many = true, doc = "variables from a Lua or JSON file" },
  verbose = { flags = "-v --verbose", many = true, doc = "more: -v counts and details, -vv each request" },
  yes = { flags = "-y --yes", doc = "do not ask" },
}

-- What a plan may do that has to be allowed by its word.
local harms = { reboot = true, poweroff = true, delete = true, replace = true, disconnect = true }

---@class perilune.cmd.Command
---@field name string
---@field usage string       what follows the name: "FILE [options]"
---@field summary string     one line
---@field arguments { name: string, doc: string, optional: boolean|nil, many: boolean|nil }[]
---@field options string[]   names in the list above, `help` aside
---@field examples { [1]: string, [2]: string }[]  what is typed after "perilune", and what it does
---@field exits string|nil   what its exit codes mean
---@field parse (fun(command: perilune.cmd.Command, arguments: string[]): table|nil)|nil  instead of `options.parse`
---@field main fun(options: table, shown: perilune.cmd.Output): integer

local function converter(name)
  if name == "parallel" or name == "limit" then
    return function(text)
      local n = math.tointeger(tonumber(text))
      if n and n >= 1 and n <= 1000 then return n end
      return nil, ("--%s takes a number from 1 to 1000, not '%s'"):format(name, text)
    end
  elseif name == "var" then
    return function(text)
      if text:match "^[%a_][%w_-]*=" then return text end
      return nil, ("--var takes NAME=VALUE, not '%s'"):format(text)
    end
  end
end

local function add_option(parser, name)
  local option = known[name]
  if option.value then
    local added, convert = parser:option(option.flags):target(name), converter(name)
    if convert then added:convert(convert) end
    if option.many then added:count "*" end
    if name == "color" then added:choices { "always", "never", "auto" } end
  else
    local added = parser:flag(option.flags):target(name)
    if option.many then added:count "*" end
  end
end

---@param command perilune.cmd.Command
local function new_parser(command)
  local argparse = require "argparse" -- only where there is a command line to read
  local parser = argparse("perilune " .. command.name):add_help(false)
  for _, argument in ipairs(command.arguments) do
    local count = argument.many and "*" or argument.optional and "?" or 1
    parser:argument(argument.name):target(argument.name:lower()):args(count)
  end
  for _, name in ipairs(command.options) do add_option(parser, name) end
  add_option(parser, "help")
  return parser
end

local function is_help(arguments)
  for _, word in ipairs(arguments) do
    if word == "--" then return false end
    if word == "-h" or word == "--help" then return true end
  end
  return false
end

local function usage(command, message)
  err.raise {
    code = "usage", where = false,
    message = ("perilune %s: %s"):format(command.name, message),
    hint = ("perilune %s --help"):format(command.name),
  }
end

-- The words of --allow as a set.
local function allowed(command, lists)
  local set = {}
  for word in table.concat(lists or {}, ","):gmatch "[^,%s]+" do
    if not harms[word] then
      local near = err.nearest(word, harms)
      local suggestion = near and ("; did you mean '%s'?"):format(near) or ""
      usage(command, ("--allow has no word '%s'%s"):format(word, suggestion))
    end
    set[word] = true
  end
  return set
end

local function settle(command, parsed)
  parsed.allow = allowed(command, parsed.allow)
  parsed.color = parsed.no_color and "never" or parsed.color or "auto"
  parsed.verbose = parsed.verbose or 0
  return parsed
end

-- The flag that was meant, which argparse finds only one letter away.
local function nearest_flag(command, message)
  local wrong = message:match "^unknown option '(.-)'$"
  local flags = {}
  for _, name in ipairs(command.options) do
    for flag in known[name].flags:gmatch "%-%-%S+" do flags[#flags + 1] = flag end
  end
  local near = wrong and err.nearest(wrong, flags)
  local plain = message:gsub("; did you mean one of.*", "")
  return near and plain .. ("; did you mean '%s'?"):format(near) or plain
end

--- Reads a command's arguments.
---@param command perilune.cmd.Command
---@param arguments string[]
---@return table|nil options  by name; nil when help was asked for
function options.parse(command, arguments)
  if is_help(arguments) then return nil end
  local ok, result = new_parser(command):pparse(arguments)
  if ok then return settle(command, result) end
  usage(command, nearest_flag(command, (result:gsub("\nDid you mean", "; did you mean"))))
end

-- Whether any option of a command has the flag, and then whether it takes a value.
local function find_flag(command, flag)
  for _, name in ipairs({ "help", table.unpack(command.options) }) do
    for word in known[name].flags:gmatch "%S+" do
      if word == flag then return true, known[name].value ~= nil end
    end
  end
  return false, false
end

--- How many words an option of the command takes that begins here; 0 when the word is none of its options.
---@param command perilune.cmd.Command
---@param word string
---@return integer  1, or 2 where its value is the next word
function options.words(command, word)
  local long = word:match "^(%-%-[^=]+)="
  if long then return find_flag(command, long) and 1 or 0 end
  local is_known, takes_value = find_flag(command, word)
  if is_known then return takes_value and 2 or 1 end
  if word:find "^%-v+$" then return 1 end
  local is_short = word:find "^%-%a." and find_flag(command, word:sub(1, 2))
  return is_short and 1 or 0
end

local function column(lines, left, doc)
  lines[#lines + 1] = ("  %-22s %s"):format(left, doc)
end

local function flag_text(option)
  local short, long = option.flags:match "^(%-%a) (.+)$"
  local text = short and short .. ", " .. long or "    " .. option.flags
  return option.value and text .. " " .. option.value or text
end

--- A command's help: a screen.
---@param command perilune.cmd.Command
---@return string
function options.help(command)
  local lines = { ("perilune %s %s"):format(command.name, command.usage), "  " .. command.summary, "" }
  for _, argument in ipairs(command.arguments) do column(lines, argument.name, argument.doc) end
  for _, name in ipairs(command.options) do column(lines, flag_text(known[name]), known[name].doc) end
  lines[#lines + 1] = "Examples:"
  for _, example in ipairs(command.examples) do
    lines[#lines + 1] = ("  perilune %-44s %s"):format(example[1], example[2])
  end
  if command.exits then lines[#lines + 1] = "Exit code: " .. command.exits end
  return table.concat(lines, "\n") .. "\n"
end

return options
