#!/usr/bin/env python3
"""Runs docs/guide/browser in Chromium and compares what it answers with winnow-classify.

usage: browser_test.py SOURCE_FOLDER FOLDER_OF_PROGRAMS [BrowserTest.test_NAME...]
"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy
from PIL import Image

SOURCE, PROGRAMS = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
PAGE = SOURCE / "docs/guide/browser"
sys.path[:0] = [str(PAGE), str(SOURCE / "docs/pictures")]
from chromium import ISOLATED, STRICT, Chromium, serve
import compare
import draw

DRAWINGS = 16  # of each kind, to learn from
# How far a probability may be from that of winnow-classify in float32 (see docs/guide/browsers.md): where the pixels
# are the same, where only the decoders differ, and where winnow decodes a large JPEG at a fraction of its size.
EXACT, DECODED, REDUCED = 1e-4, 0.01, 0.05
EIGHT_BITS = 0.1


def run(program, *arguments, folder):
    done = subprocess.run([PROGRAMS / program, *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{program} {arguments}: {done.stderr}")
    return done.stdout


def draw_pictures(folder):
    """Pictures of all kinds, by how far the answers may differ."""
    folder.mkdir()
    apple, leaf, mushroom = (draw.draw(subject, 900 + i) for i, subject in enumerate((draw.apple, draw.leaf, draw.mushroom)))
    noise = numpy.random.default_rng(5).integers(0, 256, (300, 400, 3), numpy.uint8)
    exact = {
        "apple.png": apple,
        "wide.png": leaf.resize((517, 389)),
        "tall.png": mushroom.resize((301, 640)),
        "small.png": apple.resize((90, 61)),
        "narrow.png": leaf.resize((40, 700)),
        "large.png": mushroom.resize((2900, 2100)),
        "seen_size.png": mushroom.resize((256, 256)),
        "noise.png": Image.fromarray(noise),
        "grey.png": apple.convert("L"),
        "palette.png": leaf.quantize(64),
        "lossless.webp": mushroom,
    }
    for name, picture in exact.items():
        picture.save(folder / name, **({"lossless": True} if name.endswith("webp") else {}))
    leaf.putalpha(Image.radial_gradient("L").resize(leaf.size))
    leaf.save(folder / "transparent.png")
    orientation = Image.Exif()
    orientation[0x0112] = 6
    decoded = {"apple.jpg": apple, "turned.jpg": mushroom.resize((480, 360)), "lossy.webp": apple}
    for name, picture in decoded.items():
        picture.save(folder / name, quality=90, **({"exif": orientation} if name == "turned.jpg" else {}))
    fine = Image.new("RGB", (2880, 2160))  # with as much detail as a photograph of many things
    for i in range(48):
        fine.paste(draw.draw((draw.apple, draw.leaf, draw.mushroom)[i % 3], 950 + i), (360 * (i % 8), 360 * (i // 8)))
    reduced = {"photo.jpg": mushroom.resize((4032, 3024), Image.Resampling.BICUBIC), "fine.jpg": fine}
    for name, picture in reduced.items():
        picture.save(folder / name, quality=90)
    return {EXACT: list(exact), DECODED: ["transparent.png", *decoded], REDUCED: list(reduced)}


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        for subject in (draw.apple, draw.leaf, draw.mushroom):
            kind = cls.folder / "set" / subject.__name__
            kind.mkdir(parents=True)
            for seed in range(DRAWINGS):
                draw.draw(subject, seed).save(kind / f"{seed}.png")
        run("winnow-train", "set", "-o", "run", "--recipe", "probe", folder=cls.folder)
        for model in ("drawn.onnx", "drawn.pt"):
            run("winnow-export", "run", "-o", model, folder=cls.folder)
        run("winnow-export", "run", "--int8", "--calibrate", "set", "-o", "drawn8.onnx", folder=cls.folder)
        cls.pictures = draw_pictures(cls.folder / "pictures")
        cls.names = [name for names in cls.pictures.values() for name in names]
        cls.expected = cls.answers_of_winnow("drawn.pt")  # computes in float32 on every processor
        cls.browser = Chromium()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.temporary.cleanup()

    @classmethod
    def answers_of_winnow(cls, model):
        paths = {cls.folder / "pictures" / name: name for name in cls.names}
        answers = compare.classify(cls.folder / model, paths, PROGRAMS)
        return {paths[pathlib.Path(path)]: answer for path, answer in answers.items()}

    def site(self, model="drawn.onnx"):
        site = self.folder / f"site-{self.id().split('.')[-1]}"
        subprocess.run([PAGE / "assemble.sh", self.folder / model, site], check=True)
        shutil.copytree(self.folder / "pictures", site / "pictures")
        return site

    def open(self, address, **options):
        page = self.browser.open(address, **options)
        self.addCleanup(page.__exit__)
        return page

    def ready(self, page):
        page.wait_for("document.getElementById('loading')?.hidden")
        self.assertTrue(page.run("document.getElementById('trouble').hidden"), page.run("document.body.innerText"))

    def ask(self, page, **options):
        """What winnow.js says of all pictures."""
        said = compare.ask_page(page, [f"pictures/{name}" for name in self.names], **options)
        said["answers"] = {name: said["answers"][f"pictures/{name}"] for name in self.names}
        return said

    def compare(self, answers, expected, bounds, kind):
        for bound, names in bounds.items():
            differences = {name: compare.difference(expected[name], answers[name]) for name in names}
            worst = max(differences, key=differences.get)
            print(f"{kind}: at most {differences[worst]:.1e} ({worst}; allowed {bound}) on {len(names)} pictures")
            self.assertLessEqual(differences[worst], bound, differences)
            for name in names:
                if abs(answers[name]["confidence"] - 0.5) > bound:
                    self.assertEqual(answers[name]["label"], expected[name]["label"], name)
                self.assertEqual(answers[name]["unknown"], expected[name]["unknown"], name)

    def test_answers_as_winnow_classify_does(self):
        with serve(self.site(), STRICT) as address:
            page = self.open(address)
            self.ready(page)
            said = self.ask(page)
            answers = said["answers"]
            self.assertEqual(said["threads"], 1)
            self.compare(answers, self.expected, self.pictures, "1 thread")
            self.assertTrue(answers["noise.png"]["unknown"])
            self.assertFalse(answers["apple.png"]["unknown"])
            # Reference pictures: of the PNGs every pixel is the same.
            check = said["check"]
            self.assertTrue(check["holds"], check)
            self.assertEqual([p["name"] for p in check["pictures"]], ["wide.png", "turned.jpg", "small.png"])
            for picture in check["pictures"]:
                print("reference picture:", picture)
                if picture["name"].endswith("png"):
                    self.assertTrue(picture["samePixels"], picture)
            # Nothing was asked of anybody else, and nothing refused by the policy.
            self.assertEqual(page.messages(), [])
            self.assertTrue(all(a.startswith((address, f"blob:{address}")) for a in page.addresses()), page.addresses())

    def test_computes_with_threads_on_an_isolated_page(self):
        with serve(self.site(), STRICT | ISOLATED) as address:
            page = self.open(address)
            self.ready(page)
            self.assertTrue(page.run("crossOriginIsolated"))
            said = self.ask(page, threads=2)
            self.assertEqual(said["threads"], 2)
            self.compare(said["answers"], self.expected, self.pictures, "2 threads")
            self.assertEqual(page.messages(), [])

    def test_runs_a_model_in_8_bits(self):
        with serve(self.site("drawn8.onnx"), STRICT) as address:
            page = self.open(address)
            self.ready(page)
            self.compare(self.ask(page)["answers"], self.answers_of_winnow("drawn8.onnx"), {EIGHT_BITS: self.names}, "8 bits")

    def test_needs_no_headers_of_the_server(self):
        with serve(self.site(), {}) as address:
            page = self.open(address)
            self.ready(page)
            refused = page.run("fetch('https://example.org/').then(() => false, () => true)")
            self.assertTrue(refused)
            self.assertIn("Content Security Policy", " ".join(page.messages()))

    def test_shows_a_card_for_each_picture(self):
        with serve(self.site(), STRICT) as address:
            page = self.open(address, width=390, height=760)
            # Pictures may come before the model is there.
            page.wait_for("document.documentElement?.classList.contains('js')")
            (self.folder / "text.jpg").write_text("no picture")
            names = ["apple.png", "noise.png"]
            page.choose("#file", [self.folder / "pictures" / name for name in names] + [self.folder / "text.jpg"])
            page.wait_for("document.querySelectorAll('.card:not(.working)').length === 3")
            cards = page.run("""[...document.querySelectorAll(".card")].map((card) => [card.className,
                ...["name", "label", "score-value"].map((part) => card.querySelector("." + part)?.textContent)])""")
            apple, noise = (self.expected[name] for name in names)
            self.assertEqual(cards[2][:3], [f"card {apple['verdict']}", "apple.png", "apple"])
            self.assertIn(cards[2][3], {f"{round(100 * apple['confidence'])}%", ">99%"})
            self.assertEqual(cards[1][:3], ["card none_of_these", "noise.png", "Something else"])
            self.assertEqual(cards[0][:3], ["card problem", "text.jpg", "That did not work"])
            self.assertTrue(noise["unknown"])
            self.assertEqual(page.run("document.documentElement.scrollWidth <= innerWidth"), True)

    def test_is_used_by_keyboard(self):
        with serve(self.site(), STRICT) as address:
            page = self.open(address)
            self.ready(page)
            for key in ("keyDown", "keyUp"):
                page.send("Input.dispatchKeyEvent", type=key, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            self.assertEqual(page.run("document.activeElement.labels[0].textContent"), "Choose a picture")
            self.assertNotEqual(page.run("getComputedStyle(document.querySelector('label[for=file]')).outlineStyle"), "none")

    def test_says_when_the_browser_alters_pixels(self):
        with serve(self.site(), STRICT) as address:
            page = self.open("about:blank")
            page.send("Page.addScriptToEvaluateOnNewDocument", source="""
                const read = OffscreenCanvasRenderingContext2D.prototype.getImageData;
                OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...place) {
                  const picture = read.apply(this, place);
                  for (let i = 0; i < picture.data.length; ++i) picture.data[i] += 12 * Math.random();
                  return picture;
                };""")
            page.send("Page.navigate", url=address)
            page.wait_for("document.getElementById('loading')?.hidden")
            self.assertIn("alters pictures", page.run("document.getElementById('trouble').innerText"))

    def test_says_what_is_wrong_with_a_model(self):
        site = self.site()
        good = (site / "model.onnx").read_bytes()
        with serve(site, STRICT | {"Cache-Control": "no-store"}) as address:
            for content, complaint in ((b"<!doctype html><title>Not found</title>", "no model file"),
                                       (b"", "not written by winnow-export"),
                                       (good[:5_000_000], "no model file"),
                                       (good.replace(b'"classes":[', b'"classes" ['), "export it again"),
                                       (good.replace(b'"preprocessing":', b'"PREPROCESSING":'), "export it again"),
                                       (good.replace(b'"format":1,', b'"format":9,'), "newer than this page"),
                                       (None, "cannot be fetched (404)")):
                (site / "model.onnx").unlink(missing_ok=True)
                if content is not None:
                    (site / "model.onnx").write_bytes(content)
                page = self.open(address)
                page.wait_for("document.getElementById('loading')?.hidden")
                self.assertIn(complaint, page.run("document.getElementById('trouble').innerText"))

    def test_reads_metadata_of_garbage(self):
        """Whatever the bytes: entries, or an Error for people; at once."""
        site = self.site()
        random.seed(3)  # the same garbage each time
        entry = b"\x72\x0c\x0a\x01k\x12\x07" + b"v" * 7  # field 14: key k, value vvvvvvv
        start = b"\x08\x08\x12\x06winnow\x3a\x80\x02" + bytes(256) + entry
        cases = [start[:cut] for cut in range(len(start))]
        cases += [bytes(random.randrange(256) if random.random() < .02 else byte for byte in start) for _ in range(2000)]
        cases += [random.randbytes(random.randrange(60)) for _ in range(2000)]
        cases += [b"\x72" + b"\xff" * 9 + b"\x01", b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"]
        with serve(site, STRICT) as address:
            page = self.open(address)
            said = page.run(f"""(async () => {{
                const {{ readMetadata, describeModel }} = await import("./winnow.js");
                const say = (bytes) => {{
                  try {{
                    const entries = readMetadata(Uint8Array.from(bytes));
                    try {{ describeModel(entries); }} catch (error) {{ if (error.constructor !== Error) return "describing: " + error; }}
                    return Object.fromEntries(entries);
                  }} catch (error) {{
                    return error.constructor === Error ? "damaged" : "reading: " + error;
                  }}
                }};
                return {json.dumps([list(case) for case in [start, *cases]])}.map(say);
            }})()""")
        self.assertEqual(said[0], {"k": "vvvvvvv"})
        self.assertEqual([s for s in said if isinstance(s, str) and s != "damaged"], [])
        self.assertEqual(said[-2:], ["damaged", "damaged"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
