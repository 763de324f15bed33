--- docs: each file of C and Lua says first what it is, and each public declaration what it does.
package.path = "tests/lint/?.lua;" .. package.path
local tree = require "tree"

local function check_c_head(path, text)
  local name = path:match "[^/]+$"
  if text:sub(1, 3 + #name) ~= "/* " .. name then
    tree.report(path, 1, 'begin with a comment that says what the file is: "/* %s: …"', name)
  end
end

-- A declaration needs a comment that ends on the line above it; one right below another shares its.
local function check_header(path, text)
  local lines, is_documented = {}, false
  tree.each_line(text, function(line) lines[#lines + 1] = line end)
  for number, line in ipairs(lines) do
    if line == "" then
      is_documented = false
    elseif line:find "%*/%s*$" and not line:find "^%s+%S.*/%*" then
      is_documented = true
    elseif line:find "^[%a_].*%(" and not line:find "^typedef" and not is_documented then
      tree.report(path, number, "say above it what it does, its units, errors and who owns what: %s",
        line:match "([%w_]+)%(")
    end
  end
end

-- What the head comment of a folder's init.lua lists ("---   steps(node, …)  the calls …") is documented
-- there once for all files of the folder: the functions of a kind.
local function listed_words(path)
  local head = (tree.read(path:match "^(.*)/" .. "/init.lua") or ""):match "^[%-][^\n]*\n.-\nlocal " or ""
  local set = {}
  for word in head:gmatch "\n%-%-%-   ([%l_]+)%f[%W]" do set[word] = true end
  return set
end

-- The table that a module returns: "local graph = {}" … "return graph".
local function check_lua(path, text)
  if text:sub(1, 3) ~= "---" then
    tree.report(path, 1, 'begin with a line that says what the module is: "--- …"')
  end
  local module = text:match "\nreturn ([%a_][%w_]*)%s*$"
  local above, listed = "", listed_words(path)
  tree.each_line(text, function(line, number)
    local owner, name = line:match "^function ([%w_]+)[.:]([%w_]+)%("
    if owner and owner == module and not listed[name] and not above:find "^%-%-%-" then
      tree.report(path, number, "annotate it above (---, ---@param, ---@return): %s.%s", owner, name)
    end
    above = line
  end)
end

for _, path in ipairs(tree.files({ "runtime", "bindings" }, { ".c", ".h" })) do
  local text = tree.read(path)
  check_c_head(path, text)
  if path:find "%.h$" then check_header(path, text) end
end
for _, path in ipairs(tree.files({ "stdlib" }, { ".lua" })) do check_lua(path, tree.read(path)) end
tree.finish()
