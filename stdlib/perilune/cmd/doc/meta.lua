--- perilune doc --meta DIR: definitions for lua-language-server of all that scripts and playbooks may say.
local api = require "perilune.cmd.doc.meta.api"
local err = require "perilune.err"
local file = require "perilune.c.file"
local kinds = require "perilune.cmd.doc.meta.kinds"
local words = require "perilune.cmd.doc.meta.words"

local meta = {}

local function check(ok, problem, path)
  if not ok then err.raise { code = "io", where = false, message = ("cannot write %s: %s"):format(path, problem) } end
end

local function write(path, text)
  local out, problem = io.open(path, "wb")
  check(out, problem, path)
  ---@cast out -nil
  local ok, mistake = out:write(text)
  check(ok, mistake, path)
  out:close()
end

--- Makes a directory and those above it, where they are missing.
local function make_directory(path)
  for at in (path .. "/"):gmatch "()/" do
    if at > 1 then file.mkdir(path:sub(1, at - 1)) end
  end
end

--- Every file by its name below the directory.
---@return table<string, string>
function meta.files()
  local files = {}
  for name, lines in pairs(api.files()) do files[name] = table.concat(lines, "\n") .. "\n" end
  files["vim.lua"] = table.concat(api.constructors(), "\n") .. "\n"
  files["types.lua"] = table.concat(api.names(), "\n") .. "\n"
  files["kinds.lua"] = table.concat(kinds.lines(), "\n") .. "\n"
  for name, text in pairs(words) do files[name] = text end
  return files
end

--- Writes them.
---@param directory string
---@return integer count
function meta.write(directory)
  local count = 0
  make_directory(directory .. "/api")
  for name, text in pairs(meta.files()) do
    write(directory .. "/" .. name, text)
    count = count + 1
  end
  return count
end

return meta
