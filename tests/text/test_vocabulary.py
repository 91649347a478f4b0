import pytest

from tf_albert import AlbertTokenizer
from tf_albert.text.vocabulary import train_vocabulary


def test_special_pieces_take_the_first_ids(tokenizer):
    assert tokenizer.special_ids == {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4}
    assert [tokenizer.id_to_piece(index) for index in range(5)] == [
        "<pad>",
        "<unk>",
        "[CLS]",
        "[SEP]",
        "[MASK]",
    ]


def test_size_is_the_one_asked_for(tokenizer):
    assert tokenizer.vocab_size == 397


def test_same_text_gives_same_vocabulary(corpus, tmp_path):
    for name in ("a.model", "b.model"):
        train_vocabulary(corpus[:500], tmp_path / name, vocab_size=120)
    assert (tmp_path / "a.model").read_bytes() == (tmp_path / "b.model").read_bytes()


@pytest.mark.parametrize("lower_case", [True, False])
def test_case_is_kept_or_lowered_as_asked(corpus, tmp_path, lower_case):
    path = tmp_path / "spiece.model"
    train_vocabulary(corpus[:500], path, 160, lower_case=lower_case)
    pieces = AlbertTokenizer(path, lower_case=lower_case).encode("The Python Language").pieces
    assert "".join(pieces) == ("▁the▁python▁language" if lower_case else "▁The▁Python▁Language")


def test_too_large_size_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"A vocabulary of 5000 pieces could not be trained"):
        train_vocabulary(["one short text"] * 10, tmp_path / "spiece.model", vocab_size=5000)


@pytest.mark.parametrize("sentences", [[], ["", "  \t "]])
def test_no_text_is_an_error_and_leaves_no_file(tmp_path, sentences):
    with pytest.raises(ValueError, match="could not be trained on this text"):
        train_vocabulary(sentences, tmp_path / "spiece.model", vocab_size=100)
    assert list(tmp_path.iterdir()) == []


class Unreadable(Exception):
    """What a reader of files may raise."""


@pytest.mark.parametrize("num_sentences", [0, 300])
def test_error_of_the_text_is_what_is_told(corpus, tmp_path, num_sentences):
    def sentences():
        yield from corpus[:num_sentences]
        raise Unreadable

    with pytest.raises(Unreadable):
        train_vocabulary(sentences(), tmp_path / "spiece.model", vocab_size=80)
    assert not list(tmp_path.iterdir())


def test_long_sentences_are_read(corpus, tmp_path):
    train_vocabulary([*corpus[:300], "\u0416 " * 5000], tmp_path / "spiece.model", vocab_size=120)
    assert "\u0436" in AlbertTokenizer(tmp_path / "spiece.model").encode("\u0416").pieces[-1]
