"""`tf-albert vocab`: text to a SentencePiece vocabulary."""

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

from tf_albert.data.readers import find_files, form_of, read_documents, sentences_of
from tf_albert.data.sentences import known_language
from tf_albert.text.vocabulary import train_vocabulary


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Trains a SentencePiece vocabulary as the one of the released ALBERT was.

    Args:
        input: File or glob of text, JSONL or what WikiExtractor writes, as `prepare` takes them, or
            a list of them.
        output: The model file to write, such as spiece.model.
        vocab_size: Number of pieces, the special ones counted in.
        lower_case: Whether text is lower-cased.
        language: Language by whose rules texts are split into sentences, such as en, de or zh.
    """

    input: str | list[str]
    output: str
    vocab_size: int = 30000
    lower_case: bool = True
    language: str = "en"


def execute(arguments: Arguments) -> None:
    """Trains and writes the vocabulary."""
    inputs = [arguments.input] if isinstance(arguments.input, str) else arguments.input
    train_vocabulary(
        _sentences(find_files(inputs), known_language(arguments.language)),
        arguments.output,
        arguments.vocab_size,
        arguments.lower_case,
    )
    print(f"Wrote {arguments.output} with {arguments.vocab_size:,} pieces.")


def _sentences(paths: Iterable[Path], language: str) -> Iterator[str]:
    for path in paths:
        form = form_of(path)
        for document in read_documents(path):
            yield from sentences_of(document, form, language)
