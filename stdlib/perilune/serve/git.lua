--- Playbooks from git: exactly one commit, in a directory of its own.
---
--- A bare copy of each repository is kept and fetched into; git itself is run, without a shell and without asking.
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local process = require "perilune.c.process"
local promise = require "perilune.util.promise"

local git = {}

local SCHEMES = { https = true, http = true, ssh = true, file = true, git = true }

local function refuse(message, hint, detail)
  err.raise { code = "serve.git", where = false, message = message, hint = hint, detail = detail }
end

-- Nobody is asked, and no secret of ours is seen.
local function environment(env)
  return { GIT_TERMINAL_PROMPT = "0", GIT_SSH_COMMAND = "ssh -oBatchMode=yes", LC_ALL = "C", HOME = env "HOME" or "/",
    PATH = env "PATH" or "/usr/bin:/bin", SSH_AUTH_SOCK = env "SSH_AUTH_SOCK" }
end

--- Runs git; what it says is part of the error.
local function run(env, ...)
  local child <close> = process.spawn {
    argv = { "git", "-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", ... }, env = environment(env),
  }
  local output = { stdout = {}, stderr = {} }
  for stream, bytes in function() return child:read() end do table.insert(output[stream], bytes) end
  local status = child:wait()
  return status == 0, table.concat(output.stdout), table.concat(output.stderr)
end

local function must(env, what, ...)
  local ok, out, problem = run(env, ...)
  if ok then return (out:gsub("%s+$", "")) end
  refuse(what, "try the same with git on this machine, as this user", (problem:gsub("%s+$", "")))
end

--- Whether a URL is one of git's and not an option or a program to run.
---@param url string
---@return true|string
function git.check_url(url)
  local scheme = url:match "^(%a[%w+.-]*)://"
  local is_scp = url:find "^[%w._-]+@[%w.-]+:[^:]"
  if SCHEMES[scheme or ""] or is_scp or url:find "^/" then return true end
  return ("%q is no URL of a repository"):format(url)
end

--- Whether a name can be one of a commit, branch or tag.
---@param ref any
---@return boolean
function git.is_ref(ref)
  return type(ref) == "string" and #ref < 256 and ref:find "^[%w_][%w._/+@-]*$" ~= nil
    and not ref:find("..", 1, true) and not ref:find "@{"
end

local function mirror_of(directory, url)
  return ("%s/git/%s"):format(directory, digest.sha256(url))
end

local function make_mirror(env, path)
  if run(env, "--git-dir=" .. path, "rev-parse", "--git-dir") then return end
  must(env, "cannot make a copy of a repository", "init", "--quiet", "--bare", path)
end

local function commit_of(env, path, ref)
  local ok, commit = run(env, "--git-dir=" .. path, "rev-parse", "--verify", "--quiet", "--end-of-options",
    ref .. "^{commit}")
  return ok and commit:match "^%x+" or nil
end

local function fetch(env, path, url, ref)
  local is_commit = #ref == 40 and ref:find "^%x+$"
  if is_commit and commit_of(env, path, ref) then return ref end -- a commit does not change
  local ok, _, problem = run(env, "--git-dir=" .. path, "fetch", "--quiet", "--no-tags", "--depth=1",
    "--end-of-options", url, ref)
  if not ok then
    refuse(("cannot fetch %s of %s"):format(ref, url), "try the same with git on this machine, as this user",
      (problem:gsub("%s+$", "")))
  end
  return commit_of(env, path, "FETCH_HEAD")
end

local busy = {} -- path of a mirror → its fetch in flight: git does not like two

local function alone(path, fn)
  while busy[path] do pcall(busy[path].await, busy[path]) end
  local turn = promise.new()
  busy[path] = turn
  local _ <close> = setmetatable({}, { __close = function()
    busy[path] = nil
    turn:resolve()
  end })
  return fn()
end

--- Puts the commit that ref names into the directory `into`, which it makes.
---@param options { directory: string, url: string, ref: string, into: string, env: (fun(name: string): string?) }
---  directory: where copies are kept
---@return string commit  forty hexadecimal digits
function git.checkout(options)
  local problem = git.check_url(options.url)
  if problem ~= true then refuse(problem) end
  if not git.is_ref(options.ref) then refuse(("%q is no name of a commit, branch or tag"):format(options.ref)) end
  local env, path = options.env, mirror_of(options.directory, options.url)
  local commit = alone(path, function()
    make_mirror(env, path)
    return fetch(env, path, options.url, options.ref)
  end)
  must(env, "cannot write the playbooks", "init", "--quiet", options.into)
  must(env, "cannot write the playbooks", "-C", options.into, "fetch", "--quiet", "--depth=1", path, commit)
  must(env, "cannot write the playbooks", "-C", options.into, "checkout", "--quiet", "--detach", commit)
  return commit
end

return git
