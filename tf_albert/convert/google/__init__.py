"""Google's original implementation (TensorFlow 1): its checkpoints, and its modules of TF1 Hub.

Enters: the prefix of a checkpoint, or the folder with one, and `albert_config.json` beside it.
Leaves: a `Checkpoint` (`read`), or a folder that the original code reads (`write`). `names` says
where it keeps each weight and what it cannot express, `config` what its files do not say.
Next: `tf_albert.convert.formats`, whose table has `FORMAT` as a row.
"""

from tf_albert.convert.format import Format
from tf_albert.convert.google import read, write

FORMAT = Format(
    name="google",
    description=(
        "Google's checkpoint (`*.ckpt*.index` and `albert_config.json`, or a .tar.gz of them)"
    ),
    finds=read.finds,
    read=read.read,
    read_tokenizer=read.read_tokenizer,
    write=write.write,
)
