"""What a person sees and does on the pages, in Chromium. Prints a line of TAP for each; pages_spec.lua starts it.

usage: browser.py URL DIRECTORY   (screenshots go to the directory)
"""
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

url, directory = sys.argv[1:3]
SCRIPT = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>"


def browser():
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,900",
                 "--user-data-dir=" + directory + "/profile"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


page = browser()


def wait(what, seconds=20):
    """Looks until something is so; meanwhile a page may be replaced by the next one."""
    return WebDriverWait(page, seconds, ignored_exceptions=(WebDriverException, IndexError)).until(lambda _: what())


def css(selector):
    return page.find_elements(By.CSS_SELECTOR, selector)


def text():
    return page.find_element(By.TAG_NAME, "body").text


def press(label):
    """Presses a button; a live page may exchange it in the same moment."""
    wait(lambda: [b for b in css("button") if b.text == label][0].click() or True)


def shot(name):
    page.save_screenshot("%s/%s.png" % (directory, name))


def deliver(hook, value):
    request = urllib.request.Request(url + "/hooks/" + hook, json.dumps(value).encode(), method="POST",
                                     headers={"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["run"]


def status_of(path, cookie=None, form=None):
    """The status of a request that no browser of ours made; redirects are not followed."""
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url + path, data, headers={"Cookie": cookie} if cookie else {})
    try:
        answer = urllib.request.build_opener(Stay).open(request)
        return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(), dict(e.headers)


def sign_in(user, password):
    page.get(url + "/sign-in")
    page.find_element(By.NAME, "user").send_keys(user)
    before = page.find_element(By.TAG_NAME, "html")
    page.find_element(By.NAME, "password").send_keys(password + Keys.ENTER)
    wait(lambda: staleness_of(before)(page))


def cookie():
    return "; ".join("%s=%s" % (c["name"], c["value"]) for c in page.get_cookies())


def asks_who_one_is():
    page.get(url + "/")
    assert page.current_url.endswith("/sign-in"), page.current_url
    sign_in("ops", "wrong")
    wait(lambda: "Wrong user or password" in text())
    sign_in("nobody", "secret")
    wait(lambda: "Wrong user or password" in text())
    shot("sign-in")
    sign_in("ops", "secret")
    wait(lambda: css("h1") and css("h1")[0].text == "Runs")


def shows_a_run_as_it_comes():
    page.get(url + "/")
    wait(lambda: "There are none" in text())
    page.execute_script("window.same = true")
    run = deliver("fine", {"n": 1})
    wait(lambda: css("a.run") and css("a.run")[0].text == "#%d" % run)
    wait(lambda: css("td .state.done"))
    assert page.execute_script("return window.same") is True, "the page was loaded anew"
    shot("runs")


def shows_hostile_text_as_text():
    run = deliver("fine", {"n": SCRIPT})
    page.get(url + "/runs/%d" % run)
    wait(lambda: css(".state.done"))
    wait(lambda: SCRIPT in text())
    page.get(url + "/")
    wait(lambda: SCRIPT in text())
    assert page.execute_script("return window.pwned") is None
    shot("hostile")


def runs_again():
    page.get(url + "/runs/1")
    press("Run again")
    wait(lambda: css("h1")[0].text not in ("Run 1", "Runs"))
    wait(lambda: css(".state.done"))
    wait(lambda: "Replay of" in text())
    shot("run")


def cancels():
    run = deliver("slow", {})
    page.get(url + "/runs/%d" % run)
    wait(lambda: "begun" in text())
    press("Cancel")
    wait(lambda: css(".state.cancelled"))
    wait(lambda: "cancelled by ops" in text())


def goes_by_keyboard():
    page.get(url + "/")
    page.find_element(By.TAG_NAME, "body").send_keys("j")
    wait(lambda: page.switch_to.active_element.text.startswith("#"))
    wait(lambda: page.switch_to.active_element.send_keys(Keys.ENTER) or True)
    wait(lambda: css("h1")[0].text.startswith("Run "))
    page.get(url + "/")
    page.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    wait(lambda: page.switch_to.active_element.text == "To the content")


def is_dark_where_that_is_wanted():
    page.execute_cdp_cmd("Emulation.setEmulatedMedia",
                         {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    page.get(url + "/")
    colour = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    shot("dark")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert colour == "rgb(20, 23, 28)", colour
    page.set_window_size(420, 800)
    page.get(url + "/")
    wide = page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    shot("narrow")
    page.set_window_size(1280, 900)
    assert wide, "the page is wider than the window"


def needs_no_script():
    code, body, headers = status_of("/", cookie())
    assert code == 200 and 'href="/runs/1"' in body
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    complaints = [e["message"] for e in page.get_log("browser") if "Content Security" in e["message"]]
    assert not complaints, complaints


def refuses_forms_of_others():
    mine = cookie()
    assert status_of("/runs/1/replay", mine, {})[0] == 403
    assert status_of("/runs/1/replay", mine, {"form": "0" * 64})[0] == 403
    assert status_of("/runs/1/replay", None, {"form": "0" * 64})[0] == 303
    assert status_of("/runs/1/replay", mine)[0] == 404


def shows_viewers_no_buttons():
    form = wait(lambda: page.find_element(By.NAME, "form").get_attribute("value"))
    sign_in("guest", "secret2")
    page.get(url + "/runs/1")
    wait(lambda: "Log" in text())
    wait(lambda: [b.text for b in css("button")] == ["Sign out"])
    mine = wait(lambda: page.find_element(By.NAME, "form").get_attribute("value"))
    assert mine != form
    assert status_of("/runs/1/replay", cookie(), {"form": mine})[0] == 403


def signs_out():
    old = cookie()
    press("Sign out")
    wait(lambda: page.current_url.endswith("/sign-in"))
    assert status_of("/", old)[0] == 303


TESTS = [asks_who_one_is, shows_a_run_as_it_comes, shows_hostile_text_as_text, runs_again, cancels, goes_by_keyboard,
         is_dark_where_that_is_wanted, needs_no_script, refuses_forms_of_others, shows_viewers_no_buttons, signs_out]

try:
    for test in TESTS:
        try:
            test()
            print("ok", test.__name__.replace("_", " "), flush=True)
        except Exception as e:  # a browser fails in many ways; each is a failure of the test
            shot("failed")
            print("not ok", test.__name__.replace("_", " "), repr(e)[:500], str(e)[:1000].replace("\n", " "), flush=True)
            break
finally:
    page.quit()
