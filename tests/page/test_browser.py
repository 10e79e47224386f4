"""The page in a real browser: lines that light up, the keyboard, tabs, dark mode, print."""

import pytest

from srcad.page import fragment, page
from tests.page.browser import Browser, chromium

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


@pytest.fixture
def shown(browser, views, tmp_path):
    """The page, opened."""
    path = tmp_path / "report.html"
    path.write_text(page(views, "srcad report", "1.0"), encoding="utf-8")
    browser.media()
    browser.open(path)
    yield browser
    wrong = [
        event
        for event in browser.events
        if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")
    ]
    assert not wrong, wrong
    asked = [e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"]  # fmt: skip
    assert asked == [path.as_uri()]  # it loads itself alone


LIT = ".ln.lit .tx"
TEXT = "#f0 .derived:not([hidden]) .stage:not([hidden])"
UPDATE = '#f0 .side.primal .ln[data-n="19"]'  # x = x + 0.1 * u


def lit(browser, side):
    return [text.strip() for text in browser.texts(f"#f0 .side.{side} {LIT}")]


FORWARD = "x = x + 0.1 * u"
BACKWARD = ["# x = x + 0.1 * u", "u_bar = 0.1 * x_bar"]


def test_a_line_lights_up_its_counterparts_both_ways(shown):
    shown.hover(UPDATE)
    assert lit(shown, "primal") == [FORWARD]
    assert lit(shown, "derivative") == [FORWARD, *BACKWARD]
    assert len(shown.texts("#f0 .links path.lit.adjoint")) == 1
    assert "saved: read on line" in shown.texts("#f0 .said")[0]
    readers = shown.texts("#f0 .ln.reader .tx")
    assert readers and all("x" in text for text in readers)
    shown.hover("h1")
    assert lit(shown, "derivative") == []
    # Of a statement of three lines all light up, from the derivative's side.
    line = shown.run(f"[...document.querySelectorAll('{TEXT} .ln')].find(e => e.textContent.includes('matmul_bar = ')).dataset.n")  # fmt: skip
    shown.click(f'{TEXT} .ln[data-n="{line}"]')
    assert lit(shown, "primal") == ["u = np.tanh(", "theta @ x", ")"]
    shown.hover("h1")
    assert len(lit(shown, "primal")) == 3  # a click holds it
    assert shown.run("document.querySelectorAll('[aria-selected=true][role=option]').length") == 1
    shown.click(f'{TEXT} .ln[data-n="{line}"]')
    shown.hover("h1")
    assert lit(shown, "primal") == []


def test_the_keyboard_does_it_all(shown):
    focused = "document.activeElement.querySelector('.tx')?.textContent.trim()"
    shown.run("document.querySelector('#f0 .side.primal .ln').focus()")
    shown.press("End", "ArrowUp", "ArrowUp")
    assert shown.run(focused) == FORWARD
    shown.press("Enter")
    assert lit(shown, "derivative") == [FORWARD, *BACKWARD]
    shown.press("ArrowRight")
    assert shown.run(focused) == FORWARD
    shown.press("ArrowRight")
    assert shown.run(focused) == BACKWARD[0]
    shown.press("ArrowDown", "ArrowLeft")
    side = "document.activeElement.closest('.side').classList.contains('primal')"
    assert shown.run(side)
    shown.press("Escape", "Tab")
    assert lit(shown, "primal") == [] and shown.run("document.activeElement.textContent") == "grad(rollout)"  # fmt: skip
    shown.press("ArrowRight")
    assert shown.run("document.activeElement.textContent") == "jvp(rollout)"
    assert any("def rollout_jvp" in text for text in shown.texts(f"{TEXT} .tx"))
    shown.press("Tab", "ArrowLeft", "ArrowLeft")
    assert any("sum_1" in text or "matmul_1 = " in text for text in shown.texts(f"{TEXT} .tx"))
    # What has no name or state for a screen reader.
    assert shown.run("[...document.querySelectorAll('[role=listbox], [role=tablist], [role=tabpanel]')].filter(e => !e.getAttribute('aria-label')).length") == 0  # fmt: skip
    assert shown.run("[...document.querySelectorAll('[role=tab]')].filter(e => !document.getElementById(e.getAttribute('aria-controls'))).length") == 0  # fmt: skip


CONTRAST = """(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const paper = (e) => { for (; e; e = e.parentElement) {
    const found = rgb(getComputedStyle(e).backgroundColor);
    if (found.length === 3) return found; } };
  return Math.min(...[...document.querySelectorAll('#f0 .tx span, #f0 .no, #f0 .of, .keys, .legend li, #f0 th')]
    .filter((e) => e.offsetParent && e.textContent.trim()).map((e) => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(paper(e))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }));
})()"""


def test_light_dark_and_print(shown):
    paper = "getComputedStyle(document.querySelector('.srcad-view')).backgroundColor"
    button = "document.querySelector('.theme').getAttribute('aria-pressed')"
    light = shown.run(paper)
    shown.hover(UPDATE)
    assert shown.run(CONTRAST) >= 4.5  # what WCAG asks for
    shown.media(prefers_color_scheme="dark")
    shown.run("new Promise(requestAnimationFrame)")  # the page hears of it
    dark = shown.run(paper)
    assert dark != light and shown.run(button) == "true"
    assert shown.run(CONTRAST) >= 4.5
    shown.click(".theme")
    assert shown.run(paper) == light and shown.run(button) == "false"
    shown.click(".theme")
    shown.media(media="print")
    assert shown.run(paper) == light
    visible = "[...document.querySelectorAll('{}')].map(e => e.checkVisibility())"
    assert not any(shown.run(visible.format(".tabs, .theme, .links, .keys")))
    assert all(shown.run(visible.format(".stage.text")))  # of every derivative the text
    assert not any(shown.run(visible.format(".stage.parse")))
    assert shown.printed().startswith(b"%PDF")


def test_in_a_notebook_it_keeps_to_itself(browser, views, tmp_path):
    """Twice in one page that has styles of its own, put there as notebooks do it."""
    path = tmp_path / "notebook.html"
    path.write_text("<!DOCTYPE html><meta charset=utf-8><body data-jp-theme-light=false><h1>Mine</h1><div id=a></div><div id=b></div>")  # fmt: skip
    browser.media()
    browser.open(path)
    before = browser.run("getComputedStyle(document.querySelector('h1')).fontSize")
    for place in "ab":
        browser.run(
            f"(() => {{ const root = document.getElementById('{place}'); root.innerHTML = {fragment(views[0])!r};"
            " for (const old of root.querySelectorAll('script')) {"
            " const made = document.createElement('script'); made.textContent = old.textContent; old.replaceWith(made); } })()"
        )
    assert browser.run("getComputedStyle(document.querySelector('h1')).fontSize") == before
    assert browser.run("document.querySelectorAll('.srcad-view.dark').length") == 2
    browser.hover('#b .side.primal .ln[data-n="19"]')
    assert browser.run("[...document.querySelectorAll('#b .ln.lit')].length") >= 3
    assert browser.run("[...document.querySelectorAll('#a .ln.lit')].length") == 0
    ids = "[...document.querySelectorAll('[id]')].map(e => e.id)"
    assert len(set(browser.run(ids))) == len(browser.run(ids))
