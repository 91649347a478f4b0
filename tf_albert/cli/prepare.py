"""`tf-albert prepare`: text to tokenized shards."""

import dataclasses

from tf_albert.data.prepare import prepare


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Tokenizes documents for pretraining.

    Args:
        input: File or glob of plain text (one sentence a line, an empty line between documents),
            JSONL with a text field, or what WikiExtractor writes, each perhaps with gzip, xz or
            bzip2; or a list of them.
        output: Folder to write; replaced as a whole.
        vocabulary: The SentencePiece model.
        lower_case: Whether text is lower-cased.
        num_processes: Processes that tokenize; by default one a processor.
        language: Language by whose rules texts are split into sentences, such as en, de or zh;
            sentences that stand a line each are not split.
    """

    input: str | list[str]
    output: str
    vocabulary: str
    lower_case: bool = True
    num_processes: int | None = None
    language: str = "en"


def execute(arguments: Arguments) -> None:
    """Prepares the shards and says what they hold."""
    inputs = [arguments.input] if isinstance(arguments.input, str) else arguments.input
    counts = prepare(
        inputs,
        arguments.output,
        arguments.vocabulary,
        arguments.lower_case,
        arguments.num_processes,
        arguments.language,
    )
    print(
        f"Wrote {arguments.output}: {counts['documents']:,} documents, {counts['sentences']:,} "
        f"sentences, {counts['tokens']:,} tokens, {counts['unknown_tokens']:,} of them unknown. "
        f"Left out: {counts['left_out_documents']:,} documents of fewer than two sentences, "
        "which have no order."
    )
