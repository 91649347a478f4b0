"""What `tf-albert convert` keeps of a run."""

from tests.cli.test_convert import run
from tests.cli.test_main import fails
from tests.helpers import randomize
from tf_albert import AlbertClassifier, AlbertEncoder
from tf_albert.convert.native.write import save_pretrained


def test_source_is_not_replaced(capsys, small_config, tmp_path):
    AlbertEncoder(small_config).save_pretrained(tmp_path / "run/model")
    before = sorted(path.name for path in (tmp_path / "run/model").iterdir())
    for source, target in (("run/model", "run/model"), ("run", "run/model")):
        command = ["convert", f"{tmp_path}/{source}", f"{tmp_path}/{target}", "--to", "google"]
        fails(capsys, command, "is, or holds, what is to be read")
    assert sorted(path.name for path in (tmp_path / "run/model").iterdir()) == before


def test_fine_tuned_model_stays_one(capsys, small_config, tokenizer, tmp_path):
    description = {"labels": ["no", "yes"], "text_columns": ["text"], "label_column": "label"}
    description |= {"sequence_length": 20, "num_segments": 1, "task": "table"}
    classifier = randomize(AlbertClassifier(small_config, num_classes=2))
    save_pretrained(classifier, tmp_path / "run", tokenizer, {"task": description})
    (tmp_path / "texts.txt").write_text("the object\nit is a list\n")
    said = []
    for source, target in (("run", "keras_hub"), ("keras_hub", "tf_albert")):
        places = (tmp_path / source, tmp_path / target)
        assert run(capsys, "convert", *places, "--to", target)[0] == 0
    for folder in ("run", "tf_albert"):
        predict = ("predict", "--model", tmp_path / folder, "--input", tmp_path / "texts.txt")
        code, printed = run(capsys, *predict)
        assert code == 0
        said.append(printed)
    assert said[0] == said[1]
    places = (tmp_path / "run", tmp_path / "encoder")
    code, printed = run(capsys, "convert", *places, "--model-class", "AlbertEncoder")
    assert code == 0
    assert "provenance.json: task: left out (the head that was fine-tuned" in printed
    fails(capsys, ["predict", "--model", f"{tmp_path}/encoder"], "was not fine-tuned")
