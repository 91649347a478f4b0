"""What an error message repeats of an error underneath."""


def first_line(error: Exception) -> str:
    """Returns the first line of an error's message, or its class where it has none.

    Args:
        error: an exception, as a library raised it.

    Example:

    >>> first_line(ValueError("no such file\\nin line 7")), first_line(KeyError())
    ('no such file', 'KeyError')
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
