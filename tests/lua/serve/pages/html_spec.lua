local html = require "perilune.serve.pages.html"
local t = require "tests.support.spec"

local el = html.el

t.test("text is escaped wherever it stands", function()
  local node = el("p", { title = [["><script>]] }, "<script>alert('x')</script> & more")
  t.equal(node.text, '<p title="&quot;&gt;&lt;script&gt;">'
    .. '&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; more</p>')
end)

t.test("elements go into elements as they are, and nothing else does", function()
  t.equal(el("p", nil, el("b", nil, "x"), { "a", el("br") }, nil, false, 5).text, "<p><b>x</b>a<br>5</p>")
  t.equal(el("p", nil, { text = "<b>" }).text, "<p></p>")
end)

t.test("attributes may be switches", function()
  t.equal(el("input", { required = true, name = "n", hidden = false }).text, '<input name="n" required>')
end)
