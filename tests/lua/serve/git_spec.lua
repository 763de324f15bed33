local git = require "perilune.serve.git"
local t = require "tests.support.spec"

t.test("names that git would take for options or ranges are refused", function()
  for _, ref in ipairs { "main", "v1.2.3", "feature/a-b", ("a"):rep(40) } do t.is_true(git.is_ref(ref), ref) end
  for _, ref in ipairs { "", "-x", "--upload-pack=touch /tmp/x", "a..b", "a@{1}", "a b", "a;b", "$(x)", "a\nb" } do
    t.is_false(git.is_ref(ref), ref)
  end
end)

t.test("URLs that would run a program are refused", function()
  for _, url in ipairs {
    "https://git.example/a.git", "ssh://git@git.example/a", "git@git.example:a/b.git", "/srv/a",
  } do
    t.is_true(git.check_url(url), url)
  end
  for _, url in ipairs { "ext::sh -c id", "-x", "--upload-pack=id", "relative/path", "" } do
    t.match(git.check_url(url), "no URL")
  end
end)
