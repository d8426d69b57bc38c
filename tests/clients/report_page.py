"""What a person does with the HTML report, done by a browser: look, sort, filter, open, print."""

import time

SHOWN = "[...document.querySelectorAll('tbody:not([hidden])')]"
NAMES = SHOWN + ".map((body) => body.querySelector('td > a').textContent)"
# Two frames later everything that was asked for has been drawn.
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LOOKS = {
    "light": {"height": 1900},
    "dark": {"scheme": "dark", "height": 1900},
    "narrow": {"width": 390, "height": 2300},
}
# The longest that a sort or a filter of ten thousand rows may take, on a busy small machine.
PATIENCE = 3


def everything(browser, path, screens):
    """Sorts, filters and opens the page of the model outcome, and takes its pictures."""
    page = browser.open(path)
    names = ["ststalled", "stold", "sthostile", "stdue", "stfresh", "stoff"]
    expect_equal(page.run(NAMES), [*names, "stwaived"])
    by_verdict = ["ststalled", "stold", "stwaived", *names[2:]]
    for column, expected in ((0, sorted(by_verdict)), (1, by_verdict)):
        click(page, "thead th:nth-child(%d) button" % (column + 1))
        expect_equal(page.run(NAMES), expected)
    click(page, "thead th:nth-child(3) button")
    click(page, "thead th:nth-child(3) button")
    expect_equal(page.run(NAMES)[:3], ["ststalled", "stold", "stwaived"])
    expect_equal(page.run("document.querySelector('th[aria-sort]').ariaSort"), "descending")

    write(page, "KV-prod")
    expect_equal(sorted(page.run(NAMES)), ["stfresh", "sthostile", "ststalled"])
    expect_equal(page.run("document.getElementById('shown').value"), "3 of 7 accounts")
    click(page, ".total.stalled")
    expect_equal(page.run(NAMES), ["ststalled"])
    write(page, "")
    click(page, ".total.overdue")
    expect_equal(sorted(page.run(NAMES)), ["stold", "ststalled", "stwaived"])
    click(page, ".total.stalled")
    click(page, ".total.overdue")
    expect_equal(len(page.run(NAMES)), 7)

    expect_equal(is_shown(page, "#a3 .more"), False)
    click(page, "#a3 td > a")
    expect_equal(is_shown(page, "#a3 .more"), True)
    expect_equal(is_shown(page, "#a4 .more"), False)
    click(page, "#expand")
    expect_equal(is_shown(page, "#a4 .more"), True)
    expect_equal(page.run("document.scripts.length"), 1)
    expect_equal(page.run("document.querySelectorAll('[onerror], img, iframe').length"), 0)
    expect_equal(page.troubles(), [])
    for name, look in LOOKS.items():
        picture(browser, path, screens / ("report-%s.png" % name), look)


def picture(browser, path, file, look):
    page = browser.open(path, **look)
    for selector in ("#a4 td > a", "#a5 td > a"):
        click(page, selector)
    expect_equal(page.run("document.documentElement.scrollWidth <= innerWidth"), True)
    page.picture(file)
    expect_equal(page.troubles(), [])


def without_script(browser, path):
    """Reads the page where scripts are forbidden: all is there, and a link opens a section."""
    page = browser.open(path, script=False)
    expect_equal(len(page.run(NAMES)), 7)
    page.run("location.hash = '#a3'")
    expect_equal(is_shown(page, "#a3 .more"), True)
    expect_equal(is_shown(page, ".tools"), False)


def on_paper(browser, path):
    """Prints the page: the sections of what fails are on the paper, the tools are not."""
    page = browser.open(path)
    page.call("Emulation.setEmulatedMedia", media="print")
    expect_equal(is_shown(page, "#a3 .more"), True)
    expect_equal(is_shown(page, "#a1 .more"), False)
    expect_equal(is_shown(page, ".tools"), False)
    printed = page.call("Page.printToPDF", printBackground=False)["data"]
    if len(printed) < 10000:
        raise AssertionError("the print is empty: %d characters" % len(printed))


def large(browser, path, accounts):
    """Opens, sorts and filters a page of many rows, each within the patience of a person."""
    begin = time.monotonic()
    page = browser.open(path)
    page.run(DRAWN)
    opened = time.monotonic() - begin
    expect_equal(len(page.run(NAMES)), accounts)
    sort = "document.querySelector('thead th:nth-child(3) button').click(); " + DRAWN
    filtered = "document.getElementById('filter'); box.value = 'overdue'; "
    filtered += "box.dispatchEvent(new Event('input')); " + DRAWN
    took = [timed(page, "(async () => { %s })()" % sort)]
    took.append(timed(page, "(async () => { const box = %s })()" % filtered))
    for seconds in took:
        if seconds > PATIENCE:
            raise AssertionError("a sort or filter takes %.1f s" % seconds)
    expect_equal(0 < len(page.run(NAMES)) < accounts, True)
    expect_equal(page.troubles(), [])
    return "opened in %.1f s, sorted in %.2f s, filtered in %.2f s" % (opened, *took)


def timed(page, script):
    begin = time.monotonic()
    page.run(script)
    return time.monotonic() - begin


def click(page, selector):
    page.run("document.querySelector(%r).click()" % selector)
    page.run(DRAWN)


def write(page, text):
    page.run("document.getElementById('filter').value = %r" % text)
    page.run("document.getElementById('filter').dispatchEvent(new Event('input'))")
    page.run(DRAWN)


def is_shown(page, selector):
    return page.run("getComputedStyle(document.querySelector(%r)).display !== 'none'" % selector)


def expect_equal(found, expected):
    if found != expected:
        raise AssertionError("%r is not %r" % (found, expected))
