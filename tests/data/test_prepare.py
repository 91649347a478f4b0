import itertools
import json
import subprocess
import sys

import pytest

from tests.helpers import REPOSITORY
from tf_albert.data.prepare import prepare
from tf_albert.data.shards import Corpus
from tf_albert.text.pieces import PieceTokenizer


@pytest.fixture
def text(tmp_path, corpus):
    """A file of a plain text of three documents of 4, 1 and 2 sentences."""
    lines = [*corpus[:4], "", corpus[4], "", *corpus[5:7], ""]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_lines_become_ids(tmp_path, corpus, text, vocabulary):
    counts = prepare([str(text)], tmp_path / "out", vocabulary)
    tokenizer = PieceTokenizer(vocabulary)
    expected = [tokenizer.encode(line).ids for line in (*corpus[:4], *corpus[5:7])]
    prepared = Corpus.open(tmp_path / "out")
    assert prepared.tokens[0].tolist() == list(itertools.chain(*expected))
    assert prepared.sentence_ends.tolist() == list(itertools.accumulate(map(len, expected)))
    assert prepared.document_ends.tolist() == [4, 6]
    assert counts == {
        "shards": 1,
        "documents": 2,
        "sentences": 6,
        "tokens": sum(map(len, expected)),
        "left_out_documents": 1,
        "unknown_tokens": sum(ids.count(tokenizer.special_ids["unk"]) for ids in expected),
    }
    manifest = json.loads((tmp_path / "out" / "corpus.json").read_text())
    assert counts.items() <= manifest.items()


def test_jsonl_texts_are_split(tmp_path, vocabulary):
    path = tmp_path / "a.jsonl"
    path.write_text(
        json.dumps({"text": "He came. She went. They stayed."})
        + "\n"
        + json.dumps({"text": "Alone."})
    )
    counts = prepare([str(path)], tmp_path / "out", vocabulary)
    assert (counts["documents"], counts["sentences"], counts["left_out_documents"]) == (1, 3, 1)


def test_articles_of_wikipedia_as_they_come(tmp_path, vocabulary):
    for name in ("AA", "AB"):
        (tmp_path / name).mkdir()
        page = f'<doc id="1" url="u" title="{name}">\n{name}\n\nHe came. She went.\n\n</doc>\n'
        (tmp_path / name / "wiki_00").write_text(page)
    row = {"id": "1", "url": "u", "title": "AC", "text": "He came. She went.\nThey stayed."}
    (tmp_path / "AB" / "wiki_01").write_text(json.dumps(row))
    inputs = [f"{tmp_path}/A?/wiki_*"]
    counts = prepare(inputs, tmp_path / "out", vocabulary, num_processes=1, language="en-GB")
    assert (counts["documents"], counts["sentences"]) == (3, 7)
    assert json.loads((tmp_path / "out/corpus.json").read_text())["language"] == "en"


def test_sentences_are_split_by_their_language(tmp_path, vocabulary):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Er kam am 3. Mai. Er ging."}))
    for language, sentences in (("de", 2), ("en", 3)):
        counts = prepare([str(path)], tmp_path / "out", vocabulary, language=language)
        assert counts["sentences"] == sentences
    with pytest.raises(ValueError, match="Known languages: am, ar"):
        prepare([str(path)], tmp_path / "out", vocabulary, language="xx")


def test_book_is_a_document(tmp_path, corpus, vocabulary):
    """Of over a million characters, which is more than is split at once."""
    text = " ".join(f"{line.rstrip('.')}." for line in corpus)
    text = (text * (1 + 1_050_000 // len(text)))[:1_050_000]
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text}))
    (tmp_path / "b.txt").write_text(text)
    counts = [
        prepare([f"{tmp_path}/{name}"], tmp_path / "out", vocabulary, num_processes=1)
        for name in ("a.jsonl", "b.txt")
    ]
    assert counts[0]["documents"] == 2
    for name in ("sentences", "tokens", "left_out_documents"):
        assert counts[0][name] == counts[1][name]


def test_two_processes_write_what_one_does(tmp_path, corpus, vocabulary):
    # Over 500,000 characters, so that there are several tasks.
    lines = [
        line
        for number, line in enumerate(corpus * 3)
        for line in [line, ""][: 1 + (number % 9 == 8)]
    ]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": "One came. Two went."}))
    inputs = [str(tmp_path / "a.txt"), str(tmp_path / "b.jsonl")]
    one = prepare(inputs, tmp_path / "one", vocabulary, num_processes=1)
    two = prepare(inputs, tmp_path / "two", vocabulary, num_processes=2)
    assert one == two
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert one["documents"] > 100


def test_case_is_kept_on_request(tmp_path, text, vocabulary):
    prepare([str(text)], tmp_path / "out", vocabulary, lower_case=False)
    assert Corpus.open(tmp_path / "out").tokenizer_files().lower_case is False


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("num_processes", [1, 2])
def test_error_leaves_nothing_half_written(tmp_path, vocabulary, old, num_processes):
    out = tmp_path / "all" / "out"
    out.parent.mkdir()
    if old:
        out.mkdir()
        (out / "corpus.json").write_text("old")
    path = tmp_path / "a.txt"
    path.write_bytes(b"He came.\nShe went.\n\n" * 40_000 + b"\xff\n")
    with pytest.raises(ValueError, match=r"a\.txt, line 120001: invalid UTF-8"):
        prepare([str(path)], out, vocabulary, num_processes=num_processes)
    assert [item.name for item in out.parent.iterdir()] == ["out"] * old
    assert not old or contents(out) == {"corpus.json": b"old"}


@pytest.mark.parametrize("content", ["", "\n\n", "One.\n\nTwo.\n"])
def test_corpus_without_two_sentences(tmp_path, vocabulary, content):
    (tmp_path / "a.txt").write_text(content)
    with pytest.raises(ValueError, match=r"No document of two sentences or more in .*a\.txt"):
        prepare([str(tmp_path / "a.txt")], tmp_path / "out", vocabulary)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [0, -1])
def test_number_of_processes_that_cannot_be(tmp_path, text, vocabulary, number):
    with pytest.raises(ValueError, match=f"`num_processes` must be at least 1. Received: {number}"):
        prepare([str(text)], tmp_path / "out", vocabulary, num_processes=number)


def test_missing_files(tmp_path, text, vocabulary):
    with pytest.raises(FileNotFoundError, match="No file matches nowhere"):
        prepare(["nowhere.txt"], tmp_path / "out", vocabulary)
    with pytest.raises(FileNotFoundError, match=r"spiece\.model does not exist"):
        prepare([str(text)], tmp_path / "out", tmp_path / "spiece.model")


PEAK = """
import resource, sys
from tf_albert.data.prepare import prepare
prepare([sys.argv[1]], sys.argv[2], sys.argv[3], num_processes=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_corpus(tmp_path, corpus, vocabulary):
    text = "\n".join([*corpus[:9], ""] * 2000) + "\n"
    peaks = []
    for times in (1, 8):
        path = tmp_path / f"{times}.txt"
        path.write_text(text * times, encoding="utf-8")
        arguments = [str(path), str(tmp_path / str(times)), str(vocabulary)]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *arguments],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        )
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.2 * peaks[0], peaks
