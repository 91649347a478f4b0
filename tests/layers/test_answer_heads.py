"""The heads of SQuAD 2.0 alone; tests of their model compare them with the reference."""

import numpy as np

from tests import reference
from tests.helpers import randomize
from tests.layer_checks import check_layer
from tf_albert.layers import EndHead, NoAnswerHead

RANDOM = np.random.default_rng(0)
HIDDEN = RANDOM.normal(size=(3, 5, 12)).astype("float32")
PROBABILITIES = RANDOM.dirichlet(np.ones(5), 3).astype("float32")


def test_end_head(stranger, tmp_path):
    arguments = {"hidden_size": 12, "layer_norm_epsilon": 1e-5, "initializer_range": 0.5}
    check_layer(
        EndHead,
        lambda: arguments,
        lambda batch, length: {"hidden": HIDDEN[:batch, :length], "starts": HIDDEN[:batch, 1:3]},
        stranger,
        tmp_path,
    )


def test_no_answer_head(stranger, tmp_path):
    check_layer(
        NoAnswerHead,
        lambda: {"hidden_size": 12, "dropout": 0.25, "initializer_range": 0.5},
        lambda batch, length: {
            "hidden": HIDDEN[:batch, :length],
            "start_probabilities": PROBABILITIES[:batch, :length],
        },
        stranger,
        tmp_path,
        shortest=1,  # it takes the first token
    )


def test_end_is_dense_on_a_token_joined_with_the_start():
    head = EndHead(12)
    head.build()
    randomize(head)
    kernel = np.concatenate([np.asarray(head.of_token.kernel), np.asarray(head.of_start.kernel)])
    starts = HIDDEN[:, [4, 2]]
    logits = np.asarray(head(HIDDEN, starts))
    norm = np.asarray(head.normalization.gamma), np.asarray(head.normalization.beta)
    output = np.asarray(head.output_layer.kernel), np.asarray(head.output_layer.bias)
    for index in range(2):
        start = np.broadcast_to(starts[:, index : index + 1], HIDDEN.shape)
        joined = np.concatenate([HIDDEN, start], axis=-1)
        features = np.tanh(reference.dense(joined, (kernel, np.asarray(head.of_token.bias))))
        expected = reference.dense(reference.layer_norm(features, norm), output)[..., 0]
        np.testing.assert_allclose(logits[:, index], expected, atol=1e-5)


def test_no_answer_where_a_start_is_certain():
    """With a certain start the features are those of its token and of the first one."""
    head = NoAnswerHead(12)
    head.build()
    randomize(head)
    certain = np.eye(5, dtype="float32")[[4, 0, 2]]
    joined = np.concatenate([HIDDEN[[0, 1, 2], [4, 0, 2]], HIDDEN[:, 0]], axis=-1)
    transform = np.asarray(head.transform.kernel), np.asarray(head.transform.bias)
    expected = np.tanh(reference.dense(joined, transform)) @ np.asarray(head.output_layer.kernel)
    np.testing.assert_allclose(head(HIDDEN, certain), expected[:, 0], atol=1e-5)
