"""This package's own format: what `save_pretrained` writes, and every checkpoint of a run.

Enters: a folder with `albert_config.json`, `model.weights.h5`, `provenance.json` and, where it was
saved, the tokenizer; or a training run that holds such a folder.
Leaves: the model itself (`read.read_model`), a `Checkpoint` of it like those of the other formats,
or such a folder (`write`).
Next: `tf_albert.convert.formats`, whose table has `FORMAT` as a row; `tf_albert.training` saves its
checkpoints by it.
"""

from tf_albert.convert.format import Format
from tf_albert.convert.native import read, write

FORMAT = Format(
    name="tf_albert",
    description="a folder that `save_pretrained` or a training run wrote",
    finds=read.finds,
    read=read.read,
    read_tokenizer=read.read_tokenizer,
    write=write.write,
)
