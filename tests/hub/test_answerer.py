"""The answerer's module, in the hands of a process that never imports tf_albert."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_albert
from tests.helpers import random_inputs
from tests.hub.conftest import STRIDE, WINDOW_LENGTH, run_stranger
from tests.tasks.question_answering import reference
from tf_albert.modeling.encoder import INPUTS
from tf_albert.tasks.question_answering.data import Question
from tf_albert.tasks.question_answering.predictor import MODEL_CLASSES, QuestionAnsweringPredictor

FOREIGN = "Café No. ½, e\u0301a\u0301 für 東京 \u3000 😀😀 naïve\x00 ﷺ 1,234 Ⅷ. "
# Letters of one byte to four, marks, white space, what becomes several letters, what becomes none.
LETTERS = st.sampled_from("aetns ,.12é\u0301½東😀\u3000\u200b\x00ß")
CHECKS = ("answers", "answers_in_model", "served")


@pytest.fixture(scope="module")
def texts(corpus):
    """Questions and contexts; most contexts fill several rows, and all of them several batches."""
    contexts = [" ".join(corpus[first : first + 3]) for first in range(0, 60, 3)]
    contexts = [*contexts, FOREIGN * 2, "", "  ", f"{FOREIGN}the list is", "list"]
    questions = [line[:12] for line in corpus[100 : 100 + len(contexts) - 2]]
    return {"question": [*questions, "", "Was für é?"], "context": contexts}


@pytest.fixture(scope="module")
def expected(answerers, texts):
    """What the reference answers, by task; half of the null scores are above the threshold."""
    answered = {task: reference_answers(answerer, texts) for task, answerer in answerers.items()}
    null_scores = sorted(answer.null_score for answer in answered["squad2"])
    # Between two scores: on one of them, the last digit would decide.
    threshold = float(np.mean(null_scores[len(null_scores) // 2 - 1 :][:2]))
    description = answerers["squad2"].description
    answerers["squad2"].description = dataclasses.replace(description, null_threshold=threshold)
    return answered


def reference_answers(answerer, texts):
    pairs = zip(texts["question"], texts["context"], strict=True)
    return [reference.answer(answerer, *pair) for pair in pairs]


def questions_of(texts):
    pairs = zip(texts["question"], texts["context"], strict=True)
    return [Question("", *pair, (), ()) for pair in pairs]


@pytest.fixture(scope="module")
def folder(answerers, expected, texts, small_config, answerers_folder):
    """A folder with the modules `squad` and `squad2`, this made after the threshold was found."""
    folder = answerers_folder
    tf_albert.hub.save_answerer(answerers["squad2"], folder / "squad2", {"note": "a test"})
    inputs = random_inputs(small_config)
    np.savez(folder / "inputs.npz", **{name: inputs[name] for name in INPUTS})
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def found(folder):
    """What `answering_stranger.py` found: a function of module and check to arrays."""
    of = run_stranger("answering_stranger.py", folder)

    def decoded(check):
        outputs = of(check)
        names = {"answer", "context"} & set(outputs)
        return outputs | {name: list(map(bytes.fromhex, outputs[name])) for name in names}

    return decoded


@pytest.fixture(scope="module", params=MODEL_CLASSES)
def task(request):
    return request.param


def assert_equal_answers(outputs, answerer, answered, contexts):
    """Asserts that a module's outputs are what the reference answered on some contexts."""
    for number, (answer, context) in enumerate(zip(answered, contexts, strict=True)):
        text = outputs["answer"][number].decode()
        assert text == answerer.text_of(answer)
        start, end = outputs["start"][number], outputs["end"][number]
        assert context[start:end] == text
        if text:
            assert (start, end) == (answer.best[0].start, answer.best[0].end)
        else:
            assert (start, end) == (0, 0)
        begin, stop = outputs["start_byte"][number], outputs["end_byte"][number]
        assert context.encode()[begin:stop] == outputs["answer"][number]
        score = answer.best[0].score if answer.best else -1e30
        assert outputs["score"][number] == pytest.approx(score, rel=1e-5, abs=1e-5)
        if answer.null_score is not None:
            assert outputs["null_score"][number] == pytest.approx(answer.null_score, abs=1e-5)


@pytest.mark.parametrize("check", CHECKS)
def test_answers_are_those_of_the_reference(found, answerers, expected, texts, task, check):
    outputs = found(f"{task}_{check}")
    answerer = answerers[task]
    assert_equal_answers(outputs, answerer, expected[task], texts["context"])
    names = {"answer", "start", "end", "start_byte", "end_byte", "score"}
    assert set(outputs) == names | ({"null_score"} if task == "squad2" else set())
    integers = [outputs[name].dtype for name in ("start", "end", "start_byte", "end_byte")]
    assert integers == [np.int32] * 4
    assert outputs["score"].dtype == np.float32
    num_empty = outputs["answer"].count(b"")
    assert num_empty == 2 if task == "squad" else num_empty >= len(texts["context"]) // 2
    assert len(set(outputs["answer"])) > 9


def test_contexts_fill_several_rows_and_batches(answerers, texts):
    windows = answerers["squad"].read(questions_of(texts)).windows
    counts = np.bincount(windows.questions)
    assert max(counts) > 5
    assert sum(counts) > 2 * 32


def test_answerer_and_module_say_the_same(answerers, expected, texts, task):
    answered = answerers[task].answers(questions_of(texts))
    for found, other in zip(answered, expected[task], strict=True):
        assert found.text == other.text
        assert [(one.start, one.end) for one in found.best[:1]] == [
            (one.start, one.end) for one in other.best[:1]
        ]
        assert found.null_score == pytest.approx(other.null_score, abs=1e-5)


@pytest.fixture(scope="module")
def loaded(folder):
    return {task: tf.saved_model.load(str(folder / task)) for task in MODEL_CLASSES}


@settings(max_examples=50)
@given(
    pairs=st.lists(
        st.tuples(st.text(LETTERS, max_size=9), st.text(LETTERS, max_size=90)),
        min_size=1,
        max_size=4,
    )
)
def test_any_text_is_answered_as_by_the_reference(loaded, answerers, task, pairs):
    texts = dict(zip(("question", "context"), zip(*pairs, strict=True), strict=True))
    outputs = loaded[task]({name: tf.constant(column) for name, column in texts.items()})
    arrays = {name: value.numpy() for name, value in outputs.items()}
    answered = reference_answers(answerers[task], texts)
    assert_equal_answers(arrays, answerers[task], answered, texts["context"])


def test_ids_become_what_the_model_says(found, answerers, small_config, task):
    inputs = random_inputs(small_config)
    expected = answerers[task].model({name: inputs[name] for name in INPUTS})
    outputs = found(f"{task}_rows")
    assert set(outputs) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(outputs[name], value, rtol=1e-5, atol=1e-5)


def test_awkward_strings_do_no_harm(found, task):
    outputs = found(f"{task}_awkward")
    assert np.isfinite(outputs["score"]).all()
    for context, answer, begin, stop in zip(
        *(outputs[name] for name in ("context", "answer", "start_byte", "end_byte")), strict=True
    ):
        assert context[begin:stop] == answer
    assert (outputs["start"] <= outputs["end"]).all()


def test_no_question_has_no_answer(found, task):
    outputs = found(f"{task}_empty")
    assert {len(value) for value in outputs.values()} == {0}


def test_question_without_its_context_is_told(found, task):
    message = str(found(f"{task}_unpaired")["message"])
    assert "Each question needs its context" in message


def test_dropout_acts_in_training_alone(found, task):
    spread = found(f"{task}_dropout")
    assert spread["without"] == 0
    assert spread["with"] > 1e-3


def test_variables_are_those_that_the_calls_use(found, answerers, task):
    expected = [0, len(answerers[task].model.trainable_variables), 0]
    for counts in found(f"{task}_variables").values():
        assert counts.tolist() == expected


def test_no_process_of_the_consumer_imports_tf_albert(found, task):
    assert found(f"{task}_imports")["ours"].size == 0


def test_assets_and_provenance_tell_the_task(folder, tokenizer, task):
    provenance = json.loads((folder / task / "provenance.json").read_text(encoding="utf-8"))
    assert (folder / task / "assets/spiece.model").read_bytes() == tokenizer.vocabulary.read_bytes()
    assert provenance["model_class"] == MODEL_CLASSES[task].__name__
    assert provenance["task"] == task
    assert (provenance["sequence_length"], provenance["stride"]) == (WINDOW_LENGTH, STRIDE)
    assert (provenance["null_threshold"] != 0) == (task == "squad2")
    assert provenance["note"] == "a test"


def test_what_cannot_answer_is_refused(answerers, small_config, tokenizer, tmp_path):
    model, description = answerers["squad"].model, answerers["squad"].description
    small = tf_albert.AlbertSpanLabeler(small_config.replace(vocab_size=396))
    squad2 = dataclasses.replace(description, task="squad2")
    long = dataclasses.replace(description, sequence_length=42)
    for answerer, message in (
        (model, r"`QuestionAnsweringPredictor`\. Received: AlbertSpanLabeler"),
        (
            QuestionAnsweringPredictor(None, tokenizer, description),
            "`AlbertSpanLabeler`. Received: NoneType",
        ),
        (
            QuestionAnsweringPredictor(model, tokenizer, squad2),
            "`AlbertAnswerableSpanLabeler`. .*'squad2'",
        ),
        (QuestionAnsweringPredictor(model, tokenizer, long), "`max_position_embeddings`=41"),
        (
            QuestionAnsweringPredictor(small, tokenizer, description),
            "397 pieces, the model embeds 396",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            tf_albert.hub.save_answerer(answerer, tmp_path / "module")
    assert not list(tmp_path.iterdir())
