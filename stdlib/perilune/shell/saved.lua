--- Declarations as the text of a playbook.
local literal = require "perilune.shell.literal"

local saved = {}

local function indented(s)
  return (("  " .. s):gsub("\n(.)", "\n  %1"))
end

local function comes_before(a, b)
  return tostring(a) < tostring(b)
end

local function entry_text(entry)
  local keys, lines = {}, {}
  for key in pairs(entry.body) do keys[#keys + 1] = key end
  table.sort(keys, comes_before)
  for i, key in ipairs(keys) do
    lines[i] = indented(("%s = %s,"):format(literal.key(key), literal.text(entry.body[key])))
  end
  local head = ("%s %s "):format(entry.kind, literal.quoted(entry.name))
  return #lines == 0 and head .. "{}" or ("%s{\n%s\n}"):format(head, table.concat(lines, "\n"))
end

local function transaction_text(name, entries)
  local parts = {}
  for i, entry in ipairs(entries) do parts[i] = indented(entry_text(entry)) end
  return ("transaction(%s, function()\n%s\nend)"):format(literal.quoted(name), table.concat(parts, "\n\n"))
end

--- Declarations in their order; those of a transaction together, where its first one is.
local function entries_text(entries)
  local parts, members = {}, {}
  for _, entry in ipairs(entries) do
    local name = entry.transaction
    if not name then
      parts[#parts + 1] = entry
    elseif members[name] then
      table.insert(members[name], entry)
    else
      members[name] = { entry, transaction = name }
      parts[#parts + 1] = members[name]
    end
  end
  for i, part in ipairs(parts) do
    parts[i] = part.kind and entry_text(part) or transaction_text(part.transaction, part)
  end
  return parts
end

--- The text of a playbook that declares the same.
---@param declared { owner: string|nil, entries: perilune.shell.Entry[], outputs: { name: string, value: any }[] }
---@return string
function saved.text(declared)
  local parts = {}
  if declared.owner then parts[1] = ("playbook %s"):format(literal.quoted(declared.owner)) end
  local entries = entries_text(declared.entries)
  table.move(entries, 1, #entries, #parts + 1, parts)
  for _, output in ipairs(declared.outputs) do
    parts[#parts + 1] = ("output(%s, %s)"):format(literal.quoted(output.name), literal.text(output.value))
  end
  return table.concat(parts, "\n\n") .. "\n"
end

return saved
