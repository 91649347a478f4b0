"""What a caller gives a predictor becomes examples."""

from collections.abc import Sequence
from typing import Any

# What the parts of an example are called, where a caller names them.
PAIR, QUESTION = ("text", "text_pair"), ("question", "context")


def as_examples(inputs: Any, parts: Sequence[str]) -> list[tuple[Any, ...]]:
    """Returns examples of some parts each, out of what a caller gives.

    Args:
        inputs: an example, a list of examples, or a tuple of columns. An example is a string where
            there is one part, and a tuple, or a dict by name, where there are several.
        parts: the names of the parts.

    Raises:
        ValueError: inputs of another form.

    >>> as_examples("a fine film", ["text"])
    [('a fine film',)]
    >>> as_examples([("Who?", "Ada."), {"context": "Bob.", "question": "Who?"}], QUESTION)
    [('Who?', 'Ada.'), ('Who?', 'Bob.')]
    >>> as_examples((["Who?", "Who?"], ["Ada.", "Bob."]), QUESTION)
    [('Who?', 'Ada.'), ('Who?', 'Bob.')]
    """
    if isinstance(inputs, (str, dict)):
        inputs = [inputs]
    elif isinstance(inputs, tuple) and len(inputs) == len(parts):
        is_one = isinstance(inputs[0], str)
        inputs = [inputs] if is_one else list(zip(*inputs, strict=True))
    return [_example(one, parts) for one in inputs]


def _example(one: Any, parts: Sequence[str]) -> tuple[Any, ...]:
    found: tuple[Any, ...] = (one,)
    if isinstance(one, dict):
        found = tuple(one.get(name) for name in parts) if set(one) == set(parts) else ()
    elif isinstance(one, (tuple, list)):
        found = tuple(one)
    if len(found) != len(parts) or not all(isinstance(part, (str, list)) for part in found):
        raise ValueError(
            f"An example must be of {len(parts)} part{'s' * (len(parts) > 1)}: "
            f"{', '.join(parts)}. Received: {one!r:.80}."
        )
    return found
