--- One POST from a program that has just started: arg[1] the URL, arg[2] the authority, arg[3] the body's file.
local http = require "perilune.c.http"

local file <close> = assert(io.open(arg[3], "rb"))
local pool <close> = http.pool { connections = 1, ca_file = arg[2] }
local response = pool:request {
  url = arg[1], method = "POST", headers = { ["Content-Type"] = "text/xml" }, body = file:read "a", idempotent = true,
}
print(response:text())
