"""ALBERT's text normalization as a table of code points, and as a SentencePiece character map.

Google's `tokenization.py` (`preprocess_text`) collapses white space, decomposes (NFKD), drops
combining marks and lower-cases before SentencePiece sees the text. Each of these steps looks at one
code point at a time, so they fit into the model's own character map: one model then does all of it,
in Python and in a graph, and its offsets point into the text as the user wrote it.
"""

import functools
import itertools
import struct
import tempfile
import unicodedata
from collections.abc import Set
from pathlib import Path

import numpy as np

# Planes 4 to 13 hold no assigned code points, 15 and 16 are for private use.
_ASSIGNED = (range(0x40000), range(0xE0000, 0xE1000))
_SURROGATES = range(0xD800, 0xE000)
# Of a model that normalizes by itself, by whether it lower-cases.
NAMES = {True: "albert_lower_case", False: "albert"}


def normalize(text: str, lower_case: bool = True) -> str:
    """Returns the text as Google's `preprocess_text` hands it to SentencePiece.

    Args:
        text: str.
        lower_case: bool. Whether letters are lower-cased; one by one, so a Greek sigma becomes σ
            also at the end of a word.

    >>> normalize("  Café\\u00a0№ 5 ")
    'cafe no 5'
    """
    table = _table(lower_case)
    return " ".join("".join(table.get(character, character) for character in text).split())


@functools.cache
def _table(lower_case: bool) -> dict[str, str]:
    """Returns the characters that normalization changes, each with what it becomes."""
    table = {}
    for code in (code for block in _ASSIGNED for code in block if code not in _SURROGATES):
        character = chr(code)
        normal = _normalize_character(character, lower_case)
        if normal != character:
            table[character] = normal
    return table


def _normalize_character(character: str, lower_case: bool) -> str:
    if character.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in decomposed if not unicodedata.combining(part))
    return kept.lower() if lower_case else kept


@functools.lru_cache(maxsize=8)
def with_normalization(model_proto: bytes, lower_case: bool) -> bytes:
    """Returns a SentencePiece model that normalizes raw text as ALBERT does.

    Args:
        model_proto: bytes. The serialized model of a `spiece.model`.
        lower_case: bool. Whether letters are lower-cased.

    Returns:
        bytes: the same model, with the normalization before its own character map, as one map.
    """
    from sentencepiece import sentencepiece_model_pb2

    if normalization_of(model_proto) == bool(lower_case):
        return model_proto
    proto = sentencepiece_model_pb2.ModelProto.FromString(model_proto)
    table = _table(lower_case)
    own_rules = read_charsmap(proto.normalizer_spec.precompiled_charsmap, frozenset(table))
    rules = _compose(table, own_rules)
    proto.normalizer_spec.precompiled_charsmap = compile_charsmap(rules)
    proto.normalizer_spec.name = NAMES[bool(lower_case)]
    return proto.SerializeToString()


def normalization_of(model_proto: bytes) -> bool | None:
    """Returns the `lower_case` with which `with_normalization` made a model, or None.

    Args:
        model_proto: bytes. A serialized SentencePiece model.
    """
    from sentencepiece import sentencepiece_model_pb2

    name = sentencepiece_model_pb2.ModelProto.FromString(model_proto).normalizer_spec.name
    return {made: lower_case for lower_case, made in NAMES.items()}.get(name)


def _compose(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """Returns the rules that rewrite text as `first`, then `second` would.

    Args:
        first: dict of one character to a string.
        second: dict of strings to strings, of characters that `first` leaves as they are; the
            longest match wins.
    """
    longest = max(map(len, second), default=1)
    rewritten = {
        character: _rewrite(normal, second, longest) for character, normal in first.items()
    }
    return second | rewritten


def _rewrite(text: str, rules: dict[str, str], longest: int) -> str:
    output: list[str] = []
    start = 0
    while start < len(text):
        for end in range(min(start + longest, len(text)), start, -1):
            if text[start:end] in rules:
                output.append(rules[text[start:end]])
                break
        else:
            end = start + 1
            output.append(text[start])
        start = end
    return "".join(output)


def read_charsmap(blob: bytes, absent: Set[str] = frozenset()) -> dict[str, str]:
    """Returns the rules of a `precompiled_charsmap`: dict of source to target strings.

    The blob is a little-endian length, a Darts double-array trie of that length whose leaves are
    offsets, and the target strings, each ended by a zero byte (sentencepiece `normalizer.cc`,
    `DecodePrecompiledCharsMap`; the bit layout of a unit is that of Darts-clone).

    Args:
        blob: bytes; empty for a model without a map.
        absent: set of characters that no text holds by then; rules with one of them are left out.
            (SentencePiece's NFKC map has 224,711 rules, nearly all of them for combining marks.)
    """
    if not blob:
        return {}
    (size,) = struct.unpack_from("<I", blob)
    units = np.frombuffer(blob, "<u4", count=size // 4, offset=4)
    targets = blob[4 + size :]
    labels = np.arange(1, 256, dtype=np.uint32)
    rules = {}
    nodes, prefixes = np.array([_offset(units[:1])[0]], np.uint32), [b""]
    while len(nodes):
        children = nodes[:, None] ^ labels
        inside = children < len(units)
        found = units[np.where(inside, children, 0)]
        rows, columns = np.nonzero(inside & (found & 0x800000FF == labels))
        found = found[rows, columns]
        nodes = children[rows, columns] ^ _offset(found)
        prefixes = [
            prefixes[row] + bytes((column + 1,)) for row, column in zip(rows, columns, strict=True)
        ]
        kept = [_last_character(prefix) not in absent for prefix in prefixes]
        found, nodes = found[kept], nodes[kept]
        prefixes = list(itertools.compress(prefixes, kept))
        for index in np.nonzero(found >> 8 & 1)[0]:
            start = int(units[nodes[index]] & 0x7FFFFFFF)
            target = targets[start : targets.index(b"\0", start)]
            rules[prefixes[index].decode()] = target.decode()
    return rules


def _last_character(prefix: bytes) -> str | None:
    """Returns the last character of UTF-8 bytes, or None within a character."""
    start = max(index for index, byte in enumerate(prefix) if byte & 0xC0 != 0x80)
    try:
        return prefix[start:].decode()
    except UnicodeDecodeError:
        return None


def _offset(units: np.ndarray) -> np.ndarray:
    return (units >> 10) << ((units & 512) >> 6)


def compile_charsmap(rules: dict[str, str]) -> bytes:
    """Returns the `precompiled_charsmap` of rules; SentencePiece makes one as it trains a model.

    Args:
        rules: dict of source to target strings. One of a NUL is left out.
    """
    import sentencepiece

    lines = [
        " ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target)
        for source, target in sorted(rules.items())
        if source != "\0"
    ]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rules.tsv"
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        model = Path(folder) / "charsmap"
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b c d e"] * 10),
            model_prefix=str(model),
            vocab_size=9,
            hard_vocab_limit=False,
            normalization_rule_tsv=str(table),
            minloglevel=2,
        )
        from sentencepiece import sentencepiece_model_pb2

        trained = sentencepiece_model_pb2.ModelProto.FromString(
            model.with_suffix(".model").read_bytes()
        )
    return trained.normalizer_spec.precompiled_charsmap
