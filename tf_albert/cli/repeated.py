"""Options that may be given several times, each time with one more value."""


def columns_of(value: str | list[str] | None) -> list[str] | None:
    """Returns the columns that an option names: a list, or a text with commas between them.

    Args:
        value: str, list of str, or None.

    >>> columns_of("premise, hypothesis")
    ['premise', 'hypothesis']
    """
    if isinstance(value, str):
        return [column.strip() for column in value.split(",")]
    return value


def joined(arguments: list[str], option: str) -> list[str]:
    """Returns arguments in which an option stands once, with commas between its values.

    Otherwise the last one alone would count.

    Args:
        arguments: list of str.
        option: str. Its name with dashes.

    >>> joined(["--text-column", "a", "--x", "1", "--text_column=b"], "--text-column")
    ['--x', '1', '--text-column=a,b']
    """
    others: list[str] = []
    values: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name.replace("_", "-") != option:
            others.append(argument)
        elif equals or (value := next(rest, "")):
            values.append(value)
        else:
            return arguments  # without a value, of which the parser tells
    return [*others, f"{option}={','.join(values)}"] if len(values) > 1 else arguments
