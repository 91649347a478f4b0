"""The formats that are known, which of them lies somewhere, and the way from one to another."""

import contextlib
import dataclasses
import logging
from pathlib import Path

from tf_albert import files
from tf_albert.convert import (
    archive,
    google,
    hub_module,
    huggingface,
    keras_hub,
    native,
    remote,
)
from tf_albert.convert.checkpoint import HEADS, build_model
from tf_albert.modeling import saving

# In the order in which they are looked for: what was converted holds a `provenance.json` too.
FORMATS = {
    "hub": hub_module,
    "google": google,
    "huggingface": huggingface,
    "keras_hub": keras_hub,
    "tf_albert": native,
}
READ_ONLY = ("hub",)
LOGGER = logging.getLogger("tf_albert")


def format_of(where):
    """Returns the name of the format that lies in `where`.

    Args:
        where: path.

    Raises:
        FileNotFoundError: there is nothing.
        ValueError: no known format.
    """
    for name, module in FORMATS.items():
        if module.finds(where):
            return name
    if not where.exists():
        raise FileNotFoundError(f"{where} does not exist. Expected a model: {_expected()}.")
    raise ValueError(f"{where} holds no model of a known format. Expected: {_expected()}.")


def _expected():
    return (
        "a folder that `save_pretrained` or a training run wrote, Google's checkpoint "
        "(`*.ckpt*.index` and `albert_config.json`, or a .tar.gz of them), Hugging Face's "
        "(`config.json` and `model.safetensors`), a keras-hub preset (`task.json` or "
        "`model.weights.h5` and `config.json`), or a TF Hub module (`saved_model.pb`)"
    )


def load(where, model_class, **arguments):
    """Returns a model of a class with the weights in `where`; see `AlbertModel.from_pretrained`."""
    model, report = build_model(read(where), model_class, **arguments)
    if report.fresh:
        LOGGER.warning(
            "%s starts fresh in %s: %s.",
            ", ".join(report.fresh),
            where,
            "; ".join(sorted(set(report.fresh.values()))),
        )
    return model


def read(where, source_format=None):
    """Returns what lies in `where`, in any of the formats.

    Args:
        where: str or path. A folder, a checkpoint's prefix, a `.tar.gz` of a folder, or a name that
            `remote.fetch` takes.
        source_format: str or None. The name of the format; None to find out.

    Returns:
        `Checkpoint`.

    Raises:
        FileNotFoundError: there is nothing, or a file is missing.
        OSError: a host's client could not fetch it.
        ValueError: an unknown or another format, damaged files, weights that do not fit the config.
    """
    with opened(where) as place:
        checkpoint = _read(place, source_format)
    is_unpacked = not remote.is_remote(where) and place != Path(where)
    # What was unpacked is gone; the archive is what there is to name.
    named = {"files": (Path(where),)} if is_unpacked else {}
    return dataclasses.replace(checkpoint, source=where, **named)


@contextlib.contextmanager
def opened(where):
    """Gives the local path of a model, whether it lies here, in an archive or on a host.

    Args:
        where: str or path, as `read` takes it.

    Yields:
        path. That of an archive's content is gone when the block ends.
    """
    if remote.is_remote(where):
        yield remote.fetch(str(where))
    elif archive.is_archive(Path(where)):
        with archive.unpacked(Path(where)) as folder:
            yield folder
    else:
        yield Path(where)


def _read(place, source_format):
    module = _module(source_format or format_of(place))
    folder = files.model_folder(place) if place.is_dir() else place.parent
    saving.check_files(folder)
    checkpoint = module.read(place)
    checkpoint.check_vocabulary()
    facts = saving.read_facts(folder)
    changes = {"origin": facts.get("conversion")}
    if isinstance(facts.get("task"), dict):  # a module has the task's name alone
        # It says that too, in a model's own terms.
        told = (f"{huggingface.CONFIG_FILE}: {name}" for name in ("id2label", "problem_type"))
        dropped = {name: why for name, why in checkpoint.dropped.items() if name not in set(told)}
        changes |= {"task": facts["task"], "dropped": dropped}
    return dataclasses.replace(checkpoint, **changes)


def _module(name):
    if name not in FORMATS:
        raise ValueError(f"Unknown format {name!r}. Known formats: {', '.join(FORMATS)}.")
    return FORMATS[name]


def convert(
    source,
    target,
    target_format,
    source_format=None,
    model_class=None,
    allow_missing=(),
    **arguments,
):
    """Converts a model from one format to another.

    Args:
        source: str or path. What to read.
        target: str or path. The folder to write; replaced as a whole.
        target_format: str. One of `FORMATS` that is not read only.
        source_format: str or None. One of `FORMATS`; None to find out.
        model_class: a class of `tf_albert.modeling`, or None for the source's own, of which a part
            that the source's format has not starts fresh.
        allow_missing: names of weights that may start fresh, and of arrays without a place that may
            be left out; see `build_model`.
        **arguments: what the class takes besides the config, such as `num_classes`.

    Returns:
        `Report`: what became of each array.

    Raises:
        FileNotFoundError: there is nothing, or a file is missing.
        ValueError: an unknown format, damaged files, a weight without a place, or a model that the
            format cannot express.

    Example::

        convert("runs/tiny", "for_google", "google")
    """
    writer = _module(target_format)
    if target_format in READ_ONLY:
        raise ValueError(
            f"The format {target_format!r} is only read here; `tf-albert export` writes modules. "
            f"Formats to write: {', '.join(name for name in FORMATS if name not in READ_ONLY)}."
        )
    files.check_replaceable(target, files.PROVENANCE_FILE)
    _check_apart(source, target)
    checkpoint = read(source, source_format)
    if model_class is None:
        model_class = saving.model_class(checkpoint.model_class)
        allow_missing = (*allow_missing, *checkpoint.absent)
    model, report = build_model(checkpoint, model_class, allow_missing, **arguments)
    task, report = _kept_task(checkpoint, model_class, report)
    with files.replacing_folder(target) as folder:
        report = report.written_as(writer.write(model, folder, checkpoint.tokenizer))
        if writer is huggingface and task:
            huggingface.describe_task(folder, task)
        facts = {
            **({"task": task} if task else {}),
            "model_class": model_class.__name__,
            "head_arguments": model.head_arguments(),
            "num_parameters": model.count_params(),
            "conversion": checkpoint.provenance() | {"report": report.to_json()},
        }
        saving.write_provenance(folder, facts)
    return report


def _check_apart(source, target):
    source, target = Path(source).resolve(), Path(target).resolve()
    if source.is_relative_to(target) or (source / files.MODEL_FOLDER) == target:
        raise ValueError(
            f"{target} is, or holds, what is to be read, and is replaced as a whole. Name another "
            "target."
        )


def _kept_task(checkpoint, model_class, report):
    """Returns what the model was fine-tuned for, {} where its head is not kept, and the report."""
    is_kept = model_class.__name__ == checkpoint.model_class and not any(
        name.startswith(HEADS) for name in report.fresh
    )
    if checkpoint.task is None or is_kept:
        return checkpoint.task or {}, report
    told = {f"{saving.PROVENANCE_FILE}: task": "the head that was fine-tuned for it is not kept"}
    return {}, dataclasses.replace(report, dropped=report.dropped | told)
