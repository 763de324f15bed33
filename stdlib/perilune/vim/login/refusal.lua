--- A login that the server refused, as an error that says what to do. There is no second try: accounts get locked.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"

local refusal = {}

---@class perilune.vim.login.RefusalWords
---@field wrong string  what is wrong after InvalidLogin: "wrong user name or password for me"
---@field who string  who may not log in, after any other fault
---@field detail string?
---@field hint string?  after InvalidLogin
---@field is_password boolean?  a wrong one locks accounts

--- Why a login is not tried again, for those who would expect it.
---@type string
refusal.once = ". Tried once (accounts get locked)."

--- Raises vim.login for the fault of a login.
---@param target perilune.vim.Target
---@param refused { fault: table, message: string }
---@param words perilune.vim.login.RefusalWords
function refusal.raise(target, refused, words)
  local cause = fault.error(refused.fault, refused.message)
  local is_wrong = fault.name(refused.fault) == "InvalidLogin"
  err.raise {
    code = "vim.login",
    message = is_wrong and ("%s: %s%s"):format(target.name, words.wrong, words.is_password and refusal.once or "")
      or ("%s: %s may not log in: %s"):format(target.name, words.who, cause.message),
    detail = words.detail,
    fault = refused.fault,
    server = not is_wrong and cause.server or nil,
    hint = is_wrong and words.hint or not is_wrong and cause.hint or nil,
  }
end

--- Raises vim.login for what was found out without a fault.
---@param target perilune.vim.Target
---@param message string
---@param more { detail: string?, hint: string?, server: string? }?
function refusal.say(target, message, more)
  more = more or {}
  err.raise {
    code = "vim.login",
    message = ("%s: %s"):format(target.name, message),
    detail = more.detail,
    hint = more.hint,
    server = more.server,
  }
end

--- Raises vim.rest: this way to log in gives none to the REST services.
---@param target perilune.vim.Target
---@param what string  "a clone ticket"
---@param hint string
function refusal.no_rest(target, what, hint)
  err.raise {
    code = "vim.rest",
    message = ("%s: %s is no login for the REST services (tags, content library)"):format(target.name, what),
    hint = hint,
  }
end

return refusal
