"""Questions and contexts as strings, read into windows."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.question_answering.data import read_squad
from tf_albert.tasks.question_answering.reader import QuestionReader, in_characters
from tf_albert.text.tokenizer import AlbertTokenizer

FOREIGN = "Café No. ½, é für 東京 \u3000 😀😀 naïve\x00 ﷺ 1,234 Ⅷ. "


def test_tokens_begin_and_end_at_characters_of_python(tokenizer):
    contexts = [FOREIGN, "", FOREIGN * 3, "the list", FOREIGN]
    read = QuestionReader(tokenizer, 40, 7)(["the", "", "what", "is", "it"], contexts)
    encodings = [tokenizer.encode(context) for context in contexts]
    ids = [index for encoding in encodings for index in encoding.ids]
    assert read.context_ids.numpy().tolist() == [*ids, 0]
    offsets = [span for encoding in encodings for span in encoding.offsets]
    assert list(zip(read.begins.numpy(), read.ends.numpy(), strict=True)) == [*offsets, (0, 0)]
    assert read.question_ids[1].numpy().tolist() == []


def test_answer_in_bytes_has_all_bytes_of_its_characters(byte_tokenizer):
    read = QuestionReader(byte_tokenizer, 60, 7)(["is it"], ["the 東京 é is"])
    place = "the 東京 é is".index("京")
    (span,) = read.places_of_parts(
        tf.constant([place], tf.int64), tf.constant([place + 1], tf.int64)
    )
    first, last = read.windows.tokens_at(span[None]).numpy()[0]
    assert last == first + 2
    ids = read.context_ids[first : last + 1].numpy()
    assert byte_tokenizer.decode(ids.tolist()) == "京"
    assert (read.begins[first], read.ends[last]) == (place, place + 1)


def test_shared_context_is_read_as_if_it_were_each_question_s(tokenizer):
    reader = QuestionReader(tokenizer, 40, 7)
    shared = reader(["a", "the list"], [FOREIGN, FOREIGN])
    apart = [reader([question], [FOREIGN]) for question in ("a", "the list")]
    for name in ("context_ids", "begins", "ends"):
        columns = [getattr(one, name)[:-1] for one in apart]
        np.testing.assert_array_equal(getattr(shared, name)[:-1], tf.concat(columns, axis=0))


def test_many_texts_are_those_of_few(tokenizer):
    reader = QuestionReader(tokenizer, 40, 7)
    contexts = [f"{FOREIGN} {number}" for number in range(300)]
    read = reader(["what"] * 300, contexts)
    ids = [index for context in contexts for index in tokenizer.encode(context).ids]
    assert read.context_ids.numpy().tolist() == [*ids, 0]


def test_long_question_is_cut_and_leaves_no_token_out(tokenizer):
    size = len(tokenizer.encode("the ").ids)
    read = QuestionReader(tokenizer, 74, 50)(["the " * 90], ["list " * 30])  # room for 7
    assert read.question_ids.row_lengths().numpy().tolist() == [64]
    assert size * 90 > 64
    windows = read.windows
    assert np.diff(windows.firsts).tolist() == [7] * (len(windows.firsts) - 1)


def test_row_without_room(tokenizer):
    reader = QuestionReader(tokenizer, 67, 3)
    with pytest.raises(
        ValueError, match=r"64 tokens leaves no room for its context in 67. Use a l"
    ):
        reader(["is", "the " * 80], ["the list", "the list"])


@pytest.mark.parametrize("size", [0, 1, 5])
def test_places_in_characters(size):
    texts = ["aé東😀b", "", "é"][: size or 3]
    edges = [np.cumsum([0, *(len(letter.encode()) for letter in text)]).tolist() for text in texts]
    places = tf.ragged.constant(edges, tf.int64, row_splits_dtype=tf.int64)
    expected = [list(range(len(text) + 1)) for text in texts]
    (found,) = in_characters(tf.constant(texts), places)
    assert found.to_list() == expected


@pytest.mark.parametrize(("sequence_length", "stride"), [(128, 64), (384, 128)])
def test_answers_of_all_files_return_as_they_were_written(data_folder, sequence_length, stride):
    """Whole at piece boundaries, covered inside of pieces, or longer than a window: no fourth."""
    tokenizer = AlbertTokenizer(data_folder / "spiece.model")
    reader = QuestionReader(tokenizer, sequence_length, stride)
    kinds, bad_rows = collections.Counter(), BadRows()
    for path in sorted((data_folder / "squad").glob("*.json")):
        questions = read_squad(path, bad_rows)
        pairs = [(question, answer) for question in questions for answer in question.answers]
        # Each answer of a question as a question of its own.
        read = reader([one.text for one, _ in pairs], [one.context for one, _ in pairs])
        parts = np.array([(answer.start, answer.end) for _, answer in pairs], np.int64)
        places = read.places_of_parts(*parts.T).numpy()
        begins, ends = characters_at(read, places)
        has_answer = places[:, 0] > 0
        found = dict(
            zip(
                read.windows.questions.numpy()[has_answer],
                zip(begins[has_answer], ends[has_answer], strict=True),
                strict=True,
            )
        )
        kinds.update(kind_of(*pair, found.get(number)) for number, pair in enumerate(pairs))
    # Counted once over these files: none is longer than a window, none is not in its context.
    assert kinds == {"exact": 24_801, "covered": 81}
    assert len(bad_rows) == 0


def characters_at(read, places):
    """Returns where the first of two tokens begins and the last one ends, by their places."""
    firsts, lasts = read.windows.tokens_at(places).numpy().T
    return read.begins.numpy()[firsts], read.ends.numpy()[lasts]


def kind_of(question, answer, characters):
    """Returns what becomes of an answer that goes into tokens and out again."""
    if characters is None:
        return "too long"
    start, end = characters
    if (start, end) == (answer.start, answer.end):
        return "exact"
    # White space at the ends of an answer belongs to no token.
    return "covered" if answer.text.strip() in question.context[start:end] else "wrong"
