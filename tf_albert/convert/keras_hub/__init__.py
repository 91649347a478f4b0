"""Presets of keras-hub, which the library itself opens and writes.

Enters: the folder that `save_to_preset` of an ALBERT class of keras-hub wrote.
Leaves: a `Checkpoint` (`read`), or such a folder (`write`). `config` checks the JSON files,
`preset` opens them as a live model, `names` says where that keeps each weight, `tokenizer` reads
the vocabulary, and `other_library` lets keras-hub compute.
Next: `tf_albert.convert.formats`, whose table has `FORMAT` as a row.
"""

from tf_albert.convert.format import Format
from tf_albert.convert.keras_hub import other_library, read, tokenizer, write

FORMAT = Format(
    name="keras_hub",
    description="a keras-hub preset (`task.json` or `model.weights.h5` and `config.json`)",
    finds=read.finds,
    read=read.read,
    read_tokenizer=tokenizer.tokenizer_alone,
    write=write.write,
    other_library=other_library.KERAS_HUB,
)
