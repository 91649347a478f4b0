"""Tasks by name, from files in the form in which they are published."""

import json

import pytest

from tests.training.recipes import small_model
from tf_albert import AlbertEncoder
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.task_settings import TaskSettings
from tf_albert.tasks.text_classification.glue import (
    TASKS,
    hold_out,
    read_dev,
    read_file,
    read_test,
    read_train,
)
from tf_albert.tasks.text_classification.table import Examples
from tf_albert.tasks.text_classification.task import TextClassificationTask

MNLI = (
    "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\t"
    "sentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n"
)


def write(folder, name, content):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")


def test_mnli_has_two_development_files(tmp_path):
    def row(number, premise, hypothesis, label):
        parses = "( a )\t( b )\t(ROOT a)\t(ROOT b)"
        return f"{number}\t7\t7n\tfiction\t{parses}\t{premise}\t{hypothesis}\t{label}\t{label}\n"

    write(tmp_path, "train.tsv", MNLI + row(0, 'He said "no".', "He refused.", "entailment"))
    write(tmp_path, "dev_matched.tsv", MNLI + row(0, "A man ran.", "He sat.", "contradiction"))
    write(tmp_path, "dev_mismatched.tsv", MNLI + row(0, "It rains.", "Maybe.", "neutral"))
    task, bad_rows = TASKS["mnli"], BadRows()
    assert read_train(task, tmp_path, bad_rows) == Examples(
        [('He said "no".', "He refused.")], ["entailment"]
    )
    dev = read_dev(task, tmp_path, bad_rows)
    assert list(dev) == ["dev_matched", "dev_mismatched"]
    assert dev["dev_mismatched"] == Examples([("It rains.", "Maybe.")], ["neutral"])
    assert len(bad_rows) == 0


def test_cola_has_no_header_but_in_its_test_file(tmp_path):
    write(tmp_path, "train.tsv", "gj04\t1\t\tA book fell.\ngj04\t0\t*\tFell book a.\n")
    write(tmp_path, "test.tsv", "index\tsentence\n0\tIt fell.\n1\tFell it.\n")
    task = TASKS["cola"]
    assert read_train(task, tmp_path, BadRows()) == Examples(
        [("A book fell.",), ("Fell book a.",)], ["1", "0"]
    )
    assert read_test(task, tmp_path) == {
        "CoLA": (Examples([("It fell.",), ("Fell it.",)], None), ["0", "1"])
    }


def test_mrpc_has_a_byte_order_mark_and_columns_with_a_hash(tmp_path):
    header = "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
    write(tmp_path, "train.tsv", header + '1\t702\t703\tThe "a" , said .\tHe said .\n')
    assert read_train(TASKS["mrpc"], tmp_path, BadRows()) == Examples(
        [('The "a" , said .', "He said .")], ["1"]
    )


def test_row_that_lacks_columns_and_score_that_is_none_are_told(tmp_path):
    header = "index\tsentence1\tsentence2\tscore\n"
    rows = "0\ta\tb\t3.5\n1\ta\tb\n2\ta\tb\tnan\n3\ta\tb\t0.0\n"
    write(tmp_path, "train.tsv", header + rows)
    bad_rows = BadRows()
    assert read_train(TASKS["stsb"], tmp_path, bad_rows).labels == [3.5, 0.0]
    assert len(bad_rows) == 2
    with pytest.raises(ValueError, match=r"train\.tsv, line 3: another number of columns"):
        read_train(TASKS["stsb"], tmp_path, BadRows(strict=True))


def test_snli_leaves_out_what_annotators_did_not_agree_on(tmp_path):
    rows = [
        {"sentence1": "A dog.", "sentence2": "An animal.", "gold_label": "entailment"},
        {"sentence1": "A dog.", "sentence2": "A puppy.", "gold_label": "-"},
    ]
    write(tmp_path, "snli_1.0_train.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    bad_rows = BadRows()
    examples = read_train(TASKS["snli"], tmp_path, bad_rows)
    assert examples == Examples([("A dog.", "An animal.")], ["entailment"])
    assert bad_rows.summary() == (
        "1 × the label '-', none of contradiction, entailment, neutral: "
        f"{tmp_path}/snli_1.0_train.jsonl, line 2"
    )


def test_files_to_score_on_are_parts_of_their_own(tmp_path):
    for number, name in enumerate(("dev", "test"), 1):
        row = {"sentence1": name, "sentence2": "b", "gold_label": "neutral"}
        write(tmp_path, f"snli_1.0_{name}.jsonl", f"{json.dumps(row)}\n" * number)
    parts = read_dev(TASKS["snli"], tmp_path, BadRows())
    assert list(parts) == ["snli_1.0_dev", "snli_1.0_test"]
    assert [(len(part), part.texts[0]) for part in parts.values()] == [
        (1, ("dev", "b")),
        (2, ("test", "b")),
    ]


def test_folder_that_is_not_there_is_named_as_it_was_given(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"/typo does not exist\. .* task 'imdb'"):
        read_file(TASKS["imdb"], tmp_path / "typo", BadRows())


def test_imdb_lies_in_folders_or_in_lines(tmp_path):
    write(tmp_path, "a/train/pos/0_9.txt", "Very good.\nSee it.")
    write(tmp_path, "a/train/neg/0_2.txt", "Bad.")
    write(tmp_path, "a/train/neg/1_1.txt", "Worse.")
    expected = Examples([("Bad.",), ("Worse.",), ("Very good.\nSee it.",)], ["neg", "neg", "pos"])
    assert read_train(TASKS["imdb"], tmp_path / "a", BadRows()) == expected
    lines = [
        json.dumps({"text": text, "label": label})
        for (text,), label in zip(expected.texts, expected.labels, strict=True)
    ]
    write(tmp_path, "b/train.jsonl", "\n".join(lines))
    assert read_train(TASKS["imdb"], tmp_path / "b", BadRows()) == expected


def test_imdbs_texts_that_cannot_be_used(tmp_path):
    write(tmp_path, "train/pos/0_9.txt", "Good.")
    write(tmp_path, "train/neg/0_1.txt", "Bad.")
    write(tmp_path, "train/neg/1_2.txt", " \n")
    bad_rows = BadRows()
    expected = Examples([("Bad.",), ("Good.",)], ["neg", "pos"])
    assert read_train(TASKS["imdb"], tmp_path, bad_rows) == expected
    assert bad_rows.summary() == f"1 × an empty text: {tmp_path}/train/neg/1_2.txt"
    with pytest.raises(ValueError, match=r"neg/1_2\.txt: an empty text\. Correct the file"):
        read_train(TASKS["imdb"], tmp_path, BadRows(strict=True))
    (tmp_path / "train/neg/1_2.txt").write_bytes(b"Bad.\n\xff")
    with pytest.raises(ValueError, match=r"neg/1_2\.txt, line 2: invalid UTF-8 at byte 1"):
        read_train(TASKS["imdb"], tmp_path, BadRows())


def test_imdb_holds_out_the_last_tenth_of_each_label():
    # 27 texts of one label, 10 of the other, in any order.
    labels = ["neg"] * 5 + ["pos"] * 10 + ["neg"] * 22
    examples = Examples([(str(number),) for number in range(37)], labels)
    train, dev = hold_out(examples, "aclImdb")
    assert dev == Examples([("14",), ("35",), ("36",)], ["pos", "neg", "neg"])
    assert sorted(train.texts + dev.texts) == sorted(examples.texts)
    assert train.labels.count("neg") == 25
    with pytest.raises(ValueError, match="aclImdb has one text with the label 'pos', and a part"):
        hold_out(Examples([("a",), ("b",), ("c",)], ["neg", "neg", "pos"]), "aclImdb")


@pytest.mark.parametrize(
    ("name", "train", "dev", "scored"),
    [("imdb", "train", None, "test"), ("snli", "snli_1.0_train", "snli_1.0_dev", "snli_1.0_test")],
)
def test_test_files_choose_nothing(tmp_path, tokenizer, name, train, dev, scored):
    labels = {"imdb": ["neg", "pos"], "snli": ["contradiction", "neutral"]}[name]
    for file, count in ((train, 5), (dev, 2), (scored, 3)):
        for label in labels if file else ():
            row = {"text": label, "label": label}
            row |= {"sentence1": label, "sentence2": "b", "gold_label": label}
            with open(tmp_path / f"{file}.jsonl", "a", encoding="utf-8") as lines:
                lines.write(f"{json.dumps(row)}\n" * count)
    settings = TaskSettings(task=name, data=str(tmp_path), batch_size=4, sequence_length=9)
    task = TextClassificationTask(settings, tokenizer, BadRows())
    held_out = 2 if dev is None else 0
    assert len(task.train) == 10 - held_out
    found = {part: len(examples) for part, examples in task.dev.items()}
    assert found == {dev or "dev": 4 - held_out}
    model = task.make_model(AlbertEncoder(small_model(tokenizer.vocab_size)))
    assert task.score(model)["num_examples"] == 4 - held_out
    assert task.score_test(model)[f"{scored}_num_examples"] == 6
    assert task.sizes()[1].endswith(f", 6 in {scored} once, at the end")


def test_imdb_without_one_of_its_folders(tmp_path):
    write(tmp_path, "train/pos/0_9.txt", "Good.")
    with pytest.raises(ValueError, match=r"neg holds no \.txt file"):
        read_train(TASKS["imdb"], tmp_path, BadRows())


def test_diagnostic_file_is_read_where_it_lies_beside_mnlis(tmp_path):
    for name in ("test_matched", "test_mismatched"):
        write(tmp_path, f"{name}.tsv", "index\tsentence1\tsentence2\n3\tc\td\n")
    assert list(read_test(TASKS["mnli"], tmp_path)) == ["MNLI-m", "MNLI-mm"]
    write(tmp_path, "diagnostic.tsv", "index\tsentence1\tsentence2\n0\ta\tb\n")
    assert read_test(TASKS["mnli"], tmp_path)["AX"] == (Examples([("a", "b")], None), ["0"])


def test_diagnostic_file_is_read_where_glues_script_puts_it(tmp_path):
    for name in ("test_matched", "test_mismatched"):
        write(tmp_path, f"MNLI/{name}.tsv", "index\tsentence1\tsentence2\n3\tc\td\n")
    write(tmp_path, "diagnostic/diagnostic.tsv", "index\tsentence1\tsentence2\n0\ta\tb\n")
    tests = read_test(TASKS["mnli"], tmp_path / "MNLI")
    assert tests["AX"] == (Examples([("a", "b")], None), ["0"])


@pytest.mark.parametrize(
    ("name", "folder", "train", "dev"),
    [
        ("sst2", "SST-2", 67_349, 872),
        ("mrpc", "MRPC", 3_668, 408),
        ("stsb", "STS-B", 5_749, 1_500),
        ("rte", "RTE", 2_490, 277),
    ],
)
def test_published_files_are_read_whole(data_folder, name, folder, train, dev):
    bad_rows = BadRows(strict=True)
    assert len(read_train(TASKS[name], data_folder / "glue" / folder, bad_rows)) == train
    (examples,) = read_dev(TASKS[name], data_folder / "glue" / folder, bad_rows).values()
    assert len(examples) == dev
