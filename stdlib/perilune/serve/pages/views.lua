--- The pages themselves: what is known, as HTML.
local html = require "perilune.serve.pages.html"
local task = require "perilune.c.task"
local text = require "perilune.util.text"

local views = {}

local el = html.el

local function time_of(micros)
  if not micros then return "" end
  local stamp = os.date("!%Y-%m-%d %H:%M:%S", micros // 1000000)
  return el("time", { datetime = stamp:gsub(" ", "T") .. "Z", title = stamp .. " UTC" }, stamp)
end

local function duration(run)
  if not run.started then return "" end
  local ended = run.ended or run.state == "running" and math.floor(task.wall() * 1000000)
  return ended and text.spent(math.max(0, ended - run.started) / 1000000) or ""
end

local function state_of(run)
  return el("span", { class = "state " .. run.state }, run.state)
end

local function head(title)
  return el("head", nil, el("meta", { charset = "utf-8" }), el("title", nil, title .. " · Perilune"),
    el("meta", { name = "viewport", content = "width=device-width, initial-scale=1" }),
    el("link", { rel = "stylesheet", href = "/assets/style.css" }),
    el("script", { src = "/assets/live.js", defer = true }))
end

--- A form that does one thing: a button.
local function action(viewer, path, label)
  return el("form", { class = "inline", method = "post", action = path },
    el("input", { type = "hidden", name = "form", value = viewer.form }),
    el("button", { id = "action" .. path:gsub("%W", "-") }, label))
end

---@param viewer { user: string?, form: string, roles: table<string, boolean> }?
---@param title string
---@return string
local function page(viewer, title, ...)
  local navigation = viewer and el("nav", { ["aria-label"] = "pages" }, el("a", { href = "/" }, "Runs"),
    el("a", { href = "/?state=held" }, "To approve"), el("a", { href = "/?state=dead" }, "Dead letters"),
    el("a", { href = "/targets" }, "Targets"))
  local out = viewer and viewer.user and el("form", { method = "post", action = "/sign-out" },
    el("input", { type = "hidden", name = "form", value = viewer.form }),
    el("span", { class = "dim" }, viewer.user, " "), el("button", nil, "Sign out"))
  return html.document(el("html", { lang = "en" }, head(title), el("body", nil,
    el("a", { class = "skip", href = "#main" }, "To the content"),
    el("header", nil, el("strong", nil, "Perilune"), navigation, out),
    el("main", { id = "main", tabindex = "-1" }, el("h1", nil, title), ...))))
end

---@param problem string?
---@return string
function views.sign_in(problem)
  return page(nil, "Sign in", problem and el("p", { class = "problem", role = "alert" }, problem),
    el("form", { class = "sign-in", method = "post", action = "/sign-in" },
      el("label", nil, "User", el("input", { name = "user", autocomplete = "username", required = true,
        autofocus = true })),
      el("label", nil, "Password", el("input", { name = "password", type = "password", required = true,
        autocomplete = "current-password" })),
      el("button", nil, "Sign in")))
end

local SHOWN = { "queued", "held", "running", "dead" }

local function counts_of(counts)
  local items = {}
  for i, state in ipairs(SHOWN) do
    local number = el("b", { class = state }, counts[state] or 0)
    items[i] = el("li", nil, el("a", { href = "/?state=" .. state }, number, state))
  end
  return el("ul", { class = "counts" }, items)
end

local function run_row(run)
  return el("tr", nil, el("td", nil, el("a", { class = "run", id = "run-" .. run.id, href = "/runs/" .. run.id },
    "#", run.id)),
    el("td", nil, state_of(run)), el("td", nil, run.hook), el("td", nil, run.key), el("td", nil, run.event),
    el("td", nil, run.who), el("td", nil, time_of(run.created)), el("td", nil, duration(run)),
    el("td", nil, run.outcome))
end

local COLUMNS = { "Run", "State", "Hook", "Key", "Event", "Who", "Received (UTC)", "Took", "Outcome" }

local function table_of(columns, rows)
  local names = {}
  for i, name in ipairs(columns) do names[i] = el("th", { scope = "col" }, name) end
  local head_row = el("thead", nil, el("tr", nil, names))
  return el("div", { class = "scroll" }, el("table", nil, head_row, el("tbody", nil, rows)))
end

--- The list of runs.
---@param viewer table
---@param found { runs: table[], counts: table, filter: table, limit: integer }
---@return string
function views.runs(viewer, found)
  local rows = {}
  for i, run in ipairs(found.runs) do rows[i] = run_row(run) end
  local last = found.runs[found.limit]
  local query = found.filter.state and "&state=" .. found.filter.state or ""
  return page(viewer, found.filter.state and "Runs: " .. found.filter.state or "Runs",
    el("div", { ["data-live"] = "" }, counts_of(found.counts),
      rows[1] and table_of(COLUMNS, rows) or el("p", { class = "dim" }, "There are none."),
      last and el("p", nil, el("a", { href = ("/?before=%d%s"):format(last.id, query) }, "Older"))))
end

local function fact(name, value)
  if value == nil or value == "" then return nil end
  return { el("dt", nil, name), el("dd", nil, value) }
end

local function link_to(id)
  return id and el("a", { href = "/runs/" .. id }, "#", id)
end

local function facts(run, delivery)
  return el("dl", nil, fact("State", state_of(run)), fact("Outcome", run.outcome), fact("Hook", run.hook),
    fact("Key", run.key), fact("Target", run.target), fact("Playbook", run.file), fact("Commit", run.commit),
    fact("Delivery", delivery and delivery.delivery_id), fact("Event", run.event), fact("Who", run.who),
    fact("From", delivery and delivery.peer), fact("Received", time_of(run.created)),
    fact("Started", time_of(run.started)), fact("Ended", time_of(run.ended)), fact("Took", duration(run)),
    fact("Attempt", run.attempt), fact("Approved by", run.approved_by), fact("Replay of", link_to(run.source)))
end

local function problem_of(e)
  if not e then return nil end
  local place = e.where and ("%s:%d: "):format(e.where.file, e.where.line) or ""
  return { el("h2", nil, "What went wrong"), el("p", { class = "problem" }, place, e.message),
    e.hint and el("p", nil, "What to do: ", e.hint) }
end

local function planned(summary)
  if not summary then return nil end
  return { el("h2", nil, "Plan"), el("p", nil, ("%d to add, %d to change, %d to destroy, %d unchanged"):format(
    summary.add or 0, summary.change or 0, summary.destroy or 0, summary.unchanged or 0)) }
end

local ENDED = { done = true, failed = true, dead = true, cancelled = true, ignored = true, superseded = true }

local function actions(viewer, run)
  local base, made = ("/runs/%d/"):format(run.id), {}
  if viewer.roles.approve and run.state == "held" then
    made = { action(viewer, base .. "approve", "Approve"), action(viewer, base .. "reject", "Reject") }
  end
  if viewer.roles.run and ENDED[run.state] then made[#made + 1] = action(viewer, base .. "replay", "Run again") end
  if viewer.roles.run and (run.state == "queued" or run.state == "running") then
    made[#made + 1] = action(viewer, base .. "cancel", "Cancel")
  end
  return made[1] and el("p", nil, made)
end

local function log_of(lines)
  local texts = {}
  for i, line in ipairs(lines) do texts[i] = line.text end
  return el("pre", { tabindex = "0", ["aria-label"] = "log" }, table.concat(texts, "\n"))
end

--- One run.
---@param viewer table
---@param found { run: table, delivery: table?, log: table[], body: string? }
---@return string
function views.run(viewer, found)
  local run = found.run
  return page(viewer, ("Run %d"):format(run.id), el("div", { ["data-live"] = run.id },
    actions(viewer, run), facts(run, found.delivery), problem_of(run.error), planned(run.summary),
    run.plan and run.state == "held" and el("pre", { tabindex = "0", ["aria-label"] = "plan" }, run.plan),
    el("h2", nil, "Log"), log_of(found.log),
    el("h2", nil, "What was delivered"), el("pre", { tabindex = "0", ["aria-label"] = "delivery" }, found.body)))
end

--- The targets and their breakers.
---@param viewer table
---@param breakers perilune.serve.Breaker[]
---@return string
function views.targets(viewer, breakers)
  local rows = {}
  for i, b in ipairs(breakers) do
    local state = el("span", { class = "state " .. b.state }, b.state)
    rows[i] = el("tr", nil, el("td", nil, b.target), el("td", nil, state),
      el("td", nil, time_of(math.floor(b.since * 1000000))), el("td", nil, b.state ~= "closed" and b.reason))
  end
  return page(viewer, "Targets", el("div", { ["data-live"] = "" },
    rows[1] and table_of({ "Target", "Breaker", "Since (UTC)", "Why" }, rows)
      or el("p", { class = "dim" }, "No run has needed a target yet.")))
end

--- A page with a sentence.
---@param viewer table?
---@param title string
---@param sentence string
---@return string
function views.message(viewer, title, sentence)
  return page(viewer, title, el("p", nil, sentence))
end

return views
