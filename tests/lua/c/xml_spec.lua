--- Small XML documents as tables, and their elements standing alone.
local t = require "tests.support.spec"
local xml = require "perilune.c.xml"

t.test("an element is a table with name, namespace, attributes, text and children", function()
  t.equal(xml.read '<a:x xmlns:a="urn:a" b="1" a:c="&amp;">one<y/><![CDATA[<two>]]></a:x>', {
    name = "x", namespace = "urn:a", text = "one<two>", attributes = { b = "1", c = "&" },
    { name = "y", namespace = "", text = "", attributes = {} },
  })
end)

t.test("an element that is taken out keeps the namespaces it was in", function()
  local text = '<?xml version="1.0"?>\n<o:out xmlns:o="urn:o" xmlns:t="urn:t"><o:in>'
    .. "<t:it  b=\"2\" a='1'>&#x41;<t:e/></t:it></o:in></o:out>"
  t.equal(xml.element(text, "urn:t", "it"),
    '<t:it xmlns:o="urn:o" xmlns:t="urn:t" a="1" b="2">A<t:e></t:e></t:it>')
  t.is_nil(xml.element(text, "urn:o", "it"))
end)

t.test("what is no document is refused, with line and reason", function()
  local e = t.raises(function() xml.read "<a>\n<b></a>" end, "soap.xml")
  t.match(tostring(e), "line 2")
  t.raises(function() xml.read "" end, "soap.xml")
  t.raises(function() xml.read("<a>" .. ("<b>"):rep(3000)) end, "soap.xml")
end)

t.test("a DOCTYPE is refused, so that no entity grows or is fetched", function()
  t.raises(function() xml.read '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' end, "soap.xml")
  t.raises(function() xml.read '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>' end, "soap.xml")
  t.raises(function() xml.read "<a>&b;</a>" end, "soap.xml")
end)

t.test("a document has a ceiling", function()
  t.raises(function() xml.read("<a>" .. (" "):rep(1024 * 1024) .. "</a>") end, "limit")
end)
