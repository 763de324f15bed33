--- Which server a command talks to, and as whom.
---
--- `--target NAME` is a target of ./targets.lua or of the user's own one, and nothing else: a name that is
--- not defined there is an error, never another place. Without it the environment decides, then the only
--- target of those files or the one that says default = true.
local environment = require "perilune.vim.environment"
local err = require "perilune.err"
local knownhosts = require "perilune.vim.knownhosts"
local proxies = require "perilune.vim.proxies"
local recipe = require "perilune.util.recipe"
local secret = require "perilune.util.secret"
local targetfile = require "perilune.vim.targetfile"
local url = require "perilune.vim.url"
local way = require "perilune.vim.login.way"

local target = {}

---@class perilune.vim.Target
---@field name string  what to call it: "lab", or the host
---@field url string  without user and password
---@field origin string  scheme, host and port
---@field path string  of the SOAP endpoint
---@field host string
---@field port integer
---@field login "password"|"sso"|"token"|"extension"|"session"|"clone_ticket"  how to log in
---@field user string?  nil where the way to log in has none
---@field password perilune.util.Secret?
---@field insecure boolean
---@field thumbprints string[]  the certificate must be one of these
---@field thumbprint_source string?  who says so: a place of targets.lua, a variable, a line of known hosts
---@field is_known boolean?  the thumbprints are those of known hosts
---@field known_files string[]  of known hosts
---@field known_hosts string  that of them where trusted certificates are remembered
---@field trust_command string?  what to run to trust a certificate
---@field ca_files string[]  or directories
---@field ca_dir string?
---@field crl_files string[]?
---@field cert string?  client certificate, a file
---@field key string?
---@field proxies perilune.vim.Proxies
---@field key_password perilune.util.Secret?
---@field sts string  URL of the token service
---@field token perilune.util.Secret?  a SAML assertion
---@field session perilune.util.Secret?  the cookie of a session that is not ours
---@field rest_session perilune.util.Secret?  the same for REST
---@field clone_ticket perilune.util.Secret?
---@field extension string?  key of an extension
---@field tunnel string?  host and port of the server's HTTP, where extensions log in
---@field timeout number?  seconds without a byte before a request is given up
---@field patience number?  seconds for which a server may be away, once it was there
---@field keep_alive number?  seconds of idleness before the session is used to keep it
---@field source table<string, string>  where url, user and password came from

local function config_directory(env)
  local home = env "XDG_CONFIG_HOME"
  if not home or home == "" then
    home = (env "HOME" or "") .. "/.config"
  end
  return home .. "/perilune"
end

local function default_files(env)
  return { "./targets.lua", config_directory(env) .. "/targets.lua" }
end

--- All targets of the files by name; of two with one name the nearer file's counts.
local function defined(files, env)
  local all = {}
  for _, path in ipairs(files) do
    for _, entry in ipairs(targetfile.load(path, env) or {}) do
      if not all[entry.name] then
        all[entry.name] = entry
        all[#all + 1] = entry
      end
    end
  end
  return all
end

local function names_of(entries)
  local names = {}
  for i, entry in ipairs(entries) do
    names[i] = entry.name
  end
  return names
end

local function known_text(entries, files)
  if #entries == 0 then
    return "none is defined; looked in " .. table.concat(files, " and ")
  end
  return "defined are: " .. table.concat(names_of(entries), ", ")
end

local function by_name(name, entries, files)
  local entry = entries[name]
  if entry then
    return entry
  end
  local looks_like_place = name:find "[/:]" or name:find "%.%a"
  err.raise {
    code = "target.unknown",
    message = ("there is no target %q"):format(name),
    detail = known_text(entries, files),
    hint = err.suggest(name, names_of(entries))
      or looks_like_place and "--target takes a name from targets.lua; give a URL in PERILUNE_URL"
      or ('write target "%s" { url = …, … } into ./targets.lua'):format(name),
  }
end

local function by_default(entries)
  local chosen = #entries == 1 and entries[1] or nil
  for _, entry in ipairs(entries) do
    if entry.fields.default then
      if chosen and chosen.fields.default and chosen ~= entry then
        err.raise {
          code = "target.invalid",
          where = entry.where,
          message = ("two targets say default = true: %s and %s"):format(chosen.name, entry.name),
        }
      end
      chosen = entry
    end
  end
  return chosen
end

local function none(entries)
  err.raise {
    code = "target.missing",
    message = "which server? No target is given",
    detail = #entries > 0 and "defined in targets.lua: " .. table.concat(names_of(entries), ", ") or nil,
    hint = #entries > 0 and "name one with --target"
      or ("set %s, or define one in ./targets.lua"):format(table.concat(environment.places(), " or ")),
  }
end

--- The files of known hosts: those of the convention, then our own, which remembers.
local function known_files(settings, env)
  local files = table.move(settings.known_hosts or {}, 1, #(settings.known_hosts or {}), 1, {})
  local own = env "PERILUNE_KNOWN_HOSTS"
  files[#files + 1] = own and own ~= "" and own or config_directory(env) .. "/known_hosts"
  return files
end

--- Whose word it is that a certificate is the right one. A thumbprint of the target itself counts alone.
local function add_trust(made, settings, env)
  local files = known_files(settings, env)
  made.known_files, made.known_hosts, made.thumbprints = files, files[#files], {}
  if settings.thumbprint then
    made.thumbprints[1], made.thumbprint_source = settings.thumbprint, settings.source.thumbprint
    return
  end
  made.trust_command = "perilune target trust" .. (settings.where and " " .. made.name or "")
  for i, known in ipairs(knownhosts.find(files, made.host, made.port)) do
    made.thumbprints[i] = known.thumbprint
    made.thumbprint_source = made.thumbprint_source or ("%s:%d"):format(known.file, known.line)
    made.is_known = true
  end
end

--- What the URL has counts only where nothing else says it.
local function add_login(made, settings, place)
  local source = made.source
  made.user, made.password = settings.user, settings.password
  if not made.user and place.user and place.user ~= "" then
    made.user, source.user = place.user, source.url
  end
  if not made.password and place.password then
    made.password, source.password = secret.new(place.password, source.url), source.url
  end
end

local function complete(settings, env, name)
  local place = url.parse(settings.url, settings.source.url)
  place.port = settings.port or place.port
  local made = {
    name = name or place.host,
    origin = url.origin(place),
    url = url.origin(place) .. place.path,
    path = place.path,
    host = place.host,
    port = place.port,
    insecure = settings.insecure or false,
    ca_files = settings.ca_files or {},
    ca_dir = settings.ca_dir,
    crl_files = settings.crl_files,
    cert = settings.cert,
    key = settings.key,
    proxies = proxies.find(settings, env),
    key_password = settings.key_password,
    timeout = settings.timeout,
    keep_alive = settings.keep_alive,
    patience = settings.patience,
    source = settings.source,
  }
  add_trust(made, settings, env)
  if settings.is_bare then
    made.user = settings.user or place.user
    return made
  end
  add_login(made, settings, place)
  way.decide(settings, made)
  return made
end

--- Fields that are taken as they are, and those that are secrets to be fetched.
local PLAIN = {
  "url", "user", "thumbprint", "insecure", "timeout", "keep_alive", "cert", "key", "sso", "extension", "tunnel",
  "ca_dir", "patience",
}
local SECRET = {
  "password", "key_password", "token", "session", "rest_session", "clone_ticket", "proxy_password",
}

--- Of these, what is needed before the login.
local BARE_SECRET = { "key_password", "proxy_password" }

--- A proxy whose URL is a secret is fetched.
local function proxy_of(value)
  return type(value) == "table" and recipe.cook(value) or value
end

local function list_of(value)
  return type(value) == "string" and { value } or value
end

local function from_entry(entry, env, is_bare)
  local fields, where = entry.fields, entry.where
  local place = ("%s:%d"):format(where.file, where.line)
  local settings = {
    is_bare = is_bare,
    ca_files = list_of(fields.ca_file),
    crl_files = list_of(fields.crl_file),
    proxy = proxy_of(fields.proxy),
    where = where,
    source = { url = place, proxy = place },
  }
  for _, field in ipairs(PLAIN) do
    settings[field] = fields[field]
    settings.source[field] = fields[field] ~= nil and place or nil
  end
  for _, field in ipairs(is_bare and BARE_SECRET or SECRET) do
    settings[field] = recipe.cook(fields[field])
    settings.source[field] = fields[field] and fields[field].source or nil
  end
  return complete(settings, env, entry.name)
end

---@class perilune.vim.FindOptions
---@field name string?
---@field env fun(name: string): string?  os.getenv
---@field files string[]?
---@field bare boolean?  only how to reach it: without user, password and the like, which may have to be asked for

--- The target to use. Raises target.unknown, target.missing, target.invalid.
---@param options perilune.vim.FindOptions
---@return perilune.vim.Target
function target.find(options)
  local env, is_bare = options.env, options.bare
  local files = options.files or default_files(env)
  if options.name then
    return from_entry(by_name(options.name, defined(files, env), files), env, is_bare)
  end
  local settings = environment.read(env)
  if settings then
    settings.is_bare = is_bare
    return complete(settings, env)
  end
  local entries = defined(files, env)
  return from_entry(by_default(entries) or none(entries), env, is_bare)
end

--- All targets that are defined in files, in their order.
---@param options { env: (fun(name: string): string?), files: string[]? }
---@return { name: string, where: perilune.err.Place, fields: table }[]
function target.all(options)
  return defined(options.files or default_files(options.env), options.env)
end

return target
