"""Models that lie on a host: fetched into the cache of that host's own client."""

import importlib
import re
import warnings
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from tf_albert.addresses import check_encrypted
from tf_albert.convert.huggingface.safetensors_files import PICKLE_FILES, pickle_refusal
from tf_albert.types import StrPath

Answer = TypeVar("Answer")
# A pickle is code that runs when it is opened, and the others are for other frameworks.
NOT_FETCHED = (
    "*.bin",
    "*.pt",
    "*.pth",
    "*.pkl",
    "*.ckpt",
    "*.msgpack",
    "*.ot",
    "*.onnx",
    "*.tflite",
    "tf_model*.h5",
)
# Of a model on Hugging Face's hub, what tokenizers are read from.
TOKENIZER_FILES = ("*.model", "*.json", "*.spm")
# Of what is fetched, the files of weights in any format that is read here.
WEIGHT_SUFFIXES = (".safetensors", ".index", ".h5", ".pb")
HUGGINGFACE_NAME = re.compile(r"hf://(?P<repo_id>[^/@]+/[^/@]+?)(@(?P<revision>.+))?/?")
KAGGLE_NAME = re.compile(r"kaggle://(?P<handle>[^/]+/[^/]+/[^/]+/[^/]+(/\d+)?)/?")


def fetch(address: str, tokenizer_only: bool = False) -> Path:
    """Returns the local folder with the files of a model on a host.

    Args:
        address: str. `hf://owner/name` or `hf://owner/name@revision` (by `huggingface_hub`),
            `kaggle://owner/model/framework/variation` with or without `/version` (by `kagglehub`),
            or the `https://` address of a `.tar.gz` or a TF Hub module (by `tensorflow_hub`); no
            `http://` one. Each client has its own cache and environment variables.

    Returns:
        path.

    Raises:
        ValueError: an address that is not of this form, or a model that lies there as a pickle
            only.
        ModuleNotFoundError: the client is not installed; the message names the extra that has it.
        OSError: the client could not fetch it.
    """
    check_encrypted(address)
    scheme = address.partition("://")[0]
    if scheme not in FETCHED:
        raise ValueError(
            f"{address} is an address that nothing here fetches. Expected one that begins with "
            f"{', '.join(f'{known}://' for known in FETCHED)}, or a folder here."
        )
    if scheme == "hf":
        return _from_huggingface(address, tokenizer_only)
    return FETCHED[scheme](address)


def _from_web(where: str) -> Path:
    client = _client("tensorflow_hub", "tensorflow-hub")
    return _only_folder(_asked(where, lambda: client.resolve(where)))


def _from_huggingface(where: str, tokenizer_only: bool = False) -> Path:
    name = HUGGINGFACE_NAME.fullmatch(where)
    if name is None:
        raise ValueError(
            f"{where} names no model. Expected: hf://owner/name or hf://owner/name@revision."
        )
    client = _client("huggingface_hub", "huggingface-hub safetensors")
    place = {"repo_id": name["repo_id"], "revision": name["revision"]}
    wanted = TOKENIZER_FILES if tokenizer_only else None
    patterns = {"ignore_patterns": NOT_FETCHED, "allow_patterns": wanted}
    folder = Path(_asked(where, lambda: client.snapshot_download(**place, **patterns)))
    if not tokenizer_only and not any(_is_weights(path) for path in folder.rglob("*")):
        names = _asked(where, lambda: client.list_repo_files(**place))
        if not set(names).isdisjoint(PICKLE_FILES):
            raise ValueError(pickle_refusal(where, name["repo_id"]))
    return folder


def _is_weights(path: Path) -> bool:
    # The client's cache may hold more than was asked for here.
    is_fetched = not any(path.match(pattern) for pattern in NOT_FETCHED)
    return is_fetched and path.suffix in WEIGHT_SUFFIXES


def _from_kaggle(where: str) -> Path:
    name = KAGGLE_NAME.fullmatch(where)
    if name is None:
        raise ValueError(
            f"{where} names no model. Expected: kaggle://owner/model/framework/variation, with or "
            "without /version."
        )
    client = _client("kagglehub", "kagglehub")
    return _only_folder(_asked(where, lambda: client.model_download(name["handle"])))


def _client(module: str, packages: str) -> ModuleType:
    try:
        with warnings.catch_warnings():
            # TF Hub's imports pkg_resources, which announces its own end.
            warnings.simplefilter("ignore", UserWarning)
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"`{module}` fetches such models and is not installed: pip install {packages}"
        ) from error


def _asked(where: str, question: Callable[[], Answer]) -> Answer:
    """Returns what a host's client answers; all of its errors become an `OSError`."""
    try:
        return question()
    except Exception as error:  # the clients' errors share no base class
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise OSError(f"{where} could not be fetched: {reason}.{_advice(where, error)}") from error


def _advice(where: str, error: Exception) -> str:
    """Returns what to do where a host cannot be reached, nothing where it has no such model."""
    if getattr(getattr(error, "response", None), "status_code", None) == HTTPStatus.NOT_FOUND:
        return ""
    return (
        f" Without a network: `tf-albert convert {where} FOLDER` elsewhere makes a folder that is "
        "read here as it is."
    )


def _only_folder(folder: StrPath) -> Path:
    """Returns the folder within a folder that holds nothing else: archives often have one."""
    folder = Path(folder)
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


FETCHED = {"hf": _from_huggingface, "kaggle": _from_kaggle, "https": _from_web}
