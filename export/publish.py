"""Makes a release of a trained model: TF Hub modules, archives, model pages and sums.

    python export/publish.py RUN --output RELEASE

RUN is a training run, or a folder that `save_pretrained` wrote with its tokenizer. A pretrained
model becomes RELEASE/encoder and RELEASE/preprocessor; a fine-tuned classifier RELEASE/classifier
besides, a model fine-tuned on SQuAD RELEASE/answerer, one on RACE RELEASE/chooser, and one on
tagged sentences RELEASE/tagger. Each has its archive (.tar.gz, in TF Hub's layout) and its page
(.md); SHA256SUMS covers every file, for `sha256sum -c`. The same run gives the same release, byte
for byte. `export/verify.py` tries a release.
"""

import argparse
import gzip
import os
import re
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tf_albert
from tf_albert import files, layout
from tf_albert.types import JsonDict

SUMS_FILE = "SHA256SUMS"
RESULTS_FILE = "results.json"

PAGE = """# ALBERT {name}

{summary}

```python
{usage}
```

| | |
|---|---|
{facts}

## Limits

{limits} {tried}

## Recipe

{recipe}

## Scores

{scores}

The archive `{name}.tar.gz` holds the folder `{name}/`; `hub.KerasLayer` takes the folder, or the
address of the archive. Needed: `tensorflow`, `tensorflow_text`, `tensorflow_hub`, `tf_keras`.
`{name}/provenance.json` names the run, and the SHA-256 sum of each file.
"""

# A comma stands between labels; an underscore within a word means nothing.
MARKUP = re.compile(r"[\\`*\[\]{}<>|&~$,\n\r]|(?<![^\W_])_|_(?![^\W_])")

NO_RECIPE = "The weights came without the recipe of a run."
NO_SCORES = "None lay beside the weights."
TRIED = "It was tried on the data and by the scores below, and on nothing else."
UNTRIED = "Nothing is known of how well it does."

LIMITS = {
    "encoder": "Rows of more than {longest} tokens are refused.",
    "preprocessor": "Texts longer than a row are cut off at its end, a pair's longer one first.",
    "classifier": "Of texts longer than {length} tokens the end is not read.",
    "answerer": "Of questions longer than 64 tokens the end is not read; contexts may be of any "
    "length. An answer is a part of its context.",
    "chooser": "Of contexts longer than {length} tokens, a question and a choice counted in, the "
    "end is not read.",
    "tagger": "Words after the first {length} tokens get the label `O`.",
}

SUMMARIES = {
    "encoder": "ALBERT's encoder, to be fine-tuned: `input_word_ids`, `input_mask` and "
    "`input_type_ids` (int32, `(batch, length)`) to `pooled_output` `(batch, hidden)`, "
    "`sequence_output` `(batch, length, hidden)` and the list `encoder_outputs`.",
    "preprocessor": "Strings, or a list of two batches of strings, to the inputs of the encoder. "
    "`tokenize` and `bert_pack_inputs` do its two halves.",
    "classifier": "Strings to an answer; no preprocessing is needed.",
    "answerer": "Questions and contexts, strings, to the parts of the contexts that answer them: "
    "`answer`, `start` and `end` in characters, `start_byte` and `end_byte`, `score`. Contexts may "
    "be of any length; no preprocessing is needed.",
    "chooser": "Contexts, questions and the choices of each, strings, to the likeliest choice: "
    "`choice`, its `index` from 0, `probabilities` and `logits`. A question may have any number of "
    "choices, the same for all of a call; no preprocessing is needed.",
    "tagger": "Sentences, strings, to a `label` for each `word` between white space, with its "
    "`start_byte` and `end_byte`: ragged, `(batch, words)`. No preprocessing is needed.",
}

ENCODER_USAGE = """import tensorflow as tf, tensorflow_hub as hub, tensorflow_text

preprocessor = hub.KerasLayer("preprocessor")
encoder = hub.KerasLayer("encoder", trainable=True)
outputs = encoder(preprocessor(tf.constant(["a fine film"])))
print(outputs["pooled_output"].shape)"""

CLASSIFIER_USAGE = """import tensorflow as tf, tensorflow_hub as hub, tensorflow_text

classifier = hub.KerasLayer("classifier")
print(classifier({inputs})["{output}"])"""

ANSWERER_USAGE = """import tensorflow as tf, tensorflow_hub as hub, tensorflow_text

answerer = hub.KerasLayer("answerer")
question, context = tf.constant(["Who wrote notes?"]), tf.constant(["Ada wrote notes in 1843."])
print(answerer({"question": question, "context": context})["answer"])"""

CHOOSER_USAGE = """import tensorflow as tf, tensorflow_hub as hub, tensorflow_text

chooser = hub.KerasLayer("chooser")
context, question = tf.constant(["Ada wrote notes in 1843."]), tf.constant(["What did Ada write?"])
choices = tf.constant([["A novel.", "Notes.", "Letters."]])
print(chooser({"context": context, "question": question, "choices": choices})["choice"])"""

TAGGER_USAGE = """import tensorflow as tf, tensorflow_hub as hub, tensorflow_text

tagger = hub.KerasLayer("tagger")
print(tagger(tf.constant(["Ada lives in Paris"]))["label"])"""

USAGES = {"answerer": ANSWERER_USAGE, "chooser": CHOOSER_USAGE, "tagger": TAGGER_USAGE}


def main(arguments: Sequence[str] | None = None) -> int:
    """Publishes as the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run, or what `save_pretrained` wrote")
    parser.add_argument("--output", type=Path, required=True, help="folder of the release")
    parser.add_argument(
        "--sequence-length",
        type=int,
        help="tokens a row of the preprocessor; the task's own or 128 where none is given",
    )
    options = parser.parse_args(arguments)
    try:
        publish(options.run, options.output, options.sequence_length)
    except (ValueError, OSError) as error:
        print(f"publish: {error}", file=sys.stderr)
        return 2
    print(f"{options.output}: {', '.join(modules_of(options.output))}")
    return 0


def publish(run: Path, output: Path, sequence_length: int | None = None) -> None:
    """Writes the release of a run.

    Args:
        run: path. A training run, or a folder that `save_pretrained` wrote with a tokenizer.
        output: path. The folder of the release; replaced as a whole.
        sequence_length: int or None. Tokens a row; None for the task's own, or 128.

    Raises:
        FileNotFoundError: `run` is no model folder, or lacks its tokenizer.
        ValueError: damaged files, or `output` is there and is no release.
    """
    with files.replacing_folder(output, SUMS_FILE) as release:
        modules = tf_albert.hub.save_run(run, release, sequence_length)
        config = tf_albert.AlbertConfig.from_json(layout.model_folder(run) / layout.CONFIG_FILE)
        results = run / RESULTS_FILE
        scores = files.read_json(results) if results.exists() else {}
        for module in modules:
            write_archive(module, release / f"{module.name}.tar.gz")
            files.write_text(release / f"{module.name}.md", page_of(module, config, scores))
        _write_sums(release)


def modules_of(release: Path) -> list[str]:
    """Returns the names of the modules in a release, in the order in which data meets them.

    Args:
        release: path. The folder of a release.
    """
    names = ("preprocessor", "encoder", "classifier", *USAGES)
    return [name for name in names if (release / name).is_dir()]


def write_archive(folder: Path, path: Path) -> None:
    """Packs a module as TF Hub serves it: its files at the root, and nothing that varies.

    Args:
        folder: path. The module.
        path: path. The `.tar.gz` to write.
    """
    with (
        open(path, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        # Folders stand in the archive too: TF Hub makes none that is not named.
        for member in sorted(folder.rglob("*")):
            archive.add(
                member,
                member.relative_to(folder).as_posix(),
                recursive=False,
                filter=_without_circumstances,
            )


def _without_circumstances(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Returns a tar entry without its time and owner."""
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member


def page_of(module: Path, config: tf_albert.AlbertConfig, scores: JsonDict) -> str:
    """Returns the model page of a module, Markdown.

    Args:
        module: path. The module, of which its `provenance.json` is read.
        config: `AlbertConfig` of its model.
        scores: dict of JSON values. What `results.json` of its run holds.
    """
    name = module.name
    provenance = files.read_json(module / layout.PROVENANCE_FILE)
    facts = {
        "Parameters": f"{provenance['num_parameters']:,}" if "num_parameters" in provenance else "",
        "Layers / hidden / heads": f"{config.num_hidden_layers} / {config.hidden_size} / "
        f"{config.num_attention_heads}",
        "Longest sequence": config.max_position_embeddings,
        "Sequence length": provenance.get("sequence_length", ""),
        "Vocabulary": f"{config.vocab_size} pieces",
        "Labels": ", ".join(map(_cell, provenance.get("labels", []))),
        "tf_albert": provenance["tf_albert_version"],
    }
    length = provenance.get("sequence_length")
    return PAGE.format(
        summary=SUMMARIES[name],
        usage=_usage(name, provenance),
        facts=_rows(facts),
        limits=LIMITS[name].format(longest=config.max_position_embeddings, length=length),
        tried=TRIED if scores else UNTRIED,
        recipe=_table(provenance["run"].get("recipe", {})) or NO_RECIPE,
        scores=_table(scores) or NO_SCORES,
        name=name,
    )


def _table(values: JsonDict) -> str:
    """Returns nested values as a table of Markdown; nothing where there are none."""
    cells = {_cell(key): _cell(value) for key, value in _flat(values).items()}
    return "| | |\n|---|---|\n" + _rows(cells) if cells else ""


def _rows(values: JsonDict) -> str:
    return "\n".join(f"| {key} | {value} |" for key, value in values.items() if value != "")


def _cell(value: Any) -> str:
    """Returns a text for a table: what means something in Markdown or HTML by its number."""
    return MARKUP.sub(lambda mark: f"&#{ord(mark[0])};", str(value))


def _flat(values: JsonDict, before: str = "") -> JsonDict:
    """Returns nested values under one name each."""
    flat: JsonDict = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{key} / ")
        elif isinstance(value, float):
            flat[before + key] = f"{value:.4g}"
        elif value is not None:
            flat[before + key] = value
    return flat


def _usage(name: str, provenance: JsonDict) -> str:
    """Returns code that calls a module."""
    if name != "classifier":
        return USAGES.get(name, ENCODER_USAGE)
    pair = '{"text_a": tf.constant(["a text"]), "text_b": tf.constant(["another"])}'
    return CLASSIFIER_USAGE.format(
        inputs=pair if provenance["num_segments"] == 2 else 'tf.constant(["a fine film"])',
        output=_output_of(provenance),
    )


def _output_of(provenance: JsonDict) -> str:
    if not provenance["labels"]:
        return "score"
    return "holds" if provenance["multi_label"] else "label"


def _write_sums(release: Path) -> None:
    paths = sorted(path for path in release.rglob("*") if path.is_file())
    lines = [f"{files.sha256(path)}  {path.relative_to(release).as_posix()}\n" for path in paths]
    files.write_text(release / SUMS_FILE, "".join(lines))


if __name__ == "__main__":
    sys.exit(main())
