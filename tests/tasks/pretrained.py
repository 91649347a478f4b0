"""A pretrained model that learns a made task in seconds."""

from tests.training.recipes import small_model
from tf_albert import AlbertPretrainer


def save_pretrained(folder, tokenizer):
    """Writes a tiny model without dropout, whose weights begin large; returns its folder."""
    config = small_model(tokenizer.vocab_size).replace(
        initializer_range=0.1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    AlbertPretrainer(config).save_pretrained(folder, tokenizer)
    return folder
