"""Texts become sentences, by the rules of their language."""

from collections.abc import Iterator

# A text is split by so many characters at once.
PART = 1_000_000
# Where a text may be divided: the first that there is in the second half of a part.
ENDS = ("\n", ". ", "! ", "? ", "。", " ")
# The languages that `sentencex` has rules of its own for (`language_factory` in its src/lib.rs) ...
OWN_RULES = (
    *("am", "ar", "bg", "bn", "ca", "da", "de", "el", "en", "es", "fi", "fr", "gu", "hi", "hy"),
    *("it", "ja", "kk", "kn", "ml", "mr", "my", "nl", "pa", "pl", "pt", "ru", "sk", "ta", "te"),
    "uk",
)
# ... and those that its tests divide by the rules of English, with the marks of all scripts.
LANGUAGES = tuple(sorted((*OWN_RULES, "he", "ur", "zh")))


def known_language(code: str) -> str:
    """Returns the code of a language whose sentences can be split; its region makes no difference.

    Args:
        code: str. Such as `en`, `pt-BR` or `zh_CN`.

    Raises:
        ValueError: `sentencex` has no rules for the language. Asked for, it would take those of
            another one or of English, and not say so.

    >>> known_language("pt-BR")
    'pt'
    """
    language = code.replace("_", "-").partition("-")[0].lower()
    if language not in LANGUAGES:
        raise ValueError(
            f"The sentences of the language {code!r} cannot be told. Known languages: "
            f"{', '.join(LANGUAGES)}. Give the one of these whose sentences end alike; `en` knows "
            "the marks of all scripts."
        )
    return language


def split_sentences(text: str, language: str = "en") -> list[str]:
    """Returns the sentences of a text, by the library `sentencex`.

    Args:
        text: str. May hold several paragraphs.
        language: str. One of `LANGUAGES`.

    >>> split_sentences("Dr. Smith went home. It was late!")
    ['Dr. Smith went home.', 'It was late!']
    """
    import sentencex

    return [part.strip() for part in sentencex.segment(language, text) if part.strip()]


def parts_of(text: str) -> Iterator[str]:
    """Yields a text in parts of at most `PART` characters, divided between sentences if it can be.

    Args:
        text: str.
    """
    start = 0
    while (left := len(text) - start) > PART:
        most = start + min(PART, left // 2)  # so that none is left that is short
        places = ((text.rfind(end, (start + most) // 2, most), len(end)) for end in ENDS)
        stop = next((place + size for place, size in places if place >= 0), most)
        yield text[start:stop]
        start = stop
    yield text[start:] if start else text
