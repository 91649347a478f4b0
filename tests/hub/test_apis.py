"""What TF Hub's APIs ask and no other file shows, and the page of all that they ask."""

import re

import numpy as np
import pytest

from tests.helpers import REPOSITORY
from tf_albert.modeling.encoder import INPUTS

PAGE = (REPOSITORY / "docs/hub_apis.md").read_text(encoding="utf-8")
LINES = [line for line in PAGE.splitlines() if line.startswith("| ")]
ROWS = [line for line in LINES if not line.endswith("| shown by |")]
TESTS = sorted(set(re.findall(r"`(tests/\S+::\w+)`", PAGE)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_row_has_a_test(row):
    assert re.fullmatch(r"\| [^|]+ \| `tests/\S+::\w+`(, `tests/\S+::\w+`)* \|", row)


@pytest.mark.parametrize("test", TESTS)
def test_each_test_of_the_page_exists(test):
    path, name = test.split("::")
    source = (REPOSITORY / path).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", source, re.MULTILINE)


def test_variables_are_those_that_the_calls_use(found, pretrainer, classifier, chooser):
    expected = {
        "encoder": [pretrainer.encoder],
        "mlm": [pretrainer.encoder, pretrainer.masked_lm_head],
        "sop": [pretrainer.encoder, pretrainer.sentence_order_head],
        "classifier": [classifier],
        "chooser": [chooser.model],
        "scorer": [chooser.model],
    }
    for name, (used, listed, both, trainable, sound) in found("variables").items():
        models = expected.get(name, [])
        assert used == listed == both == num_distinct(model.variables for model in models)
        weights = (model.trainable_variables for model in models)
        assert trainable == sound == num_distinct(weights)


def num_distinct(variables):
    """Returns how many variables there are: a head shares the table of words with the encoder."""
    return len({id(variable) for some in variables for variable in some})


def test_preprocessing_knows_no_training(found):
    outputs, others = found("preprocess_in_training"), found("preprocess_one")
    for name in INPUTS:
        np.testing.assert_array_equal(outputs[name], others[name])


def test_encoder_takes_what_the_preprocessor_gives(found, pretrainer, preprocessor, texts):
    expected = pretrainer.encoder(preprocessor(texts[0]))["pooled_output"]
    for embeddings in found("embeddings").values():
        assert embeddings.dtype == np.float32
        np.testing.assert_allclose(embeddings, expected, atol=1e-5)


def test_encoder_trains_on_two_replicas(found):
    distances = found("replicas")
    assert distances.pop("copies") == 2
    assert distances.pop("apart") == 0
    moved = [name for name, distance in distances.items() if distance > 1e-6]
    assert sorted(set(distances) - set(moved)) == ["attention_0/key/bias:0"]
