"""Hugging Face's `transformers`: folders with `config.json` and `model.safetensors`.

Enters: such a folder, its weights whole or in shards, with or without a tokenizer; never a pickle.
Leaves: a `Checkpoint` (`read`), or a folder that transformers opens (`write`). `names` says where
it keeps each weight, `config` what its keys mean; `safetensors_files` and `tokenizer` are the other
files, and `other_library` runs transformers itself.
Next: `tf_albert.convert.formats`, whose table has `FORMAT` as a row.
"""

from tf_albert.convert.format import Format
from tf_albert.convert.huggingface import other_library, read, tokenizer, write

FORMAT = Format(
    name="huggingface",
    description="Hugging Face's folder (`config.json` and `model.safetensors`)",
    finds=read.finds,
    read=read.read,
    read_tokenizer=tokenizer.tokenizer_alone,
    write=write.write,
    other_library=other_library.TRANSFORMERS,
)
