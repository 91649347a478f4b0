"""What a user types after a command, in the ways that users have."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_albert.cli.arguments import canonical, parse


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe.

    Args:
        data: A folder.
        num_steps: How many steps.
        strict: Whether all is an error.
        stride: From one to the next.
    """

    data: str
    num_steps: int = 3
    strict: bool = False
    stride: float | None = None


KNOWN = "Known options: --data, --num-steps, --strict, --stride"


def test_dashes_and_underscores_are_one():
    expected = Recipe(data="a-b", num_steps=7)
    assert parse("x", Recipe, ["--data", "a-b", "--num-steps", "7"]) == expected
    assert parse("x", Recipe, ["--data=a-b", "--num_steps=7"]) == expected


def test_options_change_a_yaml_recipe(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: corpus\nnum_steps: 5\n")
    assert parse("x", Recipe, ["--config", str(recipe)]) == Recipe(data="corpus", num_steps=5)
    changed = parse("x", Recipe, ["--config", str(recipe), "--num-steps", "6"])
    assert changed == Recipe(data="corpus", num_steps=6)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--data", "a", "--num-stesp", "7"], "num_stesp"),
        (["--data", "a", "--num-steps", "many"], "num_steps"),
        ([], "data"),
    ],
)
def test_a_wrong_option_is_named_and_the_known_ones_listed(arguments, named):
    with pytest.raises(ValueError, match=rf"{named}.*{KNOWN}\."):
        parse("x", Recipe, arguments)


def test_an_unknown_key_of_a_recipe_is_named_and_the_known_ones_listed(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: corpus\nnumsteps: 5\n")
    with pytest.raises(ValueError, match=rf"numsteps.*mean num_steps\? {KNOWN}\."):
        parse("x", Recipe, ["--config", str(recipe)])


@pytest.mark.parametrize(
    ("typed", "strict"),
    [
        (["--strict"], True),
        (["--strict", "true"], True),
        (["--strict=true"], True),
        (["--strict", "yes"], True),
        (["--strict", "--num-steps", "3"], True),
        (["--stric"], True),
        (["--strict", "false"], False),
        (["--strict=False"], False),
        (["--no-strict"], False),
        (["--no_strict", "--num-steps=3"], False),
        (["--strict", "--no-strict"], False),
    ],
)
def test_what_is_true_or_false_may_stand_alone(tmp_path, typed, strict):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"data: a\nstrict: {not strict}\n")
    given = ["--config", str(recipe), *typed]
    assert parse("x", Recipe, given) == Recipe(data="a", strict=strict)


@pytest.mark.parametrize(
    "typed", [["--config", "{}"], ["--config={}"], ["--conf={}"]], ids=" ".join
)
def test_recipe_is_named_with_or_without_equals(tmp_path, typed):
    path = tmp_path / "recipe.yaml"
    path.write_text("data: a\nstride: 3e-5\n")
    given = [part.format(path) for part in typed]
    assert parse("x", Recipe, given) == Recipe(data="a", stride=3e-5)


@pytest.mark.parametrize(
    "typed", [["--config", "finetune/rte.yaml"], ["--config=finetune/rte.yaml"]]
)
def test_packaged_recipe_is_found(typed):
    with pytest.raises(ValueError, match=r"'task' is not accepted"):
        parse("x", Recipe, ["--data", "a", *typed])


def test_recipe_that_is_nowhere_is_told_with_those_of_the_package():
    with pytest.raises(ValueError, match=r"no recipe 'finetune/rle\.yaml'.*finetune/rte\.yaml"):
        parse("x", Recipe, ["--config=finetune/rle.yaml"])


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["--data", "a", "--num-step", "7"], None),
        (["--data", "a", "--num-step=7"], None),
        (["--data", "a", "--num", "7"], None),
        (["--data", "a", "--nmu-steps", "7"], "nmu_steps 7. Did you mean --num-steps"),
        (["--data", "a", "--num-steps", "many"], "Expected a int. Got value: many"),
        (["--data", "a", "--stride", "none"], "Expected one of float, null. Got value: none"),
        (["--data", "a", "--strict", "maybe"], "Expected a bool. Got value: maybe"),
        (["--data", "a", "--str", "3"], "--str could match --strict, --stride"),
        (["--data", "a", "--zebra", "3"], f"unrecognized arguments: --zebra 3. {KNOWN}"),
    ],
)
def test_what_is_shortened_misspelled_or_of_another_type(typed, message):
    if message is None:
        assert parse("x", Recipe, typed) == Recipe(data="a", num_steps=7)
        return
    with pytest.raises(ValueError) as raised:
        parse("x", Recipe, typed)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.lists(st.text("-=abcdnorstu_. ", max_size=12)))
def test_canonical_arguments_stay_as_they_are(arguments):
    once = canonical(Recipe, arguments)
    assert canonical(Recipe, once) == once
