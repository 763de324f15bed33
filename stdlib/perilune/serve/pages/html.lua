--- HTML that cannot be injected into: text is escaped wherever it is put, only elements made here are not.
---
---     html.el("a", { href = "/runs/1" }, name)     -- name may hold anything

---@class perilune.serve.pages.Node
---@field text string

local Node = {}
Node.__index = Node

local html = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape(text)
  return (tostring(text):gsub("[&<>\"']", ENTITIES))
end

local VOID = { input = true, link = true, meta = true, br = true }

local function attributes(values)
  local names, parts = {}, {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = values[name]
    if value == true then
      parts[#parts + 1] = " " .. name
    elseif value then
      parts[#parts + 1] = (' %s="%s"'):format(name, escape(value))
    end
  end
  return table.concat(parts)
end

local function add(parts, child)
  if child == nil or child == false then return end
  if getmetatable(child) == Node then
    parts[#parts + 1] = child.text
  elseif type(child) == "table" then
    for _, one in ipairs(child) do add(parts, one) end
  else
    parts[#parts + 1] = escape(child)
  end
end

--- An element. Children are texts, elements, lists of them; nil and false are left out.
---@param name string
---@param values table<string, string|number|boolean>?  attributes
---@return perilune.serve.pages.Node
function html.el(name, values, ...)
  local parts = { "<", name, attributes(values or {}), ">" }
  for i = 1, select("#", ...) do add(parts, (select(i, ...))) end
  if not VOID[name] then parts[#parts + 1] = ("</%s>"):format(name) end
  return setmetatable({ text = table.concat(parts) }, Node)
end

--- A whole document.
---@param root perilune.serve.pages.Node
---@return string
function html.document(root)
  return "<!doctype html>\n" .. root.text .. "\n"
end

return html
