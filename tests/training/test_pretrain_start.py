"""What a run of pretraining begins with: counts, neighbours, chance, or a model."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import randomize
from tests.training.recipes import small_model, small_recipe
from tf_albert import AlbertEncoder, AlbertPretrainer, AlbertTokenizer
from tf_albert.data.cooccurrence import cooccurrence_vectors
from tf_albert.data.shards import Corpus
from tf_albert.training.checkpoints import list_checkpoints
from tf_albert.training.pretrain import pretrain


@pytest.fixture
def recipe(tmp_path, vocabulary):
    return small_recipe(tmp_path, vocabulary)


def test_run_begins_with_the_frequencies_of_words(recipe):
    """At a rate near zero, the output's bias stays what the run began with."""
    pretrain(dataclasses.replace(recipe, learning_rate=1e-12))
    shards = sorted(Path(recipe.data).glob("*.tokens.npy"))
    tokens = np.concatenate([np.load(path) for path in shards])
    bias = AlbertPretrainer.from_pretrained(recipe.output).masked_lm_head.output_bias.numpy()
    counts = np.bincount(tokens, minlength=len(bias)) + 1
    np.testing.assert_allclose(np.exp(bias), counts / counts.sum(), rtol=1e-5)


def test_words_begin_near_those_with_the_same_neighbours_or_at_random(recipe, tmp_path):
    random = dataclasses.replace(recipe, learning_rate=0.0)  # a checkpoint is what it began as
    started = dataclasses.replace(
        random, cooccurrence_start=True, output=str(tmp_path / "near_others")
    )
    tables = []
    for part in (started, random):
        pretrain(part)
        encoder = AlbertEncoder.from_pretrained(list_checkpoints(part.output)[-1][1])
        embedding = encoder.embedding
        parts = (embedding.position_embeddings, embedding.type_embeddings)
        tables.append([table.numpy() for table in (embedding.word_embeddings, *parts)])
    (words, *beside), (random_words, *random_beside) = tables
    vectors = 12.8 / np.sqrt(10) * cooccurrence_vectors(Corpus.open(recipe.data), 10)
    np.testing.assert_allclose(words, vectors + 0.25 * random_words, atol=1e-6)
    for table, random_table in zip(beside, random_beside, strict=True):
        np.testing.assert_allclose(table, 4 * random_table, atol=1e-6)
    assert random_words.std() == pytest.approx(0.02 * 0.88, rel=0.05)  # truncated at two deviations


@pytest.mark.parametrize("model_class", [AlbertPretrainer, AlbertEncoder])
def test_run_begins_as_the_model_that_it_goes_on_from(
    recipe, tmp_path, tokenizer, caplog, model_class
):
    """At a rate of 0 nothing moves, the bias that counts words included; new heads are told."""
    config = small_model(397).replace(hidden_dropout_prob=0.0)
    given = randomize(model_class(config))
    given.save_pretrained(tmp_path / "given", tokenizer)
    recipe = dataclasses.replace(
        recipe, init=str(tmp_path / "given"), model=None, learning_rate=0.0, steps=3
    )
    pretrain(recipe)
    found = AlbertPretrainer.from_pretrained(recipe.output)
    assert found.config == config
    ours = found if model_class is AlbertPretrainer else found.encoder
    for variable, other in zip(ours.weights, given.weights, strict=True):
        np.testing.assert_array_equal(variable.numpy(), other.numpy(), variable.path)
    has_heads = model_class is AlbertPretrainer
    assert ("sentence_order_head/kernel starts fresh in" in caplog.text) != has_heads
    assert (not found.masked_lm_head.output_bias.numpy().any()) != has_heads


def test_model_to_go_on_from_that_does_not_fit(recipe, tmp_path, tokenizer, vocabulary):
    encoder = AlbertEncoder(small_model(397).replace(intermediate_size=44))
    encoder.save_pretrained(tmp_path / "other", tokenizer)
    encoder.save_pretrained(tmp_path / "cased", AlbertTokenizer(vocabulary, lower_case=False))
    other, cased = str(tmp_path / "other"), str(tmp_path / "cased")
    for changes, message in (
        ({"init": other}, r"another model than .* intermediate_size=36, there 44\. Leave `model`"),
        ({"init": cased, "model": None}, "prepared with another vocabulary than .*cased has"),
        ({"init": other, "model": None, "sequence_length": 42}, "`sequence_length`=42 is above"),
        ({"init": "nowhere", "model": None}, "nowhere"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            pretrain(dataclasses.replace(recipe, **changes))
    with pytest.raises(ValueError, match="`cooccurrence_start` and `init` are two starts"):
        dataclasses.replace(recipe, init=other, cooccurrence_start=True)
    assert not Path(recipe.output).exists()


def test_size_is_that_of_the_model_to_go_on_from_or_tiny(recipe):
    assert dataclasses.replace(recipe, model=None).model == "albert_tiny"
    assert dataclasses.replace(recipe, model=None, init="x").model is None
