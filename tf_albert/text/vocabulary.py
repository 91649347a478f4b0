"""Training a SentencePiece vocabulary as the one of the released ALBERT was."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tf_albert.text.normalizer import normalize
from tf_albert.types import StrPath

# Read off the trainer_spec inside the released 30k-clean.model.
CONTROL_SYMBOLS = ("[CLS]", "[SEP]", "[MASK]")
USER_DEFINED_SYMBOLS = ("(", ")", '"', "-", ".", "–", "£", "€")
CHARACTER_COVERAGE = 0.99995
INPUT_SENTENCE_SIZE = 10_000_000
# Longer sentences are left out without a word; by default those of over 4,192 bytes.
LONGEST_SENTENCE = 100_000_000


def train_vocabulary(
    sentences: Iterable[str],
    output: StrPath,
    vocab_size: int = 30000,
    lower_case: bool = True,
) -> None:
    """Trains a SentencePiece unigram model and writes it.

    Args:
        sentences: iterable of str. Raw text; normalized here as the tokenizer will do it.
        output: str or path. The `.model` file to write.
        vocab_size: int. Number of pieces, the special ones counted in.
        lower_case: bool. Whether text is lower-cased.

    Raises:
        ValueError: there is no text, or too little of it for `vocab_size` pieces.
        Whatever `sentences` raises.

    Example::

        with open("corpus.txt", encoding="utf-8") as sentences:
            train_vocabulary(sentences, "own.model", vocab_size=400)
    """
    import sentencepiece

    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    beside = output.with_name(f".{output.name}.{os.getpid()}")
    normalized = (normalize(sentence, lower_case) for sentence in sentences)
    failures: list[BaseException] = []
    try:
        with open(beside, "wb") as model:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=_kept(filter(None, normalized), failures),
                model_writer=model,
                model_type="unigram",
                vocab_size=vocab_size,
                character_coverage=CHARACTER_COVERAGE,
                input_sentence_size=INPUT_SENTENCE_SIZE,
                max_sentence_length=LONGEST_SENTENCE,
                shuffle_input_sentence=True,
                control_symbols=list(CONTROL_SYMBOLS),
                user_defined_symbols=list(USER_DEFINED_SYMBOLS),
                pad_id=0,
                unk_id=1,
                bos_id=-1,
                eos_id=-1,
                pad_piece="<pad>",
                minloglevel=2,
            )
        if failures:
            raise failures[0]
        os.replace(beside, output)
    except RuntimeError as error:
        if failures:
            raise failures[0] from None
        raise ValueError(
            f"A vocabulary of {vocab_size} pieces could not be trained on this text: {error} "
            "Give more text or a smaller `vocab_size`."
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def _kept(sentences: Iterable[str], failures: list[BaseException]) -> Iterator[str]:
    """Yields sentences; keeps an error, which SentencePiece would take for the text's end."""
    try:
        yield from sentences
    except BaseException as error:
        failures.append(error)
