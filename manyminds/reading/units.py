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
        "mg": "milligram milligrams",
        "t": "tonne tonnes",
        "l": "liter liters litre litres",
        "\u00b0c": "\u2103 celsius centigrade",
        "\u00b0f": "\u2109 fahrenheit",
        "ml": "milliliter milliliters millilitre millilitres",
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


SIZES = {
    "mm": ("length", 1), "cm": ("length", 10), "m": ("length", 1_000), "km": ("length", 1_000_000),
    "mg": ("mass", 1), "g": ("mass", 1_000), "kg": ("mass", 1_000_000), "t": ("mass", 10**9),
    "ml": ("volume", 1), "l": ("volume", 1_000),
    "s": ("time", 1), "min": ("time", 60), "h": ("time", 3_600), "day": ("time", 86_400),
    "week": ("time", 604_800), "cent": ("dollars", 1), "$": ("dollars", 100),
}  # fmt: skip
"""What a unit measures, and how many of the smallest unit it is: 2 h are 120 min."""
