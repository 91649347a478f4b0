"""Files of text become a folder of tokenized shards, over several processes."""

import collections
import concurrent.futures.process
import itertools
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tf_albert import files
from tf_albert.data.readers import find_files, form_of, read_documents, sentences_of
from tf_albert.data.sentences import known_language
from tf_albert.data.shards import MANIFEST_FILE, ShardWriter
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath

CHARACTERS_PER_TASK = 500_000

# Documents, each sentence a list of ids.
_Tokenized: TypeAlias = list[list[list[int]]]


class _Task(NamedTuple):
    """Documents as `read_documents` gives them, the form of their file, and their language."""

    documents: list[list[str]]
    form: str
    language: str


_tokenizer: PieceTokenizer  # of this process; `_start_worker` makes it


def prepare(
    inputs: Iterable[str],
    output: StrPath,
    vocabulary: StrPath,
    lower_case: bool = True,
    num_processes: int | None = None,
    language: str = "en",
) -> dict[str, int]:
    """Tokenizes documents and writes them as shards; the same files whatever `num_processes`.

    Memory does not grow with the corpus: at most a few tasks a process are under way at once. A
    line of JSONL is in memory as a whole, up to 1 GB, as bytes and text or as text and value.

    Args:
        inputs: list of str. Files or globs: plain text (one sentence a line, an empty line between
            documents), JSONL with a `text` field, or what WikiExtractor writes, each perhaps with
            gzip, xz or bzip2.
        output: str or path. The folder to write; replaced as a whole.
        vocabulary: str or path. The `spiece.model`.
        lower_case: bool. Whether text is lower-cased.
        num_processes: int or None. Processes that tokenize; None for one a processor.
        language: str. The language by whose rules sentences are split, such as `en` or `zh`.

    Returns:
        dict of int: `shards`, `documents`, `sentences`, `tokens`, `unknown_tokens`, and
        `left_out_documents`, those of fewer than two sentences, which have no order.

    Raises:
        FileNotFoundError: a file is missing.
        OSError: a process that tokenizes has ended.
        ValueError: a file is no text, or there is no document of two sentences or more, or
            `num_processes` is below 1, or there are no rules for the language.

    Example::

        prepare(["corpus.txt"], "shards", "spiece.model")["tokens"]
    """
    if num_processes is not None and num_processes < 1:
        raise ValueError(f"`num_processes` must be at least 1. Received: {num_processes}.")
    language = known_language(language)
    paths = find_files(inputs)
    tokenizer = PieceTokenizer(vocabulary, lower_case)
    left_out = 0
    with files.replacing_folder(output, MANIFEST_FILE) as folder:
        writer = ShardWriter(folder, tokenizer)
        tasks = _tasks(paths, language)
        for documents in _tokenized(tasks, tokenizer, num_processes or os.cpu_count() or 1):
            for document in documents:
                # One sentence has no order; a second one from elsewhere would make the task
                # next-sentence prediction again, which the paper replaced.
                if len(document) > 1:
                    writer.add(document)
                else:
                    left_out += 1
        writer.close_shard()
        if not writer.counts["documents"]:
            raise ValueError(
                f"No document of two sentences or more in {', '.join(map(str, paths))}. Expected "
                "one sentence a line and an empty line between documents, or JSONL."
            )
        facts = {
            "left_out_documents": left_out,
            "unknown_tokens": int(writer.unigram[tokenizer.special_ids["unk"]]),
        }
        writer.finish(language=language, **facts)
    return writer.counts | facts


def _tokenized(
    tasks: Iterator[_Task], tokenizer: PieceTokenizer, num_processes: int
) -> Iterator[_Tokenized]:
    """Yields lists of tokenized documents in the order of the tasks."""
    first = list(itertools.islice(tasks, 2))
    if num_processes == 1 or len(first) < 2:
        _start_worker(tokenizer)
        yield from map(_tokenize, itertools.chain(first, tasks))
        return
    with concurrent.futures.ProcessPoolExecutor(
        num_processes,
        # A fork would carry over the threads of TensorFlow, where it is loaded, and hang.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(tokenizer,),
    ) as pool:
        try:
            yield from _bounded_map(pool, itertools.chain(first, tasks), 2 * num_processes)
        except concurrent.futures.process.BrokenProcessPool as error:
            raise OSError(
                "A process that tokenizes has ended, most likely for want of memory. Give fewer "
                "`num_processes`; in a script, call `prepare` under `if __name__ == '__main__':`."
            ) from error


def _tasks(paths: Iterable[Path], language: str) -> Iterator[_Task]:
    """Yields the documents of files in their order."""
    for path in paths:
        form = form_of(path)
        for documents in _groups(read_documents(path)):
            yield _Task(documents, form, language)


def _groups(documents: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    """Groups documents so that handing them to another process costs little."""
    group: list[list[str]] = []
    size = 0
    for document in documents:
        group.append(document)
        size += sum(map(len, document))
        if size >= CHARACTERS_PER_TASK:
            yield group
            group, size = [], 0
    if group:
        yield group


def _bounded_map(
    pool: concurrent.futures.Executor, tasks: Iterable[_Task], most: int
) -> Iterator[_Tokenized]:
    """Yields results in order, with few tasks under way: `pool.map` would read them all."""
    running: collections.deque[concurrent.futures.Future[_Tokenized]] = collections.deque()
    for task in tasks:
        running.append(pool.submit(_tokenize, task))
        if len(running) == most:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


def _start_worker(tokenizer: PieceTokenizer) -> None:
    global _tokenizer  # noqa: PLW0603 - one tokenizer a process; it cannot be sent with each task
    _tokenizer = tokenizer


def _tokenize(task: _Task) -> _Tokenized:
    """Returns documents as lists of sentences, each a list of ids; empty sentences left out."""
    documents = [
        list(sentences_of(document, task.form, task.language)) for document in task.documents
    ]
    rows = iter(_tokenizer.encode_ids([line for document in documents for line in document]))
    return [[ids for ids in itertools.islice(rows, len(document)) if ids] for document in documents]
