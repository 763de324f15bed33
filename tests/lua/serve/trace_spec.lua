local t = require "tests.support.spec"
local trace = require "perilune.serve.trace"

local PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" -- of the W3C's recommendation

t.test("a sender's context is read, and written as it was", function()
  local context = trace.parse(PARENT)
  t.equal(context, { trace = "4bf92f3577b34da6a3ce929d0e0e4736", span = "00f067aa0ba902b7", is_sampled = true })
  t.equal(trace.format(context), PARENT)
  t.equal(trace.parse((PARENT:gsub("01$", "00"))).is_sampled, false)
  t.equal(trace.parse("cc" .. PARENT:sub(3) .. "-more").is_sampled, true)
end)

t.test("what is no context is none", function()
  for _, text in ipairs {
    "", "00", "ff" .. PARENT:sub(3), PARENT:upper(), "00-" .. ("0"):rep(32) .. "-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-" .. ("0"):rep(16) .. "-01", PARENT:sub(1, -4),
  } do
    t.is_nil(trace.parse(text), text)
  end
  t.is_nil(trace.parse(nil))
end)

t.test("nothing is gathered where nobody wants it", function()
  local tracer = trace.new(nil, {})
  t.is_nil(tracer:begin(PARENT))
  tracer:delivery(nil, "h", 1, 202)
  t.is_nil(tracer:attempt { trace = PARENT })
end)

t.test("a sender that is not sampled is not", function()
  local tracer = trace.new({ otlp = "http://127.0.0.1:1" }, {})
  local context = tracer:begin((PARENT:gsub("01$", "00")))
  tracer:delivery(context, "h", 1, 202)
  t.equal(#tracer.spans, 0)
  tracer:delivery(tracer:begin(PARENT), "h", 1, 202)
  t.equal({ #tracer.spans, tracer.spans[1].parentSpanId }, { 1, "00f067aa0ba902b7" })
end)
