"""Plain text as LaTeX that pdflatex compiles, whatever characters it holds."""

from __future__ import annotations

import unicodedata

SPECIAL = {
    "\\": "\\textbackslash{}",
    "{": "\\{",
    "}": "\\}",
    **{character: f"\\{character}" for character in "&%$#_"},
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    '"': "\\char34{}",
    "'": "\\textquotesingle{}",
    "`": "\\textasciigrave{}",
}
"""What LaTeX would read as more than the character."""

SIGNS = {
    "×": "$\\times$",
    "·": "$\\cdot$",
    "±": "$\\pm$",
    "−": "$-$",
    "→": "$\\rightarrow$",
    "←": "$\\leftarrow$",
    "↑": "$\\uparrow$",
    "↓": "$\\downarrow$",
    "≤": "$\\leq$",
    "≥": "$\\geq$",
    "≠": "$\\neq$",
    "≈": "$\\approx$",
    "∞": "$\\infty$",
    "√": "$\\sqrt{}$",
    "°": "$^{\\circ}$",
    "–": "\\textendash{}",
    "—": "\\textemdash{}",
    "…": "\\dots{}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "€": "\\texteuro{}",
}
LIKE_LATIN = {"omicron": "o", "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I"} | {
    "Kappa": "K",
    "Mu": "M",
    "Nu": "N",
    "Omicron": "O",
    "Rho": "P",
    "Tau": "T",
    "Chi": "X",
}
"""Greek letters that TeX has no command for, since a Latin one looks the same."""


def escaped(plain: str) -> str:
    """LaTeX that shows the text; a character that pdflatex cannot show appears by its number, U+4E2D."""
    text = "".join(_escaped(character) for character in unicodedata.normalize("NFC", plain))
    # Two hyphens are no dash.
    return text.replace("--", "-{}-")


def _escaped(character: str) -> str:
    if character in SPECIAL:
        return SPECIAL[character]
    if character in SIGNS:
        return SIGNS[character]
    if character.isascii():
        return character if character.isprintable() else " "
    if greek := _greek(character):
        return greek
    if "\u00c0" <= character <= "\u017e":
        return _accented(character)
    # A ligature, a wide letter or the micro sign stands for plainer characters.
    plain = unicodedata.normalize("NFKC", character)
    return escaped(plain) if plain != character else f"U+{ord(character):04X}"


def _greek(character: str) -> str:
    """The command of a plain Greek letter in a formula, or "" where it is none."""
    words = unicodedata.name(character, "").split()
    if len(words) != 4 or words[0] != "GREEK" or words[2] != "LETTER" or words[1] not in ("SMALL", "CAPITAL"):
        return ""
    name = {"LAMDA": "LAMBDA"}.get(words[3], words[3]).lower()
    name = name.capitalize() if words[1] == "CAPITAL" else name
    return LIKE_LATIN.get(name, f"$\\{name}$")


ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
    "\u0328": "k",
}
LETTERS = {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i"}


def _accented(character: str) -> str:
    """A Latin letter with an accent by its command, so that it needs no font encoding of its own."""
    if character in LETTERS:
        return f"\\{LETTERS[character]}{{}}"
    parts = unicodedata.normalize("NFD", character)
    if parts[0].isascii() and len(parts) == 2 and parts[1] in ACCENTS:
        return f"\\{ACCENTS[parts[1]]}{{{parts[0]}}}"
    return f"U+{ord(character):04X}"
