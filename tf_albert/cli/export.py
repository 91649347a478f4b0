"""`tf-albert export`: a model to TF Hub modules."""

import dataclasses
from pathlib import Path

from tf_albert import files, hub
from tf_albert.modeling.saving import PROVENANCE_FILE, read_model
from tf_albert.text.preprocessor import AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Writes a model as TF Hub modules: encoder, preprocessor, and classifier if it is one.

    Args:
        model: Folder of the run or the model.
        output: Folder for the modules; each of its own name, replaced as a whole.
        sequence_length: Tokens a row of the preprocessor; by default that of fine-tuning, or 128.
    """

    model: str
    output: str
    sequence_length: int | None = None


def run(arguments):
    """Writes the modules and says where they are."""
    folder = files.model_folder(arguments.model)
    model = read_model(folder)
    task = files.read_json(folder / PROVENANCE_FILE).get("task", {})
    length = arguments.sequence_length or task.get("sequence_length") or 128
    preprocessor = AlbertPreprocessor(AlbertTokenizer.from_pretrained(folder), length)
    output = Path(arguments.output)
    is_classifier = type(model).__name__ == "AlbertClassifier"
    hub.save_encoder(model.encoder if is_classifier else model, output / "encoder")
    hub.save_preprocessor(preprocessor, output / "preprocessor")
    written = ["encoder", "preprocessor"]
    if is_classifier:
        hub.save_classifier(
            model,
            preprocessor,
            output / "classifier",
            task.get("labels"),
            task.get("num_segments", 1),
        )
        written.append("classifier")
    for name in written:
        print(f"Wrote {output / name}: hub.KerasLayer({str(output / name)!r}, trainable=True)")
