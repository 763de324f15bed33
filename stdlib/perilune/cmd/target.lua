--- perilune target: the servers that are defined, how they are reached, and trust in their certificates.
local err = require "perilune.err"
local knownhosts = require "perilune.vim.knownhosts"
local pool = require "perilune.vim.pool"
local process = require "perilune.c.process"
local secret = require "perilune.util.secret"
local targets = require "perilune.vim.target"
local url = require "perilune.vim.url"

local ANSWER_SECONDS = 30

local target = {
  name = "target",
  usage = "list | show [NAME] | trust [NAME]",
  summary = "List the servers that are defined, show how one is reached, or trust its certificate.",
  arguments = {
    { name = "ACTION", doc = "list, show or trust" },
    { name = "NAME", doc = "of targets.lua; without, the one that other commands would use", optional = true },
  },
  options = { "thumbprint", "yes", "verbose" },
  examples = {
    { "target list", "what targets.lua defines" },
    { "target trust lab", "show its certificate, ask, and remember it" },
    { "target trust lab --thumbprint 4F:1C:…", "the same without asking, if that is the certificate" },
  },
}

-- What is defined ------------------------------------------------------------------------------------------------

local function place_text(entry)
  local ok, place = pcall(url.parse, entry.fields.url, entry.name)
  return ok and url.origin(place) or "(its URL cannot be read)"
end

local function list()
  local entries = targets.all { env = os.getenv }
  if #entries == 0 then
    print "no target is defined; write target \"lab\" { url = …, user = …, password = secret.… } into ./targets.lua"
  end
  for _, entry in ipairs(entries) do
    local mark = (entry.fields.default or #entries == 1) and "*" or " "
    print(("%s %-16s %-40s %s:%d"):format(mark, entry.name, place_text(entry), entry.where.file, entry.where.line))
  end
  return 0
end

local function row(name, value)
  if value then print(("  %-10s %s"):format(name, value)) end
end

--- Whom a target believes, in words.
local function believed(found)
  if found.insecure then
    return "whatever certificate is shown (insecure = true)"
  elseif found.thumbprints[1] then
    return ("one certificate alone, of %s: %s"):format(found.thumbprint_source, table.concat(found.thumbprints, ", "))
  end
  local places = table.move(found.ca_files, 1, #found.ca_files, 1, {})
  places[#places + 1] = found.ca_dir
  return "the authorities of " .. (places[1] and table.concat(places, ", ") or "this system")
end

--- A proxy without its user and password.
local function proxy_text(proxies, scheme)
  local kind = scheme == "http" and "plain_proxy" or "proxy"
  if not proxies[kind] then return nil end
  local text = secret.reveal(proxies[kind])
  local bare = text:gsub("^(%a[%w+.-]*://).*@", "%1"):gsub("^.*@", "")
  local except = proxies.no_proxy and ", not for " .. proxies.no_proxy or ""
  return ("%s (%s)%s"):format(bare, proxies[kind .. "_source"], except)
end

local function title(found)
  print(("%s  %s"):format(found.name, knownhosts.key(found.host, found.port)))
end

local function show(found)
  title(found)
  row("url", ("%s (%s)"):format(found.url, found.source.url))
  row("user", found.user)
  row("believes", believed(found))
  row("revoked", found.crl_files and "by the lists in " .. table.concat(found.crl_files, ", "))
  row("shows", found.cert)
  row("proxy", proxy_text(found.proxies, found.url:match "^%a+"))
  return 0
end

-- Trust ----------------------------------------------------------------------------------------------------------

--- Errors that are about the certificate, and may be overruled by trusting it.
local DOUBTS = {
  ["tls.untrusted"] = true, ["tls.expired"] = true, ["tls.not_yet"] = true, ["tls.name"] = true,
  ["tls.pin"] = true, ["tls.weak"] = true,
}

--- The server's certificates, the leaf first, and what is wrong with them.
local function ask_server(found)
  local connections <close> = pool.open(found, { connections = 1, insecure = false })
  local ok, problem = xpcall(function()
    connections:request({
      url = found.url .. "/vimServiceVersions.xml", method = "GET", stall_timeout = ANSWER_SECONDS,
    }):close()
  end, err.wrap)
  local chain = connections:certificates()
  if not chain[1] and ok then
    err.raise { code = "target.invalid", where = false, message = found.name .. ": plain HTTP has no certificate" }
  elseif not ok and (not chain[1] or problem.code == "tls.revoked") then
    error(problem, 0)
  end
  return chain, not ok and DOUBTS[problem.code] and problem or nil
end

local function digits(text)
  return (text:gsub("^.-(%S*)$", "%1"):gsub(":", ""):lower())
end

--- What was given as --thumbprint, as digits alone.
local function wanted_digits(text)
  local bare = text:gsub("^%s*[Ss][Hh][Aa]%-?%d+[%s:=]*", ""):gsub("^[Ff]ingerprint[%s=:]*", ""):gsub("[%s:-]", "")
  if not bare:find "^%x+$" or (#bare ~= 40 and #bare ~= 64) then
    err.raise {
      code = "usage", where = false,
      message = ("perilune target trust: '%s' is no thumbprint"):format(text),
      hint = "SHA-256 has 64 hexadecimal digits, SHA-1 has 40",
    }
  end
  return bare:lower()
end

local function show_certificate(found, chain)
  local leaf = chain[1]
  title(found)
  row("subject", leaf.subject)
  row("names", leaf.hosts)
  row("issuer", leaf.is_own_issuer and leaf.issuer .. " (itself)" or leaf.issuer)
  row("valid", ("%s to %s"):format(leaf.starts, leaf.ends))
  row("SHA-256", (leaf.sha256:gsub("^SHA%-256 ", "")))
  row("SHA-1", (leaf.sha1:gsub("^SHA%-1 ", "")))
end

local function show_problem(problem)
  print("\n" .. problem.message)
  if problem.code == "tls.pin" then print("  " .. problem.detail:gsub("\n", "\n  ")) end
end

local COMPARE = [[

Compare the SHA-256 with what the server itself says, on its console or by SSH:
  vCenter  /usr/lib/vmware-vmafd/bin/vecs-cli entry getcert --store MACHINE_SSL_CERT --alias __MACHINE_CERT |
             openssl x509 -noout -fingerprint -sha256
  ESXi     openssl x509 -noout -fingerprint -sha256 -in /etc/vmware/ssl/rui.crt]]

local function check_wanted(found, leaf, wanted)
  if digits(leaf.sha256) == wanted or digits(leaf.sha1) == wanted then return end
  err.raise {
    code = "tls.pin", where = false,
    message = ("%s shows another certificate than that of --thumbprint; it is not trusted"):format(
      knownhosts.key(found.host, found.port)),
    hint = "find out which is the server's: somebody may stand in between",
  }
end

local function confirm(found, leaf, shown)
  print(COMPARE)
  local answer = shown:ask(("Trust this certificate for %s?"):format(knownhosts.key(found.host, found.port)))
  if answer then return end
  err.raise {
    code = "target.declined", where = false,
    message = (answer == nil and "there is no terminal to ask on" or "declined") .. "; nothing was trusted",
    hint = answer == nil and ('if it is the server\'s: %s --thumbprint "%s"'):format(
      found.trust_command, leaf.sha256) or nil,
  }
end

--- What the target itself says may leave no room for what would be remembered.
local function refuse_own(found, leaf)
  if found.crl_files then
    err.raise {
      code = "target.invalid", where = false,
      message = found.name .. ": it has revocation lists (crl_file), which a trusted certificate would pass by",
      hint = "remove crl_file, or give the authority of the certificate as ca_file",
    }
  elseif found.is_known or not found.thumbprints[1] then
    return
  end
  err.raise {
    code = "tls.pin", where = false,
    message = ("%s: its thumbprint is given by %s, which counts alone"):format(found.name, found.thumbprint_source),
    hint = ('if the certificate is the server\'s, write there: "%s"'):format(leaf.sha256),
  }
end

local function remember(found, leaf)
  local path = found.known_hosts
  local directory = path:match "^(.*)/[^/]*$"
  if directory and directory ~= "" then process.run { "mkdir", "-p", directory } end
  knownhosts.remember(path, found.host, found.port, (leaf.sha256:gsub("^SHA%-256 ", "")), leaf.subject)
  print(("\nTrusted from now on, and for %s nothing else; remembered in %s"):format(
    knownhosts.key(found.host, found.port), path))
end

local function trust(found, options, shown)
  local wanted = options.thumbprint and wanted_digits(options.thumbprint)
  local chain, problem = ask_server(found)
  local leaf = chain[1]
  show_certificate(found, chain)
  if wanted then check_wanted(found, leaf, wanted) end
  if not problem then
    print("\nTrusted already, by " .. (found.thumbprint_source or believed(found)) .. ".")
    return 0
  end
  show_problem(problem)
  refuse_own(found, leaf)
  if not wanted then confirm(found, leaf, shown) end
  remember(found, leaf)
  if found.insecure then print "Its insecure = true still lets anything pass: remove it." end
  return 0
end

-- The command ----------------------------------------------------------------------------------------------------

local ACTIONS = {
  list = list,
  show = function(options) return show(targets.find { name = options.name, env = os.getenv, bare = true }) end,
  trust = function(options, shown)
    if options.yes and not options.thumbprint then
      err.raise {
        code = "usage", where = false,
        message = "perilune target trust: --yes alone would trust whoever answers",
        hint = "say which certificate is the right one: --thumbprint",
      }
    end
    return trust(targets.find { name = options.name, env = os.getenv, bare = true }, options, shown)
  end,
}

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function target.main(options, shown)
  local action = ACTIONS[options.action]
  if not action then
    err.raise {
      code = "usage", where = false,
      message = ("perilune target: there is no action '%s'"):format(options.action),
      hint = err.suggest(options.action, ACTIONS) or "list, show or trust",
    }
  end
  return action(options, shown)
end

return target
