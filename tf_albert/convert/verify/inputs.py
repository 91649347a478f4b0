"""What two models get that are to compute the same: ids of each length, and texts of each kind."""

import numpy as np

from tf_albert.config import AlbertConfig

NUM_ROWS, LENGTH, NUM_PREDICTIONS = 4, 33, 5
# Case, accents, numbers with commas, signs that expand, other scripts, odd spaces.
TEXTS = (
    "The quick brown fox jumps over the lazy dog.",
    "In 1,234 cases of 20,000 the price was $3.50, not £4.",
    "Él tomó café en la Universität Zürich — naïve, isn’t it?",
    "State-of-the-art (well-known) e-mail: me@example.org!",
    "½ cup of ﬂour, 5㎏ of rice, x² + y³",
    "  Odd   spaces\tand\nlines  ",
    "ALBERT, Bert & Ernie; iPhone, eBay, NASA",
    "Привет, мир! Γειά σου, κόσμε.",
    "東京は日本の首都です。 서울은 대한민국의 수도",
    "नमस्ते दुनिया, مرحبا بالعالم, שלום עולם, สวัสดี",
)


def make_inputs(
    configs: tuple[AlbertConfig, AlbertConfig], text_rows: list[list[int]]
) -> dict[str, np.ndarray]:
    """Returns random rows and those of the texts, padded, with positions to predict.

    Args:
        configs: tuple of the two `AlbertConfig`, of one `vocab_size`.
        text_rows: list of lists of int. The ids of each text.

    Returns:
        dict of the inputs of the encoder, int32, `(rows, length)`, and of `masked_lm_positions`,
        `(rows, predictions)`.
    """
    length = min(LENGTH, *(config.max_position_embeddings for config in configs))
    num_types = min(config.type_vocab_size for config in configs)
    random = np.random.default_rng(0)
    lengths = (max(1, length - 3 * row) for row in range(NUM_ROWS))
    rows = [random.integers(0, configs[0].vocab_size, size).tolist() for size in lengths]
    rows += [ids[:length] for ids in text_rows]
    ids = np.zeros((len(rows), length), "int32")
    mask = np.zeros_like(ids)
    positions = np.zeros((len(rows), min(NUM_PREDICTIONS, length)), "int32")
    for number, row in enumerate(rows):
        ids[number, : len(row)], mask[number, : len(row)] = row, 1
        # What is predicted of padding is nobody's business either.
        positions[number] = np.arange(positions.shape[1]) % max(1, len(row))
    return {
        "input_word_ids": ids,
        "input_mask": mask,
        "input_type_ids": (np.arange(length) // 4 % num_types * mask).astype("int32"),
        "masked_lm_positions": positions,
    }
