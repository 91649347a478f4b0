"""`tf-albert verify-conversion`: whether two stored models compute the same."""

import dataclasses

from tf_albert.convert.verify.inputs import TEXTS
from tf_albert.convert.verify.verification import TOLERANCE, Comparison, compare


@dataclasses.dataclass(frozen=True)
class Arguments:
    """Runs two models on the same ids and texts, and prints how far their outputs are apart.

    Each side is run by the library of its format where that is installed, else by tf_albert.
    Exits with 1 where an output differs by more than 1e-4, or the two vocabularies give a text
    other ids. What a library's own tokenizer does otherwise is only told.

    Args:
        source: A model, in any format.
        target: The same model, in any format.
    """

    source: str
    target: str


def execute(arguments: Arguments) -> int:
    """Prints the comparison; returns 1 where the two do not agree."""
    result = compare(arguments.source, arguments.target)
    places = (arguments.source, arguments.target)
    for place, side in zip(places, result.sides, strict=True):
        print(f"{place}: run by {side.computed_by}")
    _print_outputs(places, result)
    _print_ids(places, result)
    if result.agrees:
        return 0
    print(f"The two do not agree: outputs may differ by {TOLERANCE:.0e}, ids not at all.")
    for place, side in zip(places, result.sides, strict=True):
        for name, note in side.notes.items():
            print(f"  of {place}: {name}: {note}")
    return 1


def _print_outputs(places: tuple[str, str], result: Comparison) -> None:
    for name, difference in result.differences.items():
        print(f"{name:16}  {difference:.1e}")
    for place, side in zip(places, result.sides, strict=True):
        for name in side.outputs:
            if name not in result.differences:
                print(f"{name:16}  not compared: only {place} gives it")


def _print_ids(places: tuple[str, str], result: Comparison) -> None:
    if not result.num_texts:
        print("ids of texts      not compared: a side has no vocabulary")
    else:
        is_live = any(side.other_ids is not None for side in result.sides)
        by = ", both vocabularies read by tf_albert" if is_live else ""
        print(f"ids of texts      {len(result.other_ids)} of {result.num_texts} differ{by}")
    for text in result.other_ids:
        print(f"  {text!r}")
    for place, side in zip(places, result.sides, strict=True):
        if side.other_ids is not None:
            _print_live_ids(place, side.computed_by, side.other_ids)


def _print_live_ids(place: str, runner: str, other_ids: dict[str, tuple[str, str]]) -> None:
    print(
        f"ids of texts      {len(other_ids)} of {len(TEXTS)} differ by the tokenizer of "
        f"{runner} itself, with the vocabulary of {place}"
    )
    for text, (here, there) in other_ids.items():
        print(f"  {text!r}: {here!r} here, {there!r} there")
    if other_ids:
        print(
            f"  {runner} does not tokenize such texts as Google's code did, whatever was "
            "converted: give its model the ids of tf_albert's tokenizer."
        )
