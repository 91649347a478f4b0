"""A run that takes seconds: a tiny model on a made corpus."""

from tests.data.corpora import random_documents, write_corpus
from tf_albert import AlbertConfig
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.training.pretrain import PretrainRecipe


def small_recipe(folder, vocabulary, **changes):
    """Writes a corpus and a config into a folder; returns the `PretrainRecipe` of a short run."""
    config, data = folder / "config.json", folder / "data"
    if not data.exists():
        write_corpus(data, vocabulary, random_documents(vocabulary, [7, 12, 20] * 4))
        small_model(PieceTokenizer(vocabulary).vocab_size).to_json(config)
    values = {
        "data": str(data),
        "output": str(folder / "run"),
        "model": str(config),
        "batch_size": 6,
        "sequence_length": 22,
        "steps": 8,
        "learning_rate": 0.01,
        "warmup_steps": 2,
        "log_every": 2,
        "checkpoint_every": 3,
    }
    return PretrainRecipe(**(values | changes))


def small_model(vocab_size):
    """A config of one layer: runs are what is tested, and each traces its model."""
    return AlbertConfig(
        vocab_size=vocab_size,
        embedding_size=10,
        hidden_size=28,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=36,
        max_position_embeddings=41,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )
