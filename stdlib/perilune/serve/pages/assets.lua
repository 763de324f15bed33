--- The style and the script of the pages; both are served by ourselves, and nothing else is loaded.
local assets = {}

assets["style.css"] = { type = "text/css; charset=utf-8", text = [[
:root { color-scheme: light dark; --line: #d4d7dd; --dim: #5c6370; --good: #1a7f37; --bad: #c1272d; --busy: #9a6700;
  --link: #0a58ca; --back: #ffffff; --soft: #f5f6f8; --text: #16181d }
@media (prefers-color-scheme: dark) { :root { --line: #343a46; --dim: #9aa3b2; --good: #56d364; --bad: #ff7b72;
  --busy: #e3b341; --link: #79b8ff; --back: #14171c; --soft: #1c2027; --text: #e4e7ec } }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: var(--back); color: var(--text) }
header { display: flex; gap: 1.5rem; align-items: center; padding: .6rem 1.2rem; border-bottom: 1px solid var(--line);
  flex-wrap: wrap }
header strong { font-size: 1.1rem } header form { margin-left: auto }
main { padding: 1rem 1.2rem 3rem; max-width: 80rem; margin: 0 auto }
a { color: var(--link) } a:focus-visible, button:focus-visible, input:focus-visible, tr:focus-within {
  outline: 2px solid var(--link); outline-offset: 2px }
.skip { position: absolute; left: -100rem }
.skip:focus { left: 1rem; top: .5rem; background: var(--back); padding: .5rem }
h1 { font-size: 1.3rem; margin: .4rem 0 1rem } h2 { font-size: 1.05rem; margin: 1.8rem 0 .6rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% } th { text-align: left; color: var(--dim); font-weight: 500 }
th, td { padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: 0 } dt { color: var(--dim) }
dd { margin: 0; overflow-wrap: anywhere }
time { white-space: nowrap } td { overflow-wrap: anywhere; min-width: 3.5rem }
.state { font-weight: 600; white-space: nowrap } .done { color: var(--good) } .closed { color: var(--good) }
.failed, .dead, .open { color: var(--bad) } .running, .held, .trial { color: var(--busy) }
.queued, .ignored, .cancelled, .superseded, .dim { color: var(--dim) }
.counts { display: flex; gap: 1.6rem; flex-wrap: wrap; padding: 0; list-style: none }
.counts b { display: block; font-size: 1.4rem }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .8rem; overflow: auto;
  max-height: 32rem; font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
button, input { font: inherit; padding: .3rem .8rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--soft); color: inherit } button { cursor: pointer }
form.inline { display: inline-block; margin-right: .6rem } .sign-in { max-width: 20rem; display: grid; gap: .8rem }
.sign-in label { display: grid; gap: .2rem } .problem { color: var(--bad) } nav a { margin-right: 1rem }
]] }

assets["live.js"] = { type = "text/javascript; charset=utf-8", text = [[
"use strict";
// Keeps the page up to date: at each event of the server the part marked as live is fetched and put in place.
const live = document.querySelector("[data-live]");
if (live && window.EventSource) {
  let waiting = false, again = false;
  const refresh = async () => {
    if (waiting) { again = true; return; }
    waiting = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Requested-With": "live" } });
      if (answer.ok && !answer.redirected) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("[data-live]");
        const log = live.querySelector("pre"), end = log && log.scrollHeight - log.scrollTop - log.clientHeight < 40;
        const focus = document.activeElement && document.activeElement.id;
        if (fresh) live.replaceChildren(...fresh.childNodes);
        const now = live.querySelector("pre");
        if (now) now.scrollTop = end ? now.scrollHeight : log.scrollTop;
        if (focus && document.getElementById(focus)) document.getElementById(focus).focus();
      }
    } catch (e) { /* the server is away; EventSource comes back by itself */ }
    setTimeout(() => { waiting = false; if (again) { again = false; refresh(); } }, 300);
  };
  const source = new EventSource("/events" + (live.dataset.live ? "?run=" + live.dataset.live : ""));
  source.addEventListener("open", refresh); // what changed before it was listened to, or while the server was away
  source.addEventListener("change", refresh);
}
// j and k go from run to run, as in many programs.
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, button") || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...document.querySelectorAll("td a.run")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "j" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
  if (event.key === "k" && links.length) links[Math.max(at - 1, 0)].focus();
});
]] }

return assets
