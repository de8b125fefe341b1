"""Barca 0.6: twenty-six small letters of one line each, as SVG paths and a specimen."""

UNITS = 1000
X_HEIGHT, ASCENDER, DESCENDER = 512, 768, 256
SIDE = 110  # white on either side of a letter

BOWL = "M 512 -256 A 256 256 0 1 0 0 -256 A 256 256 0 1 0 512 -256"
BOWL_FROM_STEM = "M 0 -256 A 256 256 0 1 1 512 -256 A 256 256 0 1 1 0 -256"
ARCH = "M 75 -437 A 256 256 0 0 1 512 -256 V 0"
DOT = "-672 v -24"

# The baseline is y = 0 and y grows downwards, as in SVG. Strokes stand in the order of the hand.
LETTERS: dict[str, tuple[int, tuple[str, ...]]] = {  # width, strokes
    "a": (512, (BOWL, "M 512 -512 V 0")),
    "b": (512, ("M 0 -768 V 0", BOWL_FROM_STEM)),
    "c": (437, ("M 437 -437 A 256 256 0 1 0 437 -75",)),
    "d": (512, (BOWL, "M 512 -768 V 0")),
    "e": (512, ("M 0 -256 H 512 A 256 256 0 1 0 437 -75",)),
    "f": (320, ("M 320 -768 A 160 160 0 0 0 160 -608 V 0", "M 0 -512 H 320")),
    "g": (512, (BOWL, "M 512 -512 V 0 A 256 256 0 0 1 75 181")),
    "h": (512, ("M 0 -768 V 0", ARCH)),
    "i": (0, ("M 0 -512 V 0", f"M 0 {DOT}")),
    "j": (160, ("M 160 -512 V 96 A 160 160 0 0 1 0 256", f"M 160 {DOT}")),
    "k": (400, ("M 0 -768 V 0", "M 384 -512 L 64 -256 L 400 0")),
    "l": (128, ("M 0 -768 V -128 A 128 128 0 0 0 128 0",)),
    "m": (
        768,
        (
            "M 0 -512 V 0",
            "M 56 -456 A 192 192 0 0 1 384 -320 V 0",
            "M 440 -456 A 192 192 0 0 1 768 -320 V 0",
        ),
    ),
    "n": (512, ("M 0 -512 V 0", ARCH)),
    "o": (512, (BOWL,)),
    "p": (512, ("M 0 -512 V 256", BOWL_FROM_STEM)),
    "q": (512, (BOWL, "M 512 -512 V 256")),
    "r": (300, ("M 0 -512 V 0", "M 75 -437 A 256 256 0 0 1 300 -508")),
    "s": (360, ("M 307 -474.5 A 180 128 0 1 0 180 -256 A 180 128 0 1 1 53 -37.5",)),
    "t": (320, ("M 160 -704 V -160 A 160 160 0 0 0 320 0", "M 0 -512 H 320")),
    "u": (512, ("M 0 -512 V -256 A 256 256 0 0 0 437 -75", "M 512 -512 V 0")),
    "v": (448, ("M 0 -512 L 224 0 L 448 -512",)),
    "w": (704, ("M 0 -512 L 176 0 L 352 -512 L 528 0 L 704 -512",)),
    "x": (400, ("M 0 -512 L 400 0", "M 400 -512 L 0 0")),
    "y": (448, ("M 0 -512 L 224 0", "M 448 -512 L 112 256")),
    "z": (400, ("M 0 -512 H 400 L 0 0 H 400",)),
}


def advance(letter: str) -> int:
    return 400 if letter == " " else LETTERS[letter][0] + 2 * SIDE


def svg(body: str, width: float, height: float, top: float) -> str:
    """Strokes in black without fill; `top` is where the view begins above the baseline."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {-top:g} {width:g} {height:g}">'
        '<g fill="none" stroke="#000" stroke-width="40" stroke-linecap="round" stroke-linejoin="round">'
        f"{body}</g></svg>\n"
    )


def paths(letter: str, *, x: float = 0, y: float = 0) -> str:
    strokes = "".join(f'<path d="{stroke}"/>' for stroke in LETTERS[letter][1])
    return f'<g transform="translate({x + SIDE:g} {y:g})">{strokes}</g>'


def letter_svg(letter: str) -> str:
    return svg(paths(letter), advance(letter), 1200, 850)


def line_svg(text: str, *, rules: bool = False) -> str:
    """A line of text; with rules, also its baseline and x-height."""
    body, x = "", 0
    for letter in text:
        if letter != " ":
            body += paths(letter, x=x)
        x += advance(letter)
    if rules:
        body += "".join(
            f'<path d="M 0 {-y} H {x}" stroke="#e24228" stroke-width="6"/>' for y in (0, X_HEIGHT)
        )
    return svg(body, x, 1200, 850)


def widths() -> str:
    rows = [f"{letter},{LETTERS[letter][0]},{advance(letter)}" for letter in LETTERS]
    return "\n".join(["letter,width,advance", *rows]) + "\n"


README = """Barca 0.6, single-line SVG letters
by Ines Calder, Lisbon

What this is
  letters/     one SVG file per small letter, a to z
  widths.csv   the width of each letter, and how far to go on to the next
  specimen.pdf two pages that show what the letters do
  LICENCE.txt  what you may do with them

What this is not
  A font file. Font formats want closed outlines, and these letters have no inside.
  There are no capitals, figures or accents in this version.

The grid
  1000 units. The baseline is y = 0, the x-height 512, ascenders 768, descenders 256.
  y grows downwards, as in SVG, so what stands above the baseline is negative.
  Each letter has 110 units of white on either side; they are in its file and in "advance".

How to draw a word
  Put the letters side by side, each moved to the right by the advances before it. A space is 400.
  The strokes of a letter are in the order in which a hand would make them: keep it.
  The stroke width of 40 in the files is only for looking at. Use your pen's.

If a letter is wrong, write to ines@inescalder.example.
"""

LICENCE = """Barca 0.6, early licence

You have bought these letters for yourself or for one studio.

You may
  - use them in your own work, commercial work included, on as many machines as you have
  - change them for that work
  - pass on what you have drawn, cut, engraved or printed with them, also as SVG or PDF

You may not
  - pass on or sell the letters themselves, changed or not, as letters
  - put them into a font file that others can download

They come as they are, without any warranty. If they are unfit for your machine, say so within
two years and you get your money back.

Ines Calder, Rua da Bempostinha 27, 1150-065 Lisboa, Portugal
"""
