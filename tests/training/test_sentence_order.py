"""Sentence order is learned where there is an order, and not where there is none."""

import numpy as np
import pytest

from tests.data.corpora import ordinary_ids, write_corpus
from tf_albert import AlbertConfig, AlbertPretrainer
from tf_albert.data.batches import PretrainingBatches
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.training import loop
from tf_albert.training.evaluation import EVALUATION_SEED, PretrainingEvaluation
from tf_albert.training.loop_settings import LoopSettings
from tf_albert.training.objectives import PretrainingObjective
from tf_albert.training.strategy import make_strategy

NUMBERS = 20
BATCH_SIZE, LENGTH = 64, 30


def numbered_documents(vocabulary, count, shuffled, seed):
    """Returns documents of twenty sentences: a number's token and two random others."""
    random = np.random.default_rng(seed)
    ids = ordinary_ids(vocabulary)
    documents = []
    for _ in range(count):
        numbers = random.permutation(NUMBERS) if shuffled else np.arange(NUMBERS)
        filler = random.choice(ids[NUMBERS:], (NUMBERS, 2))
        documents.append(np.concatenate([ids[numbers][:, None], filler], axis=1).tolist())
    return documents


def held_out_scores(folder, vocabulary, shuffled, settings):
    train, held_out = (
        write_corpus(
            folder / name, vocabulary, numbered_documents(vocabulary, count, shuffled, seed)
        )
        for seed, (name, count) in enumerate({"train": 1000, "held_out": 2000}.items())
    )
    config = AlbertConfig(
        vocab_size=PieceTokenizer(vocabulary).vocab_size,
        embedding_size=32,
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=LENGTH,
        initializer_range=0.1,  # the usual 0.02 is meant for hundreds of dimensions
    )
    strategy = make_strategy("one_device")
    training = loop.Training(
        run=folder / "run",
        make_model=lambda: AlbertPretrainer(config),
        objective=PretrainingObjective(),
        batches=PretrainingBatches(train, BATCH_SIZE, LENGTH, seed=1),
        tokenizer=train.tokenizer_files(),
    )
    model = loop.train(training, settings, strategy)
    batches = PretrainingBatches(held_out, BATCH_SIZE, LENGTH, EVALUATION_SEED, shuffle=False)
    return PretrainingEvaluation(batches, train.unigram)(model, strategy)


def settings(steps):
    return LoopSettings(steps=steps, optimizer="adamw", learning_rate=1e-3, warmup_steps=20)


def test_order_of_numbered_sentences_is_learned(tmp_path, vocabulary):
    scores = held_out_scores(tmp_path, vocabulary, False, settings(300))
    assert scores["num_pairs"] > 5000
    assert scores["sop_accuracy"] > 0.95
    assert scores["sop_low"] < scores["sop_accuracy"] < scores["sop_high"]


def test_shuffled_sentences_have_no_order_to_learn(tmp_path, vocabulary):
    scores = held_out_scores(tmp_path, vocabulary, True, settings(250))
    assert scores["num_pairs"] > 5000
    assert scores["sop_accuracy"] == pytest.approx(0.5, abs=0.02)
