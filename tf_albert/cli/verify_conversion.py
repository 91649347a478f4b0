"""`tf-albert verify-conversion`: whether two stored models compute the same."""

import dataclasses

from tf_albert.convert.verification import TOLERANCE, compare


@dataclasses.dataclass(frozen=True)
class Arguments:
    """Runs two models on the same ids and texts, and prints how far their outputs are apart.

    Each side is run by the library of its format where that is installed, else by tf_albert.
    Exits with 1 where an output differs by more than 1e-4, or a text has other ids.

    Args:
        source: A model, in any format.
        target: The same model, in any format.
    """

    source: str
    target: str


def run(arguments):
    """Prints the comparison; returns 1 where the two do not agree."""
    result = compare(arguments.source, arguments.target)
    print(f"{arguments.source}: run by {result.runners[0]}")
    print(f"{arguments.target}: run by {result.runners[1]}")
    for name, difference in result.differences.items():
        print(f"{name:16}  {difference:.1e}")
    if result.num_texts:
        print(f"ids of texts      {len(result.other_ids)} of {result.num_texts} differ")
    else:
        print("ids of texts      not compared: a side has no vocabulary")
    for text in result.other_ids:
        print(f"  {text!r}")
    if result.agrees:
        return 0
    print(f"The two do not agree: outputs may differ by {TOLERANCE:.0e}, ids not at all.")
    return 1
