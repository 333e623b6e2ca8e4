"""The report in a real Chromium, opened from disk: it sorts, filters, plays, and runs nothing that it was given."""

import shutil

import pytest

selenium = pytest.importorskip("selenium", reason="selenium is not installed")
CHROMIUM, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")

FLAGS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "autoplay-policy=no-user-gesture-required",
)
BASE = "table2d--toys--quick--fixed-1/toys"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(f"--{flag}")
    driver = Chrome(options=options, service=Service(DRIVER))
    driver.set_script_timeout(10)
    yield driver
    driver.quit()


@pytest.fixture
def open_page(chromium, report):
    """A function that opens a page of the report; whatever the console says fails the test."""

    def go(place, width=1400, scheme="light"):
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
        chromium.get((report / place).as_uri())
        return chromium

    yield go
    assert chromium.get_log("browser") == []


def find(driver, selector):
    return driver.find_elements("css selector", selector)


def column(driver, index):
    script = "return [...document.querySelectorAll('tbody tr')].filter(r => !r.hidden).map(r => r.cells[arguments[0]])"
    return driver.execute_script(script + ".map(cell => cell.textContent)", index)


def test_columns_sort_by_number_and_what_is_missing_comes_last(open_page, toys):
    driver = open_page(f"scores/{BASE}/mse.html")
    heads, buttons = find(driver, "thead th"), find(driver, "thead button")
    assert column(driver, 3) == ["0.900", "0.0500", "0.100"]
    buttons[4].click()
    assert column(driver, 4) == ["2.00", "10.0", toys.evil]
    assert heads[4].get_attribute("aria-sort") == "ascending"
    buttons[4].click()
    assert column(driver, 4) == ["10.0", "2.00", toys.evil]
    assert heads[4].get_attribute("aria-sort") == "descending"
    buttons[4].click()
    assert column(driver, 0) == toys.clips, "a third click gives the order of evaluation back"
    assert heads[4].get_attribute("aria-sort") is None


def test_the_keyboard_reaches_and_works_everything(open_page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    driver = open_page(f"scores/{BASE}/mse.html")
    seen = []
    for _ in range(40):
        ActionChains(driver).send_keys(Keys.TAB).perform()
        name = driver.execute_script(
            "const e = document.activeElement; return e.className || e.type || e.getAttribute('href') || e.tagName"
        )
        seen.append(name)
        if seen.count("sort") == 4:
            ActionChains(driver).send_keys(Keys.ENTER).perform()
            break
    assert [name for name in ("skip", "theme", "search", "box") if name not in seen] == []
    assert column(driver, 3) == ["0.0500", "0.100", "0.900"]


def test_the_filter_filters_and_says_how_many(open_page):
    driver = open_page(f"scores/{BASE}/mse.html")
    (search,) = find(driver, "input[type=search]")
    search.send_keys("C-1 0.05")
    assert column(driver, 0) == ["c-1"]
    assert find(driver, "output")[0].text == "1 of 3 rows"
    search.clear()
    search.send_keys("nothing has this")
    assert column(driver, 0) == []
    search.clear()
    search.send_keys(" ")
    assert len(column(driver, 0)) == 3


def test_a_player_plays_and_its_duration_is_right(open_page, toys):
    driver = open_page(f"clips/{BASE}/c-1.html")
    duration, time = driver.execute_async_script(
        "const done = arguments[0], a = document.querySelectorAll('audio')[1];"
        "a.addEventListener('timeupdate', () => { if (a.currentTime > 0.2) done([a.duration, a.currentTime]); });"
        "a.play();"
    )
    assert duration == pytest.approx(toys.samples / toys.rate, abs=1e-3)
    assert 0.2 < time <= duration
    playing = driver.execute_async_script(
        "const done = arguments[0], all = [...document.querySelectorAll('audio')];"
        "all[0].addEventListener('playing', () => done(all.map(a => !a.paused))); all[0].play();"
    )
    assert playing == [True, False, False], "one sound at a time"


DECK = """
const done = arguments[0], all = [...document.querySelectorAll('audio')];
const press = key => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
const until = test => new Promise(resolve => {
  const look = () => { if (test()) resolve(); else setTimeout(look, 10); };
  look();
});
const state = () => ({
  playing: all.map(a => !a.paused),
  at: all.map(a => a.currentTime),
  chosen: document.querySelector('.chosen').value,
  pressed: [...document.querySelectorAll('.pick')].map(b => b.getAttribute('aria-pressed')),
  clock: document.querySelector('.clock').textContent,
});
(async () => { %s })().catch(error => done(String(error)));
"""


def test_durations_are_shown_before_anything_plays(open_page, toys):
    driver = open_page(f"clips/{BASE}/c-1.html")
    script = "await until(() => all.every(a => a.readyState > 0)); done([all.map(a => a.duration), state()]);"
    durations, state = driver.execute_async_script(DECK % script)
    assert durations == pytest.approx([toys.samples / toys.rate] * 3, abs=1e-3)
    assert state["playing"] == [False] * 3
    assert state["clock"] == "0.00 / 1.49 s"
    assert [one.text for one in find(driver, ".duration")] == ["1.49 s"] * 3


def test_another_sound_goes_on_at_the_same_position(open_page, toys):
    driver = open_page(f"clips/{BASE}/c-1.html")
    before, after = driver.execute_async_script(
        DECK
        % """
        press(' '); await until(() => all[0].currentTime > 0.3);
        const before = state();
        press('2'); await until(() => !all[2].paused && all[2].currentTime > before.at[0]);
        done([before, state()]);
        """
    )
    assert (before["playing"], before["chosen"]) == ([True, False, False], "original")
    assert (after["playing"], after["chosen"]) == ([False, False, True], toys.evil)
    assert after["pressed"] == ["false", "false", "true"]
    assert before["at"][0] < after["at"][2] < before["at"][0] + 0.5


def test_a_paused_sound_stays_paused_when_another_is_chosen(open_page):
    driver = open_page(f"clips/{BASE}/c-1.html")
    paused, moved, ended = driver.execute_async_script(
        DECK
        % """
        await until(() => all.every(a => a.readyState > 0));
        press(' '); await until(() => all[0].currentTime > 0.2);
        press(' '); await until(() => all[0].paused);
        press('ArrowRight'); const paused = state();
        press('9'); press('ArrowLeft'); press('ArrowLeft'); const moved = state();
        all[0].currentTime = 1.45; press(' '); await until(() => all[0].ended);
        press('1'); done([paused, moved, state()]);
        """
    )
    assert (paused["playing"], paused["chosen"]) == ([False] * 3, "plain")
    assert paused["at"][1] == pytest.approx(paused["at"][0], abs=0.01)
    assert moved["chosen"] == "original", "a key without a row and a step before the first card change nothing"
    assert ended["at"][1] == 0, "after the end of one sound the next begins at its beginning"


def test_the_space_bar_on_a_card_plays_and_does_not_choose_again(open_page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    driver = open_page(f"clips/{BASE}/c-1.html")
    find(driver, ".pick")[1].click()
    ActionChains(driver).send_keys("2").send_keys(Keys.SPACE).perform()
    state = driver.execute_async_script(DECK % "await until(() => !all[2].paused); done(state());")
    assert state["playing"] == [False, False, True]


def test_figures_fill_the_page_and_have_their_own_layout_on_a_phone(open_page):
    script = (
        "return [...document.querySelectorAll('figure img')]"
        ".map(i => [i.currentSrc.endsWith('-narrow.svg'), i.clientWidth, i.closest('section').clientWidth])"
    )
    for width, is_narrow in ((1280, False), (390, True)):
        driver = open_page("index.html", width)
        driver.execute_script("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
        driver.execute_async_script("Promise.all([...document.images].map(i => i.decode())).then(arguments[0])")
        pictures = driver.execute_script(script)
        assert pictures
        assert all(narrow == is_narrow and shown >= room - 2 for narrow, shown, room in pictures), pictures


def test_pictures_are_drawn(open_page):
    driver = open_page(f"clips/{BASE}/c-1.html")
    driver.execute_script("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    script = "Promise.all([...document.images].map(i => i.decode().then(() => [i.naturalWidth, i.naturalHeight])))"
    assert driver.execute_async_script(f"{script}.then(arguments[0])") == [[257, 80]] * 3


@pytest.mark.parametrize("place", ["index.html", "cells.html", f"clips/{BASE}/c-0.html", f"scores/{BASE}/mse.html"])
def test_markup_stays_text_and_a_phone_scrolls_inside_boxes_only(open_page, place, toys):
    driver = open_page(place, width=390, scheme="dark")
    assert driver.title != "1"
    assert find(driver, "[onerror]") == []
    assert toys.evil in driver.execute_script("return document.body.textContent")
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 390


def test_dark_and_light_follow_the_system_and_the_button(open_page):
    def ground(driver):
        return driver.execute_script("return getComputedStyle(document.body).backgroundColor")

    light, dark = ground(open_page("index.html")), ground(open_page("index.html", scheme="dark"))
    assert light != dark
    driver = open_page("index.html", scheme="dark")
    find(driver, ".theme")[0].click()
    assert ground(driver) == light
    driver.execute_script("localStorage.clear()")


def test_a_link_to_a_cell_opens_its_folds(open_page):
    driver = open_page("index.html")
    find(driver, "tbody th a")[0].click()
    assert driver.current_url.endswith("cells.html#cell-0")
    assert all(one.get_attribute("open") for one in find(driver, "#cell-0 details"))


def test_pages_of_text_say_nothing_on_the_console(open_page):
    for place in ("limits.html", "differences.html"):
        assert len(find(open_page(place), "h2")) >= 5
