"""Units of measure in one spelling."""

NAMES = {
    spelled: name
    for name, spellings in {
        "cm": "centimeter centimeters centimetre centimetres",
        "mm": "millimeter millimeters millimetre millimetres",
        "km": "kilometer kilometers kilometre kilometres",
        "m": "meter meters metre metres",
        "kg": "kilogram kilograms",
        "g": "gram grams",
        "s": "second seconds sec secs",
        "min": "minute minutes mins",
        "h": "hour hours hr hrs",
        "in": "inch inches",
        "ft": "foot feet",
        "lb": "pound pounds lbs",
        "oz": "ounce ounces",
        "mi": "mile miles",
    }.items()
    for spelled in (name, *spellings.split())
}
"""From a unit as it is written, in lower case, to its short name."""


def spelled(written: str) -> str:
    """Return a unit in one spelling: known names shortened, a plural like its singular."""
    words = " ".join(written.casefold().replace(".", " ").split())
    if words in NAMES:
        return NAMES[words]
    return " ".join(NAMES.get(word, word.removesuffix("s")) for word in words.split())
