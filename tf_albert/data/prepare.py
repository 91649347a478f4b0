"""Files of text become a folder of tokenized shards, over several processes."""

import collections
import concurrent.futures.process
import itertools
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from tf_albert import files
from tf_albert.data.readers import find_files, is_jsonl, read_documents, split_sentences
from tf_albert.data.shards import MANIFEST_FILE, ShardWriter
from tf_albert.text.pieces import PieceTokenizer
from tf_albert.types import StrPath

CHARACTERS_PER_TASK = 500_000

# Documents as lists of sentences, with whether each is one text that is still to be split.
_Task: TypeAlias = tuple[bool, list[list[str]]]
# The same documents, each sentence a list of ids.
_Tokenized: TypeAlias = list[list[list[int]]]

_tokenizer: PieceTokenizer  # of this process; `_start_worker` makes it


def prepare(
    inputs: Iterable[str],
    output: StrPath,
    vocabulary: StrPath,
    lower_case: bool = True,
    num_processes: int | None = None,
) -> dict[str, int]:
    """Tokenizes documents and writes them as shards; the same files whatever `num_processes`.

    Memory does not grow with the corpus: at most a few tasks a process are under way at once.

    Args:
        inputs: list of str. Files or globs: plain text (one sentence a line, an empty line between
            documents) or JSONL with a `text` field, each perhaps with gzip.
        output: str or path. The folder to write; replaced as a whole.
        vocabulary: str or path. The `spiece.model`.
        lower_case: bool. Whether text is lower-cased.
        num_processes: int or None. Processes that tokenize; None for one a processor.

    Returns:
        dict of int: `shards`, `documents`, `sentences`, `tokens`, `unknown_tokens`, and
        `left_out_documents`, those of fewer than two sentences, which have no order.

    Raises:
        FileNotFoundError: a file is missing.
        OSError: a process that tokenizes has ended.
        ValueError: a file is no text, or there is no document of two sentences or more, or
            `num_processes` is below 1.

    Example::

        prepare(["corpus.txt"], "shards", "spiece.model")["tokens"]
    """
    if num_processes is not None and num_processes < 1:
        raise ValueError(f"`num_processes` must be at least 1. Received: {num_processes}.")
    paths = find_files(inputs)
    tokenizer = PieceTokenizer(vocabulary, lower_case)
    left_out = 0
    with files.replacing_folder(output, MANIFEST_FILE) as folder:
        writer = ShardWriter(folder, tokenizer)
        for documents in _tokenized(paths, tokenizer, num_processes or os.cpu_count() or 1):
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
        writer.finish(**facts)
    return writer.counts | facts


def _tokenized(
    paths: list[Path], tokenizer: PieceTokenizer, num_processes: int
) -> Iterator[_Tokenized]:
    """Yields lists of tokenized documents in the order of the files."""
    tasks = (
        (is_jsonl(path), documents) for path in paths for documents in _tasks(read_documents(path))
    )
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


def _tasks(documents: Iterable[list[str]]) -> Iterator[list[list[str]]]:
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
    unsplit, documents = task
    if unsplit:
        documents = [split_sentences(text) for (text,) in documents]
    rows = iter(_tokenizer.encode_ids([line for document in documents for line in document]))
    return [[ids for ids in itertools.islice(rows, len(document)) if ids] for document in documents]
