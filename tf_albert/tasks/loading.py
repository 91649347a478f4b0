"""A fine-tuned model of any task, ready to be asked."""

from tf_albert import files
from tf_albert.modeling.saving import read_provenance
from tf_albert.tasks.answering import SPAN_TASKS, QuestionAnswerer
from tf_albert.tasks.predictions import Predictor


def load_predictor(where):
    """Returns what applies a fine-tuned model: a `Predictor` or a `QuestionAnswerer`.

    Args:
        where: str or path. The folder of a run or of a model.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: the model was not fine-tuned by `tf-albert finetune`.
    """
    task = read_provenance(files.model_folder(where)).get("task") or {}
    kind = QuestionAnswerer if task.get("task") in SPAN_TASKS else Predictor
    return kind.from_pretrained(where)
