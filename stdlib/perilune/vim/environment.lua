--- Connections that the environment describes, in the words of govc, Terraform, Ansible and our own.
---
--- Each convention is data: which variable holds what. The first one whose place is set is taken
--- whole; they are never mixed, so that no password of one server is sent to another.
local secret = require "perilune.util.secret"

local environment = {}

local TRUE = { ["1"] = true, t = true, T = true, TRUE = true, ["true"] = true, True = true }
local FALSE = { ["0"] = true, no = true, n = true, off = true, f = true, ["false"] = true }

--- govc knows only these two words; any other leaves the certificate checked.
local function govc_true(text)
  return text == "1" or text == "true"
end

local function go_true(text)
  return TRUE[text] ~= nil
end

local function ansible_false(text)
  return FALSE[text:lower()] ~= nil
end

local function minutes(text)
  local number = tonumber(text)
  return number and number > 0 and number * 60 or nil
end

local function list(text)
  local items = {}
  for item in text:gmatch "[^:]+" do
    items[#items + 1] = item
  end
  return items
end

local function as_it_is(text)
  return text
end

--- What govc does with its user name and password: if they name a readable file, its content counts.
local function text_or_file(text)
  local file = io.open(text, "r")
  local content = file and file:read "a"
  if file then
    file:close()
  end
  return content and content:match "^%s*(.-)%s*$" or text
end

--- Whether to use the token service: yes, yes at this URL, or no.
local function true_or_url(text)
  if text:find "[/.]" then
    return text
  end
  return govc_true(text)
end

--- Settings that are secrets.
local SECRETS = { "password", "key_password", "token", "session", "rest_session", "clone_ticket" }

---@class perilune.vim.Convention
---@field place string[]  variables of the URL or host, the first one set counts
---@field fields table<string, { [1]: string, [2]: fun(text: string): any }>  setting → variable, how it is read

---@type perilune.vim.Convention[]
local CONVENTIONS = {
  {
    place = { "PERILUNE_URL" },
    fields = {
      user = { "PERILUNE_USER", as_it_is },
      password = { "PERILUNE_PASSWORD", as_it_is },
      ca_files = { "PERILUNE_CA_FILE", function(text) return { text } end },
      ca_dir = { "PERILUNE_CA_DIR", as_it_is },
      crl_files = { "PERILUNE_CRL_FILE", function(text) return { text } end },
      thumbprint = { "PERILUNE_THUMBPRINT", as_it_is },
      proxy = { "PERILUNE_PROXY", as_it_is },
      insecure = { "PERILUNE_INSECURE", govc_true },
      cert = { "PERILUNE_CERT", as_it_is },
      key = { "PERILUNE_KEY", as_it_is },
      key_password = { "PERILUNE_KEY_PASSWORD", text_or_file },
      sso = { "PERILUNE_SSO", true_or_url },
      token = { "PERILUNE_TOKEN", text_or_file },
      extension = { "PERILUNE_EXTENSION", as_it_is },
      tunnel = { "PERILUNE_TUNNEL", as_it_is },
      session = { "PERILUNE_SESSION", text_or_file },
      rest_session = { "PERILUNE_REST_SESSION", text_or_file },
      clone_ticket = { "PERILUNE_CLONE_TICKET", text_or_file },
    },
  },
  {
    place = { "GOVC_URL" },
    fields = {
      user = { "GOVC_USERNAME", text_or_file },
      password = { "GOVC_PASSWORD", text_or_file },
      ca_files = { "GOVC_TLS_CA_CERTS", list },
      known_hosts = { "GOVC_TLS_KNOWN_HOSTS", list },
      insecure = { "GOVC_INSECURE", govc_true },
      cert = { "GOVC_CERTIFICATE", as_it_is },
      key = { "GOVC_PRIVATE_KEY", as_it_is },
    },
  },
  {
    place = { "VSPHERE_SERVER", "VSPHERE_VCENTER" },
    fields = {
      user = { "VSPHERE_USER", as_it_is },
      password = { "VSPHERE_PASSWORD", as_it_is },
      insecure = { "VSPHERE_ALLOW_UNVERIFIED_SSL", go_true },
      timeout = { "VSPHERE_API_TIMEOUT", minutes },
      keep_alive = { "VSPHERE_VIM_KEEP_ALIVE", minutes },
    },
  },
  {
    place = { "VMWARE_HOST" },
    fields = {
      user = { "VMWARE_USER", as_it_is },
      password = { "VMWARE_PASSWORD", as_it_is },
      port = { "VMWARE_PORT", tonumber },
      insecure = { "VMWARE_VALIDATE_CERTS", ansible_false },
      proxy_host = { "VMWARE_PROXY_HOST", as_it_is },
      proxy_port = { "VMWARE_PROXY_PORT", tonumber },
    },
  },
}

local function is_set(value)
  return value ~= nil and value ~= ""
end

local function place_of(convention, env)
  for _, name in ipairs(convention.place) do
    if is_set(env(name)) then
      return name
    end
  end
end

local function settings_of(convention, place, env)
  local settings, source = { url = env(place) }, { url = place }
  for field, reading in pairs(convention.fields) do
    local name, read = reading[1], reading[2]
    local text = env(name)
    if is_set(text) then
      settings[field], source[field] = read(text), name
    end
  end
  if settings.proxy_host then
    settings.proxy = ("http://%s:%d"):format(settings.proxy_host, settings.proxy_port or 80)
    source.proxy = source.proxy_host
  end
  for _, field in ipairs(SECRETS) do
    settings[field] = settings[field] and secret.new(settings[field], source[field])
  end
  settings.source = source
  settings.variables = {}
  for field, reading in pairs(convention.fields) do
    settings.variables[field] = reading[1]
  end
  return settings
end

--- The settings of the first convention whose place is set, or nil.
---@param env fun(name: string): string?
---@return table? settings  with `source`: setting → variable it came from
function environment.read(env)
  for _, convention in ipairs(CONVENTIONS) do
    local place = place_of(convention, env)
    if place then
      return settings_of(convention, place, env)
    end
  end
end

--- The variables that can name a server, for messages.
---@return string[]
function environment.places()
  local names = {}
  for _, convention in ipairs(CONVENTIONS) do
    names[#names + 1] = convention.place[1]
  end
  return names
end

return environment
