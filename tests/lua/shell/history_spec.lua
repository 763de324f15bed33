--- Which lines the history keeps.
local history = require "perilune.shell.history"
local secret = require "perilune.util.secret"
local t = require "tests.support.spec"

t.test("keeps what has no secret", function()
  for _, line in ipairs {
    "w = vm 'web-01'", "w:PowerOnVM_Task():await()", "x == password", "vc:rows { type = 'VirtualMachine' }",
    "print(tokens)", "vm 'passwords'", "-- about secrets",
  } do
    t.is_true(history.may_keep(line), line)
  end
end)

t.test("leaves out what sets, passes or holds one", function()
  for _, line in ipairs {
    "password = 'x'", "spec = { user = 'a', Password = 'b' }", "t['password'] = 'x'", "adminPassword='x'",
    "sm:Login { userName = 'a', password = 'b' }", "sm:LoginByToken()", "secret.new 'abc'", "api_key = 'k'",
    "secret 'abc'", "u = 'https://user:pw@host/sdk'", " x = 1", "session_token = '1'",
    "guest:ChangePassword(x)",
  } do
    t.is_false(history.may_keep(line), line)
  end
end)

t.test("leaves out what has the value of a secret that is known", function()
  local held = history.secrets_of { name = "lab", password = secret.new "hunter22" }
  t.is_false(history.may_keep("x = 'hunter22'", held))
  t.is_true(history.may_keep("x = 'hunter'", held))
end)
