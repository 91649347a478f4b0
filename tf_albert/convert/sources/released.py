"""The released ALBERT models by name, and where their weights lie.

Sources: README.md of https://github.com/google-research/albert (twelve archives), and the models of
https://huggingface.co/albert (the eight English ones, converted by Hugging Face).
"""

import dataclasses
from pathlib import Path

from tf_albert.addresses import address_of
from tf_albert.config import AlbertConfig
from tf_albert.types import StrPath

SIZES = ("base", "large", "xlarge", "xxlarge")
ARCHIVES = "https://storage.googleapis.com/albert_models"
# Of Google's Chinese BERT, whose word pieces these models have for a vocabulary.
CHINESE_VOCABULARY_SIZE = 21128


@dataclasses.dataclass(frozen=True)
class ReleasedModel:
    """A released model.

    Args:
        name: str. As its publisher writes it.
        config: `AlbertConfig`. Its sizes.
        address: str. Where `from_pretrained` takes it from.
        has_vocabulary: bool. Whether a SentencePiece model lies there too.
    """

    name: str
    config: AlbertConfig
    address: str
    has_vocabulary: bool


def _english(size: str, version: str) -> ReleasedModel:
    name = f"albert-{size}-{version}"
    config = AlbertConfig.from_name(f"albert_{size}_{version}")
    return ReleasedModel(name, config, f"hf://albert/{name}", has_vocabulary=True)


def _chinese(size: str) -> ReleasedModel:
    name = f"albert_{size}_zh"
    config = AlbertConfig.from_name(f"albert_{size}_v1").replace(vocab_size=CHINESE_VOCABULARY_SIZE)
    return ReleasedModel(name, config, f"{ARCHIVES}/{name}.tar.gz", has_vocabulary=False)


RELEASED = (
    *(_english(size, version) for version in ("v2", "v1") for size in SIZES),
    *(_chinese(size) for size in SIZES),
)


def find_released(where: StrPath) -> ReleasedModel | None:
    """Returns the released model of a name, or None where `where` names something else.

    A folder or a checkpoint of that name that is here has precedence.

    Args:
        where: str or path. With hyphens or underscores, with or without `albert/` before it.

    >>> find_released("albert_base_v2").address, find_released("albert/albert-base-v2").name
    ('hf://albert/albert-base-v2', 'albert-base-v2')
    >>> find_released("runs/albert-base-v2")
    """
    if Path(where).exists() or Path(f"{where}.index").exists():
        return None
    key = _key(str(where)).removeprefix("albert/")
    return next((model for model in RELEASED if _key(model.name) == key), None)


def _key(name: str) -> str:
    return name.lower().replace("_", "-")


def located(where: StrPath) -> StrPath:
    """Returns the address that `where` is or has by its name; otherwise `where`, a path.

    Args:
        where: str or path.
    """
    if (address := address_of(where)) is not None:
        return address
    released = find_released(where)
    return where if released is None else released.address
