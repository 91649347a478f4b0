"""`tf-albert convert`: a model from one format to another."""

import dataclasses

from tf_albert.convert import formats
from tf_albert.modeling import model_classes


@dataclasses.dataclass(frozen=True)
class Arguments:
    """Converts a model, and says what became of each of its arrays.

    Formats: google, huggingface, keras_hub and tf_albert, and, to read only, hub.

    Args:
        source: What to read: a folder, a checkpoint's prefix, a .tar.gz, a model on a host
            (hf://owner/name, kaggle://owner/model/framework/variation, https://...), or a released
            one by its name (albert-base-v2).
        target: Folder to write, replaced as a whole.
        from_: Format of the source; by default it is found out.
        to: Format of the target.
        model_class: Class to make of it, such as AlbertEncoder; by default the source's own.
        num_classes: Classes of a classifier's head that is to start fresh.
        allow_missing: Weights that may start fresh, and arrays of the source that may be left out,
            separated by commas.
    """

    source: str
    target: str
    _: dataclasses.KW_ONLY
    from_: str | None = None
    to: str = "tf_albert"
    model_class: str | None = None
    num_classes: int | None = None
    allow_missing: str = ""


def execute(arguments: Arguments) -> None:
    """Converts the model and prints the report."""
    classes = {} if arguments.num_classes is None else {"num_classes": arguments.num_classes}
    report = formats.convert(
        arguments.source,
        arguments.target,
        arguments.to,
        arguments.from_,
        model_classes.model_class(arguments.model_class) if arguments.model_class else None,
        [name.strip() for name in arguments.allow_missing.split(",") if name.strip()],
        **classes,
    )
    print("\n".join(report.lines()))
    print(f"Wrote {arguments.target}")
