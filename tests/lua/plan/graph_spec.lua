local graph = require "perilune.plan.graph"
local t = require "tests.support.spec"

--- Steps of changes: each { change, removes?, after? }.
local function steps_of(list)
  local steps = {}
  for i, one in ipairs(list) do
    steps[i] = { id = i, change = one[1], removes = one.removes, after = one.after or {} }
  end
  return steps
end

local function link(nodes, edges, steps, rank)
  local change_of = {}
  for i, node in ipairs(nodes) do
    change_of[node] = node.changes and i or nil
  end
  graph.link(nodes, function(node) return edges[node] or {} end, change_of, steps, rank or function() return 1 end)
end

t.test("a change comes after all last steps of what it refers to", function()
  local web, net = { changes = true }, { changes = true }
  local steps = steps_of { { 1 }, { 2 }, { 2, after = { 2 } }, { 2, after = { 2 } } }
  link({ web, net }, { [web] = { net } }, steps)
  t.equal(steps[1].after, { 3, 4 })
end)

t.test("what does not change itself passes on what it refers to", function()
  local vm, folder, parent = { changes = true }, {}, { changes = true }
  local steps = steps_of { { 1 }, { 3 } }
  link({ vm, folder, parent }, { [vm] = { folder }, [folder] = { parent } }, steps)
  t.equal(steps[1].after, { 2 })
end)

t.test("what destroys comes after everything that does not, lower ranks first", function()
  local nodes = { { changes = true }, { changes = true }, { changes = true } }
  local steps = steps_of { { 1 }, { 2, removes = true }, { 3, removes = true } }
  link(nodes, {}, steps, function(change) return change end)
  t.equal(steps[2].after, { 1 })
  t.equal(steps[3].after, { 1, 2 })
end)

t.test("width counts the steps that can be under way together, up to the limit", function()
  local steps = steps_of { { 1 }, { 2 }, { 3 }, { 4, after = { 1, 2, 3 } } }
  t.equal(graph.width(steps, 16), 3)
  t.equal(graph.width(steps, 2), 2)
  t.equal(graph.width({}, 16), 0)
end)
