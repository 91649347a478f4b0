"""JSON values where text is expected."""

import math
from typing import Any

from tf_albert.data.lines import is_unicode
from tf_albert.tasks.bad_rows import Flaw

# Above it floats do not tell whole numbers from their neighbours.
LARGEST_WHOLE = 2**53


def written(value: Any) -> str | None:
    """Returns a string or a number as text, or None for anything else.

    Writers of JSON differ in whether a whole number has a point; here it has none.

    Args:
        value: a JSON value.

    >>> written(1), written(1.0), written("1"), written(0.5), written([1]), written(True)
    ('1', '1', '1', '0.5', None, None)
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE:
        value = int(value)
    return str(value)


def is_missing(value: Any) -> bool:
    """Whether a value says that there is none: null, or the number that pandas has for it.

    Args:
        value: a JSON value.

    >>> is_missing(None), is_missing(float("nan")), is_missing("")
    (True, True, False)
    """
    return value is None or (isinstance(value, float) and math.isnan(value))


def checked_text(value: Any, name: str) -> str:
    """Returns a value that is text.

    Args:
        value: a JSON value.
        name: str. What it is, for the message.

    Raises:
        Flaw: it is no text, or has half of a surrogate pair, which no tokenizer takes.
    """
    if not isinstance(value, str):
        raise Flaw(f"no text where {name} was expected", f"{value!r:.50}")
    if not is_unicode(value):
        raise Flaw(f"half of a surrogate pair in {name}", f"{value!r:.50}")
    return value
