"""`tf-albert prepare`: text to tokenized shards."""

import dataclasses

from tf_albert.data.prepare import prepare


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Tokenizes documents for pretraining.

    Args:
        input: File or glob of plain text (one sentence a line, an empty line between documents) or
            JSONL with a text field, each perhaps with gzip; or a list of them.
        output: Folder to write; replaced as a whole.
        vocabulary: The SentencePiece model.
        lower_case: Whether text is lower-cased.
        num_processes: Processes that tokenize; by default one a processor.
    """

    input: str | list[str]
    output: str
    vocabulary: str
    lower_case: bool = True
    num_processes: int | None = None


def execute(arguments: Arguments) -> None:
    """Prepares the shards and says what they hold."""
    inputs = [arguments.input] if isinstance(arguments.input, str) else arguments.input
    counts = prepare(
        inputs,
        arguments.output,
        arguments.vocabulary,
        arguments.lower_case,
        arguments.num_processes,
    )
    print(
        f"Wrote {arguments.output}: {counts['documents']:,} documents, {counts['sentences']:,} "
        f"sentences, {counts['tokens']:,} tokens, {counts['unknown_tokens']:,} of them unknown. "
        f"Left out: {counts['left_out_documents']:,} documents of fewer than two sentences, "
        "which have no order."
    )
