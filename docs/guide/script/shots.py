"""The pictures of pages, by name: shot NAME in a chapter calls the function of that name here."""
import time

import looks


def take(name, browser, home, pictures):
    SHOTS[name](Studio(browser, home, pictures, name))


class Studio:
    def __init__(self, browser, home, pictures, name):
        self.browser, self.home, self.pictures, self.name = browser, home, pictures, name

    def open(self, address, width=1000, height=800):
        """An address, or a file below the chapter's folder."""
        self.browser.size(width, height)
        self.browser.open(address if "://" in address else f"file://{self.home / address}")

    def save(self, clip=None, address=None, name=None):
        picture = self.browser.picture(clip)
        if address:
            picture = looks.framed(self.browser, picture, address)
        looks.save(picture, self.pictures / f"{name or self.name}.png")


SHOTS = {}


def shot(function):
    SHOTS[function.__name__.replace("_", "-")] = function
    return function


@shot
def first_site_curate(studio):
    studio.open("food.html", 1100)
    studio.save((0, 0, 1100, 530))


@shot
def first_site_report(studio):
    studio.open("run/report.html", 1100)
    studio.save((0, 0, 1100, 780))


def ask(browser, files):
    """Shows pictures to the page one after another and waits for the answers."""
    for number, file in enumerate(files, 1):
        browser.choose("#file", [file])
        browser.wait(f"document.querySelectorAll('.card:not(.working)').length == {number}")
    browser.run("document.activeElement.blur(); document.getAnimations().forEach(a => a.finish())")
    browser.run("new Promise(done => setTimeout(() => done(true), 1200))")


@shot
def first_site_page(studio):
    studio.open("http://127.0.0.1:8080/", 1000)
    ask(studio.browser, [studio.home / "leaf.jpg", studio.home / "apple.jpg"])
    studio.save(address="http://127.0.0.1:8080")


@shot
def first_site_https(studio):
    studio.open("https://classify.example.org/", 1000)
    ask(studio.browser, [studio.home / "apple.jpg"])
    studio.save(address="https://classify.example.org")


def decide(browser, count):
    """Relabels pictures that are not decided about as the report suggests."""
    browser.run(f"""for (const figure of [...document.querySelectorAll(
            'figure:not(.decided):not([data-suggested=""])[data-suggested]')].slice(0, {count})) {{
        const select = figure.querySelector('select');
        select.value = figure.dataset.suggested;
        select.dispatchEvent(new Event('change')); }}""")


def heading_top(browser, heading):
    return browser.run(f"[...document.querySelectorAll('h2')].find(e => e.textContent == '{heading}').getBoundingClientRect().y + scrollY") - 24


@shot
def labels_report(studio):
    browser = studio.browser
    studio.open("plants.html", 1100, 860)
    top = heading_top(browser, "Probably a wrong label")
    decide(browser, 5)
    browser.run(f"scrollTo(0, {top})")
    studio.save((0, top, 1100, 860))
    decide(browser, 1000)
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(studio.home))
    browser.run("document.querySelector('.decisions button:last-child').click()")
    for _ in range(100):
        if (studio.home / "decisions.jsonl").exists():
            break
        time.sleep(.1)


def show_answers(studio, dark=False):
    browser = studio.browser
    browser.dark(dark)
    studio.open("http://127.0.0.1:8080/")
    ask(browser, [studio.home / "apple.jpg", studio.home / "leaf.jpg"])
    browser.run("document.querySelector('.card button').click()")
    browser.wait("document.querySelector('img.heat')?.complete")
    browser.run("document.getElementById('sample').click()")
    browser.wait("document.querySelectorAll('.card:not(.working)').length == 3")
    browser.run("document.activeElement.blur(); new Promise(done => setTimeout(() => done(true), 1200))")
    studio.save()
    browser.dark(False)


@shot
def serve_page(studio):
    show_answers(studio)


@shot
def serve_dark(studio):
    show_answers(studio, dark=True)


@shot
def serve_plain(studio):
    browser = studio.browser
    browser.scripts(False)
    studio.open("http://127.0.0.1:8080/")
    browser.choose("#file", [studio.home / "apple.jpg", studio.home / "leaf.jpg"])
    browser.run("document.getElementById('upload').submit()")
    browser.wait("location.pathname.endsWith('/classify') && document.readyState == 'complete'")
    browser.scripts(True)
    studio.save()


@shot
def serve_card(studio):
    studio.open("http://127.0.0.1:8080/models/drawn")
    studio.save((0, 0, 1000, 900))


SITE = "http://127.0.0.1:8080"


def send(browser, form, **fields):
    """Fills in a form and sends it, and waits for the page that follows."""
    for name, value in fields.items():
        browser.run(f"document.querySelector('{form} [name={name}]').value = '{value}'")
    browser.run(f"window.old = true; document.querySelector('{form} button').click()")
    browser.wait("!window.old && document.readyState == 'complete'")


def upload(studio, files):
    browser = studio.browser
    studio.open(f"{SITE}/jobs", 780, 400)
    browser.choose("#file", files)
    browser.run("window.old = true; document.querySelector('#upload button').click()")
    browser.wait("!window.old && document.readyState == 'complete' && document.querySelector('#job, .lead')")


def same_hour(browser):
    """Jobs tell when they were; in pictures it is always the same time."""
    browser.run(r"""{ const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) walk.currentNode.data = walk.currentNode.data
            .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?/g, '2026-11-22 01:38').replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '2026-11-22T01:38:20Z')
            .replace(/ \d{4}-\d\d-\d\d\b(?! \d)/g, ' 2026-11-22').replace(/(until |^)\d\d:\d\d(?= UTC|$)/g, (_, before) => before + '01:48'); }""")


def some_pictures(studio, count=12):
    return sorted((studio.home / "set").glob("*/0[0-3][0-9].jpg"))[::120 // count][:count]


def page_of_jobs(studio):
    same_hour(studio.browser)
    studio.save()


@shot
def jobs_upload(studio):
    studio.open(f"{SITE}/register", 780, 400)
    send(studio.browser, "form.box", email="ada@example.org", password="a long sentence")
    studio.open(f"{SITE}/jobs", 780, 400)
    page_of_jobs(studio)


@shot
def jobs_running(studio):
    browser = studio.browser
    for _ in range(10):  # it does not run for long
        upload(studio, some_pictures(studio))
        if browser.holds("document.getElementById('state').textContent == 'running'"):
            break
    page_of_jobs(studio)


@shot
def jobs_done(studio):
    browser = studio.browser
    upload(studio, some_pictures(studio))
    browser.wait("document.getElementById('state')?.textContent == 'done'")
    page_of_jobs(studio)


@shot
def jobs_sheet(studio):
    browser = studio.browser
    browser.run("window.old = true; [...document.querySelectorAll('a')].find(a => a.textContent == 'Contact sheet').click()")
    browser.wait("!window.old && document.readyState == 'complete'")
    browser.size(1000, 400)
    page_of_jobs(studio)


@shot
def jobs_limit(studio):
    browser = studio.browser
    studio.open(f"{SITE}/jobs", 780, 400)
    browser.choose("#file", sorted((studio.home / "set").glob("*/*.jpg")))
    browser.run("window.old = true; document.querySelector('#upload button').click()")
    browser.wait("!window.old && document.readyState == 'complete'")
    page_of_jobs(studio)


def open_last_job(studio):
    studio.open(f"{SITE}/jobs", 780, 400)
    studio.open(studio.browser.run("document.querySelector('.jobs a').href"), 780, 400)


def wait_for_server(studio):
    for _ in range(300):
        try:
            studio.browser.open(f"{SITE}/healthz")
            return
        except SystemExit:
            time.sleep(.1)


@shot
def jobs_archived(studio):
    wait_for_server(studio)
    upload(studio, some_pictures(studio))
    for _ in range(60):  # the page of a job that is done does not look again by itself
        open_last_job(studio)
        if studio.browser.holds("document.body.innerText.includes('Get them back')"):
            break
        time.sleep(.5)
    page_of_jobs(studio)


@shot
def jobs_restoring(studio):
    """While the chapter keeps the archive away: otherwise it would be over before the page is there."""
    studio.open(f"{SITE}/upgrade", 780, 400)
    send(studio.browser, "main form")
    open_last_job(studio)
    page_of_jobs(studio)


@shot
def jobs_account(studio):
    studio.open(f"{SITE}/account", 780, 400)
    send(studio.browser, 'form[action="/account/tokens"]', name="laptop")
    studio.open(f"{SITE}/account", 780, 400)
    page_of_jobs(studio)


@shot
def curate(studio):
    browser = studio.browser
    studio.open("plants.html", 1100, 860)
    top = heading_top(browser, "One picture, two labels")
    browser.run("document.querySelector('figure[data-path=\"mushroom/007.jpg\"] button').click()")
    decide(browser, 2)
    browser.run(f"scrollTo(0, {top})")
    studio.save((0, top, 1100, 860))


@shot
def report(studio):
    studio.open("run/report.html", 1100)
    studio.save((0, 0, 1100, 780))


@shot
def report_heat_maps(studio):
    browser = studio.browser
    studio.open("run/report.html", 1100)
    browser.run("for (const image of document.images) image.loading = 'eager'")
    browser.wait("[...document.images].every(image => image.complete)")
    top = heading_top(browser, "Right, but least sure")
    studio.save((0, top, 1100, browser.run(
        "(e => e.getBoundingClientRect().bottom + scrollY)([...document.querySelectorAll('h2')]"
        ".find(e => e.textContent == 'Right, but least sure').parentElement.querySelectorAll('.wide')"
        "[document.querySelectorAll('.wide').length - 1])") - top + 20))
