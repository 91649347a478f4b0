"""Files of arrays as Hugging Face stores them: `model.safetensors`, whole or in shards."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from tf_albert import files
from tf_albert.types import StrPath

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
PICKLE_FILES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
# What `save_pretrained` of transformers long had as its largest shard.
MAX_SHARD_BYTES = 5_000_000_000
NUMPY_TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "I64": "int64"}


def finds(folder: Path) -> bool:
    """Whether a folder has such files, or the pickles that came before them.

    Args:
        folder: path.
    """
    return any((folder / name).exists() for name in (WEIGHTS_FILE, INDEX_FILE, *PICKLE_FILES))


def read(folder: Path) -> tuple[dict[str, np.ndarray], tuple[Path, ...]]:
    """Returns the arrays in a folder, floats as float32.

    Args:
        folder: path.

    Returns:
        tuple of a dict of name to array, and the tuple of files that were read.

    Raises:
        FileNotFoundError: a shard is missing.
        ModuleNotFoundError: safetensors is not installed.
        ValueError: a damaged file, or a pickle.
    """
    if (folder / WEIGHTS_FILE).exists():
        return _read_file(folder / WEIGHTS_FILE), (folder / WEIGHTS_FILE,)
    if not (folder / INDEX_FILE).exists():
        raise ValueError(pickle_refusal(folder))
    shards = _shards(folder)
    arrays: dict[str, np.ndarray] = {}
    for path, names in shards.items():
        content = _read_file(path)
        if sorted(content) != sorted(names):
            raise ValueError(
                f"{path} holds other arrays than {INDEX_FILE} says. Copy the folder again."
            )
        arrays |= content
    return arrays, (folder / INDEX_FILE, *shards)


def pickle_refusal(where: StrPath, name: StrPath | None = None) -> str:
    """Returns why a pickle is not opened, and the command that turns it into safetensors.

    Args:
        where: str or path. What the user named.
        name: str or path. What `transformers` calls it, and the folder that the command writes.
    """
    return (
        f"{where} holds a pickle, which is code that runs when it is opened. If you trust it, "
        'turn it into safetensors: python -c "import sys, transformers as t; f = sys.argv[1]; '
        "m = getattr(t, t.AutoConfig.from_pretrained(f).architectures[0]); "
        f'm.from_pretrained(f).save_pretrained(f)" {name or where}'
    )


def _shards(folder: Path) -> dict[Path, list[str]]:
    """Returns the names of the arrays of each shard's path."""
    index = files.read_json(folder / INDEX_FILE)
    names = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(names, dict):
        raise ValueError(f"{folder / INDEX_FILE} has no `weight_map`. Copy the folder again.")
    shards: dict[Path, list[str]] = {}
    for name, file in names.items():
        # A name with a folder in it could lie anywhere.
        is_name = isinstance(file, str) and file == Path(file).name
        if not is_name or not file.endswith(".safetensors"):
            raise ValueError(
                f"{folder / INDEX_FILE} says that `{name}` lies in {file!r}. Expected the name of "
                "a file beside it. Copy the folder again."
            )
        shards.setdefault(folder / file, []).append(name)
    missing = [path.name for path in shards if not path.exists()]
    if missing:
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)}, which {INDEX_FILE} names. Copy the folder again."
        )
    return shards


def _read_file(path: Path) -> dict[str, np.ndarray]:
    library = _library()
    try:
        stored = library.deserialize(path.read_bytes())
    except library.SafetensorError as error:
        raise ValueError(f"{path} cannot be read: {error}. Copy it again.") from error
    return {name: _array(path, name, **tensor) for name, tensor in stored}


def _array(path: Path, name: str, dtype: str, shape: Sequence[int], data: bytes) -> np.ndarray:
    if dtype == "BF16":
        # bfloat16 is the upper half of a float32.
        upper = np.frombuffer(data, "<u2").astype("<u4") << 16
        return upper.view("float32").reshape(shape)
    if dtype not in NUMPY_TYPES:
        raise ValueError(
            f"`{name}` in {path} is of the type {dtype}. Expected: BF16, {', '.join(NUMPY_TYPES)}."
        )
    array = np.frombuffer(data, NUMPY_TYPES[dtype]).reshape(shape)
    return array.astype("float32") if dtype.startswith("F") else array


def write(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes arrays into a folder: to one file, or to shards and an index where they are large.

    Args:
        folder: path. A folder that exists.
        arrays: dict of name to array.

    Raises:
        ModuleNotFoundError: safetensors is not installed.
    """
    _library()
    from safetensors.numpy import save_file

    shards = _divided(arrays)
    names = [WEIGHTS_FILE]
    if len(shards) > 1:
        numbers = range(1, len(shards) + 1)
        names = [f"model-{number:05d}-of-{len(shards):05d}.safetensors" for number in numbers]
        weight_map = {key: name for name, shard in zip(names, shards, strict=True) for key in shard}
        size = sum(array.nbytes for array in arrays.values())
        index = {"metadata": {"total_size": size}, "weight_map": weight_map}
        files.write_json(folder / INDEX_FILE, index)
    for name, shard in zip(names, shards, strict=True):
        contiguous = {key: np.ascontiguousarray(array) for key, array in shard.items()}
        # transformers refuses a file that does not say which library's layout it has.
        save_file(contiguous, folder / name, metadata={"format": "pt"})


def _divided(arrays: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Returns arrays in dicts, of which only one that holds a single array may be too large."""
    shards: list[dict[str, np.ndarray]] = [{}]
    room = MAX_SHARD_BYTES
    for name, array in arrays.items():
        if shards[-1] and array.nbytes > room:
            shards.append({})
            room = MAX_SHARD_BYTES
        shards[-1][name] = array
        room -= array.nbytes
    return shards


def _library() -> ModuleType:
    try:
        import safetensors
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "`safetensors` reads and writes Hugging Face's files and is not installed: "
            "pip install safetensors"
        ) from error
    return safetensors
