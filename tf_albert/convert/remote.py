"""Models that lie on a host: fetched into the cache of that host's own client."""

import importlib
import re
from pathlib import Path

SCHEMES = ("hf://", "kaggle://", "https://", "http://")
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
)
HUGGINGFACE_NAME = re.compile(r"hf://(?P<repo_id>[^/@]+/[^/@]+?)(@(?P<revision>.+))?/?")
KAGGLE_NAME = re.compile(r"kaggle://(?P<handle>[^/]+/[^/]+/[^/]+/[^/]+(/\d+)?)/?")


def is_remote(where):
    """Whether `where` names a model on a host, by its scheme."""
    return str(where).startswith(SCHEMES)


def fetch(where):
    """Returns the local folder with the files of a model on a host.

    Args:
        where: str. `hf://owner/name` or `hf://owner/name@revision` (by `huggingface_hub`),
            `kaggle://owner/model/framework/variation` with or without `/version` (by `kagglehub`),
            or the `https://` address of a `.tar.gz` or a TF Hub module (by `tensorflow_hub`). Each
            client has its own cache and environment variables.

    Returns:
        path.

    Raises:
        ValueError: a name that is not of this form.
        ModuleNotFoundError: the client is not installed; the message names the extra that has it.
        OSError: the client could not fetch it.
    """
    if where.startswith("hf://"):
        return _from_huggingface(where)
    if where.startswith("kaggle://"):
        return _from_kaggle(where)
    client = _client("tensorflow_hub", None)
    return _only_folder(_fetched(where, lambda: client.resolve(where)))


def _from_huggingface(where):
    name = HUGGINGFACE_NAME.fullmatch(where)
    if name is None:
        raise ValueError(
            f"{where} names no model. Expected: hf://owner/name or hf://owner/name@revision."
        )
    client = _client("huggingface_hub", "huggingface")
    return _fetched(
        where,
        lambda: client.snapshot_download(
            name["repo_id"], revision=name["revision"], ignore_patterns=NOT_FETCHED
        ),
    )


def _from_kaggle(where):
    name = KAGGLE_NAME.fullmatch(where)
    if name is None:
        raise ValueError(
            f"{where} names no model. Expected: kaggle://owner/model/framework/variation, with or "
            "without /version."
        )
    client = _client("kagglehub", "kaggle")
    return _only_folder(_fetched(where, lambda: client.model_download(name["handle"])))


def _client(module, extra):
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"`{module}` fetches such models and is not installed: pip install 'tf_albert[{extra}]'"
        ) from error


def _fetched(where, download):
    try:
        return Path(download())
    except Exception as error:  # the clients' errors share no base class
        reason = " ".join(str(error).split()) or type(error).__name__
        raise OSError(f"{where} could not be fetched: {reason}") from error


def _only_folder(folder):
    """Returns the folder within a folder that holds nothing else: archives often have one."""
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder
