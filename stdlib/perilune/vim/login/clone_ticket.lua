--- Logging in with the ticket that another session acquired: a session of ours, with that one's user. A ticket
--- works once, so this session cannot be renewed.
local method = require "perilune.vim.method"
local refusal = require "perilune.vim.login.refusal"
local secret = require "perilune.util.secret"

local clone_ticket = {}

local HINT = "acquire a new one: vc.content.sessionManager:AcquireCloneTicket()"

---@param connection perilune.vim.Connection
---@param cookie string?
---@return string? cookie
---@return table user_session
function clone_ticket.log_in(connection, cookie)
  local target = connection.target
  if connection.is_open then
    refusal.say(target, "the cloned session has ended, and its ticket works only once", { hint = HINT })
  end
  local user_session, refused, own = method.bare(connection, connection.content.sessionManager, "CloneSession", {
    cloneTicket = secret.reveal(target.clone_ticket),
  }, { cookie = cookie })
  if refused then
    refusal.raise(target, refused, {
      wrong = "the clone ticket is refused",
      who = "the ticket's user",
      detail = "ticket from " .. target.source.clone_ticket,
      hint = "a ticket works once, and not for long; " .. HINT,
    })
  end
  return own, user_session
end

---@param connection perilune.vim.Connection
function clone_ticket.authorization(connection)
  refusal.no_rest(connection.target, "a clone ticket",
    "log in with a password or a token, or give sessions of both kinds")
end

return clone_ticket
