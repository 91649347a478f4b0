"""What a format declares: a row of the table of formats."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from tf_albert.convert.checkpoint import Checkpoint, Written
from tf_albert.convert.other_library import OtherLibrary
from tf_albert.modeling.model import AlbertModel
from tf_albert.text.pieces import PieceTokenizer

WriteFunction: TypeAlias = Callable[[AlbertModel, Path, PieceTokenizer | None], Written]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """How models of one format are told, read and written.

    Args:
        name: str. What `tf-albert convert --to` calls it.
        description: str. What lies in such a place, in the words of an error message.
        finds: function of a path. Whether a model of this format lies there.
        read: function of a path that returns a `Checkpoint`.
        read_tokenizer: function of a path that returns the `PieceTokenizer` that lies there in
            this format, with a model or without, or None.
        write: function of an `AlbertModel`, a folder and a `PieceTokenizer` or None that returns
            `Written`; None where the format is only read.
        why_not_written: str. Of a format that is only read, what else writes it.
        other_library: `OtherLibrary` that runs such files, or None where there is none.
    """

    name: str
    description: str
    finds: Callable[[Path], bool]
    read: Callable[[Path], Checkpoint]
    read_tokenizer: Callable[[Path], PieceTokenizer | None]
    write: WriteFunction | None = None
    why_not_written: str = ""
    other_library: OtherLibrary | None = None
