"""The table of the formats: which of them lies somewhere, and the way from one to another."""

import dataclasses
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from tf_albert import files, layout
from tf_albert.addresses import address_of
from tf_albert.convert import google, hub, huggingface, keras_hub, native, sources
from tf_albert.convert.build import build_model
from tf_albert.convert.checkpoint import Checkpoint
from tf_albert.convert.format import Format, WriteFunction
from tf_albert.convert.names import HEADS
from tf_albert.convert.native.write import save_pretrained
from tf_albert.convert.preprocessor import preprocessor_of
from tf_albert.convert.provenance import (
    check_files,
    facts_of,
    read_facts,
    without_paths,
    write_provenance,
)
from tf_albert.convert.report import Report
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.model_classes import model_class as class_of
from tf_albert.modeling.string_model import StringModel
from tf_albert.text.pieces import TOKENIZER_FILE, VOCABULARY_FILE, PieceTokenizer
from tf_albert.types import StrPath

# In the order in which they are looked for: a module's variables look like Google's checkpoint, and
# what was converted holds a `provenance.json` too. A new format is a folder and a row here.
FORMATS: dict[str, Format] = {
    folder.FORMAT.name: folder.FORMAT for folder in (hub, google, huggingface, keras_hub, native)
}
Tokenizer = TypeVar("Tokenizer", bound=PieceTokenizer)
LOGGER = logging.getLogger("tf_albert")


def format_of(where: Path) -> str:
    """Returns the name of the format that lies in `where`.

    Args:
        where: path.

    Raises:
        FileNotFoundError: there is nothing.
        ValueError: no known format.
    """
    for name, row in FORMATS.items():
        if row.finds(where):
            return name
    if not where.exists():
        raise FileNotFoundError(
            f"{where} does not exist. Expected a model: {_expected()}; or the name of a released "
            "one (`tf-albert models` lists them)."
        )
    raise ValueError(f"{where} holds no model of a known format. Expected: {_expected()}.")


def _expected() -> str:
    """Returns what may lie somewhere, what is looked for last first: it is the most usual."""
    *others, last = (row.description for row in reversed(FORMATS.values()))
    return f"{', '.join(others)}, or {last}"


def load(where: StrPath, model_class: type[AlbertModel], **arguments: Any) -> AlbertModel:
    """Returns a model of a class with the weights in `where`, and warns of what starts fresh.

    Args:
        where: str or path. A folder, a checkpoint's prefix, a `.tar.gz` of a folder, an address on
            a host (`hf://owner/name`, `kaggle://owner/model/framework/variation`, `https://...`),
            or the name of a released model (`albert-base-v2`).
        model_class: a class of `tf_albert.modeling`.
        **arguments: what the constructor takes besides the config, and `allow_missing`, names of
            weights that may start fresh.

    Raises:
        FileNotFoundError: there is nothing, or a file is missing.
        ModuleNotFoundError: the client of a host or the reader of a format is not installed.
        OSError: a host's client could not fetch it.
        ValueError: damaged files, or weights that do not fit the config.
    """
    checkpoint = read(where)
    if issubclass(model_class, StringModel) and "preprocessor" not in arguments:
        arguments["preprocessor"] = preprocessor_of(checkpoint)
    if model_class.__name__ == checkpoint.model_class:
        arguments["allow_missing"] = (*arguments.get("allow_missing", ()), *checkpoint.absent)
    model, report = build_model(checkpoint, model_class, **arguments)
    if report.fresh:
        LOGGER.warning(
            "%s starts fresh in %s: %s.",
            ", ".join(report.fresh),
            where,
            "; ".join(sorted(set(report.fresh.values()))),
        )
    return model


def save(model: AlbertModel, folder: StrPath, tokenizer: PieceTokenizer | None = None) -> None:
    """Writes a model into a folder of this package's own format.

    Args:
        model: an `AlbertModel`.
        folder: str or path. Replaced as a whole.
        tokenizer: `AlbertTokenizer`, `PieceTokenizer` or None.

    Raises:
        ValueError: `folder` is a file, or holds something else than a model.
    """
    save_pretrained(model, folder, tokenizer)


def read(where: StrPath, source_format: str | None = None) -> Checkpoint:
    """Returns what lies in `where`, in any of the formats.

    Args:
        where: str or path. A folder, a checkpoint's prefix, a `.tar.gz` of a folder, an address on
            a host (`hf://owner/name`, `kaggle://owner/model/framework/variation`, `https://...`),
            or the name of a released model (`albert-base-v2`).
        source_format: str or None. The name of the format; None to find out.

    Returns:
        `Checkpoint`.

    Raises:
        FileNotFoundError: there is nothing, or a file is missing.
        OSError: a host's client could not fetch it.
        ValueError: an unknown or another format, damaged files, weights that do not fit the config.
    """
    with sources.opened(where) as place:
        checkpoint = _read(place, source_format)
    # What was unpacked is gone; the archive is what there is to name.
    read_files = (Path(where),) if sources.is_archive(where) else checkpoint.files
    return dataclasses.replace(checkpoint, source=sources.located(where), files=read_files)


def read_tokenizer(where: StrPath, tokenizer_class: type[Tokenizer]) -> Tokenizer:
    """Returns the tokenizer that lies in `where`, with or without a model, in any of the formats.

    Args:
        where: str or path. What `read` takes, or a folder with the tokenizer's files alone.
        tokenizer_class: `PieceTokenizer`, or a class of it.

    Raises:
        FileNotFoundError: there is none.
        OSError: a host's client could not fetch it.
        ValueError: damaged files, or settings that this package has not.
    """
    released = sources.find_released(where)
    if released is not None and not released.has_vocabulary:
        raise FileNotFoundError(
            f"The vocabulary of {where} is no SentencePiece model but BERT's Chinese word pieces, "
            "which this package does not read. `AlbertEncoder.from_pretrained` reads the weights."
        )
    with sources.opened(where, tokenizer_only=True) as place:
        for row in FORMATS.values():
            if (found := row.read_tokenizer(place)) is not None:
                return tokenizer_class(found.vocabulary, found.lower_case)
        raise FileNotFoundError(_no_tokenizer(where, place))


def _no_tokenizer(where: StrPath, place: Path) -> str:
    if not place.exists():
        return f"{where} does not exist. Expected a model with its tokenizer: {_expected()}."
    if (place / VOCABULARY_FILE).exists():
        return (
            f"{where} has no {TOKENIZER_FILE}, so whether text is to be lower-cased is unknown. "
            "Save the model with its tokenizer, `model.save_pretrained(folder, tokenizer)`."
        )
    return (
        f"{where} has no tokenizer: no {VOCABULARY_FILE} with the {TOKENIZER_FILE} of this package "
        "or of Hugging Face, nor what another format has. Put the vocabulary that the model was "
        "trained with there."
    )


def _read(place: Path, source_format: str | None) -> Checkpoint:
    row = _row(source_format or format_of(place))
    folder = layout.model_folder(place) if place.is_dir() else place.parent
    check_files(folder)
    checkpoint = row.read(place)
    checkpoint.check_vocabulary()
    facts = read_facts(folder)
    checkpoint = dataclasses.replace(checkpoint, origin=facts.get("conversion"))
    # A module has the task's name alone.
    task = facts["task"] if isinstance(facts.get("task"), dict) else None
    return checkpoint.with_task(task, facts.get("sequence_length"))


def _row(name: str) -> Format:
    if name not in FORMATS:
        raise ValueError(f"Unknown format {name!r}. Known formats: {', '.join(FORMATS)}.")
    return FORMATS[name]


def convert(
    source: StrPath,
    target: StrPath,
    target_format: str,
    source_format: str | None = None,
    model_class: type[AlbertModel] | None = None,
    allow_missing: Iterable[str] = (),
    **arguments: Any,
) -> Report:
    """Converts a model from one format to another.

    Args:
        source: str or path. What to read.
        target: str or path. The folder to write; replaced as a whole.
        target_format: str. One of `FORMATS` that is not read only.
        source_format: str or None. One of `FORMATS`; None to find out.
        model_class: a class of `tf_albert.modeling`, or None for the source's own. A part of that
            class which the source's format lacks starts fresh.
        allow_missing: names, or beginnings of names up to a `/` or a `.`, of weights that may start
            fresh, and of arrays without a place that may be left out.
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
    write = _writer(target_format)
    files.check_replaceable(target, layout.PROVENANCE_FILE)
    _check_apart(source, target)
    checkpoint = read(source, source_format)
    if model_class is None:
        model_class = class_of(checkpoint.model_class)
        allow_missing = (*allow_missing, *checkpoint.absent)
    model, report = build_model(checkpoint, model_class, allow_missing, **arguments)
    task, report = _kept_task(checkpoint, model_class, report)
    with files.replacing_folder(target, layout.PROVENANCE_FILE) as folder:
        report = report.written_as(write(model, folder, checkpoint.tokenizer))
        origin = {"conversion": checkpoint.provenance() | {"report": report.to_json()}}
        kept = {"task": task, "sequence_length": checkpoint.sequence_length}
        kept = {name: value for name, value in kept.items() if value}
        facts = kept | facts_of(model) | origin
        if target_format != native.FORMAT.name:  # what is for others is given away
            facts = without_paths(facts)
        write_provenance(folder, facts)
    return report


def _writer(name: str) -> WriteFunction:
    """Returns what writes a format; a format that is only read is an error."""
    row = _row(name)
    if row.write is None:
        written = (other for other, other_row in FORMATS.items() if other_row.write)
        raise ValueError(
            f"The format {name!r} is only read here; {row.why_not_written}. Formats to write: "
            f"{', '.join(written)}."
        )
    return row.write


def _check_apart(source: StrPath, target: StrPath) -> None:
    if address_of(sources.located(source)) is not None:
        return
    source, target = Path(source).resolve(), Path(target).resolve()
    if source.is_relative_to(target) or (source / layout.MODEL_FOLDER) == target:
        raise ValueError(
            f"{target} is, or holds, what is to be read, and is replaced as a whole. Name another "
            "target."
        )


def _kept_task(
    checkpoint: Checkpoint, model_class: type[AlbertModel], report: Report
) -> tuple[dict[str, Any], Report]:
    """Returns what the model was fine-tuned for, {} where its head is not kept, and the report."""
    is_kept = model_class.__name__ == checkpoint.model_class and not any(
        name.startswith(HEADS) for name in report.fresh
    )
    if checkpoint.task is None or is_kept:
        return checkpoint.task or {}, report
    told = {f"{layout.PROVENANCE_FILE}: task": "the head that was fine-tuned for it is not kept"}
    return {}, dataclasses.replace(report, dropped=report.dropped | told)
