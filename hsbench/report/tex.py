"""Plain text as LaTeX that pdflatex compiles, whatever characters the text has."""

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
"""Characters with a meaning in LaTeX -> the command that shows them."""

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
"""Signs outside ASCII -> the command that shows them."""
LIKE_LATIN = {"omicron": "o", "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I"} | {
    "Kappa": "K",
    "Mu": "M",
    "Nu": "N",
    "Omicron": "O",
    "Rho": "P",
    "Tau": "T",
    "Chi": "X",
}
"""Greek letters without a command in TeX -> the Latin letter that looks the same."""


def escaped(plain: str) -> str:
    """Return LaTeX that shows a text; a character that pdflatex cannot show becomes its code point, such as U+4E2D."""
    text = "".join(_escaped(character) for character in unicodedata.normalize("NFC", plain))
    # TeX would set two hyphens as a dash.
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
    # The compatibility form NFKC of a ligature, a full-width letter or the micro sign has plainer characters.
    plain = unicodedata.normalize("NFKC", character)
    return escaped(plain) if plain != character else f"U+{ord(character):04X}"


def _greek(character: str) -> str:
    """Return the command of a Greek letter without accents, or "" for any other character."""
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
    """Return the accent command of a Latin letter, which works with every font encoding."""
    if character in LETTERS:
        return f"\\{LETTERS[character]}{{}}"
    parts = unicodedata.normalize("NFD", character)
    if parts[0].isascii() and len(parts) == 2 and parts[1] in ACCENTS:
        return f"\\{ACCENTS[parts[1]]}{{{parts[0]}}}"
    return f"U+{ord(character):04X}"
