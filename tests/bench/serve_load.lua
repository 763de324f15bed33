-- luacheck: globals setup init request, read globals wrk
-- For wrk: deliveries as GitHub signs them, each with an id of its own. Arguments: file of the body, prefix of the
-- ids, signature.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local count, prefix, body, signature = 0, nil, nil, nil

function init(arguments)
  local file = io.open(arguments[1])
  body, prefix, signature = file:read "*a", ("%s-%d-"):format(arguments[2], number), arguments[3]
  file:close()
end

function request()
  count = count + 1
  return wrk.format("POST", "/hooks/load", {
    ["Content-Type"] = "application/json", ["X-GitHub-Event"] = "deployment",
    ["X-GitHub-Delivery"] = prefix .. count, ["X-Hub-Signature-256"] = signature,
  }, body)
end
