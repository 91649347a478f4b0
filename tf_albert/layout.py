"""How the folder of a model, and of a training run, is laid out."""

from pathlib import Path

from tf_albert.addresses import check_path
from tf_albert.types import StrPath

# Within the folder of a training run.
MODEL_FOLDER = "model"
# In the folder of a model that this package saved.
CONFIG_FILE = "albert_config.json"
WEIGHTS_FILE = "model.weights.h5"
# In every folder with a model: where it comes from, and the sums of its files.
PROVENANCE_FILE = "provenance.json"


def model_folder(where: StrPath) -> Path:
    """Returns the folder with the model: `where`, or the final model of the run that it holds.

    Args:
        where: str or path. The folder of a model or of a training run.

    Raises:
        ValueError: an address.
    """
    check_path(where)
    inside = Path(where) / MODEL_FOLDER
    return inside if inside.is_dir() else Path(where)
