--- ansi_to_svg.lua: what a terminal showed, as a picture: ANSI text on stdin, SVG on stdout.
---
---   script -qefc "perilune plan playbooks/web-tier.lua" /dev/null | lua5.4 ansi_to_svg.lua >plan.svg

local CELL_WIDTH, LINE_HEIGHT, MARGIN = 8.4, 19, 18
local BACKGROUND, FOREGROUND = "#16181d", "#d7dae0"
local COLOURS = {
  ["31"] = "#ff6b68", ["32"] = "#8bd66f", ["33"] = "#e6c25c", ["34"] = "#6cb0ff", ["35"] = "#d38aea",
  ["36"] = "#5fd0d6", ["90"] = "#7d8590",
}

local function escape(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

-- What follows a sequence such as ESC[1;31m looks like.
local function restyle(style, codes)
  for code in (codes == "" and "0" or codes):gmatch "%d+" do
    if code == "0" then
      style = {}
    elseif code == "1" then
      style = { colour = style.colour, is_bold = true, is_dim = style.is_dim }
    elseif code == "2" then
      style = { colour = style.colour, is_bold = style.is_bold, is_dim = true }
    else
      style = { colour = COLOURS[code], is_bold = style.is_bold, is_dim = style.is_dim }
    end
  end
  return style
end

local function attributes(style)
  return (style.colour and (' fill="%s"'):format(style.colour) or "")
    .. (style.is_bold and ' font-weight="bold"' or "") .. (style.is_dim and ' opacity="0.6"' or "")
end

-- One line as spans, each at its own column, so that no font can misalign them; returns its columns too.
local function draw_line(line, y, style, out)
  local column, at = 0, 1
  while at <= #line do
    local start, stop, codes = line:find("\27%[([%d;?]*)%a", at)
    local text = line:sub(at, (start or #line + 1) - 1)
    if text:find "%S" then
      out[#out + 1] = ('<tspan x="%.1f" y="%d"%s>%s</tspan>'):format(MARGIN + column * CELL_WIDTH, y,
        attributes(style), escape(text))
    end
    column = column + utf8.len(text)
    if start and line:sub(stop, stop) == "m" then style = restyle(style, codes) end
    at = (stop or #line) + 1
  end
  return column, style
end

local function draw(text)
  local out, widest, style, y = {}, 0, {}, MARGIN + 6
  for line in text:gsub("\r", ""):gsub("\n+$", ""):gmatch "([^\n]*)\n?" do
    local columns
    columns, style = draw_line(line, y, style, out)
    widest, y = math.max(widest, columns), y + LINE_HEIGHT
  end
  local width, height = math.ceil(2 * MARGIN + widest * CELL_WIDTH), y - LINE_HEIGHT // 2
  return ([[
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">
<rect width="100%%" height="100%%" rx="8" fill="%s"/>
<text xml:space="preserve" fill="%s" font-size="14"
 font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace">
%s
</text>
</svg>
]]):format(width, height, width, height, BACKGROUND, FOREGROUND, table.concat(out, "\n"))
end

io.write(draw(io.read "a"))
