"""A fine-tuned model of any task, ready to be asked."""

from tf_albert import files
from tf_albert.modeling.saving import read_provenance
from tf_albert.tasks.answering import SPAN_TASKS, QuestionAnswerer
from tf_albert.tasks.choosing import Chooser
from tf_albert.tasks.predictions import Predictor
from tf_albert.tasks.tagging import Tagger


def load_predictor(where):
    """Returns what applies a fine-tuned model: `Predictor`, `QuestionAnswerer`, `Tagger` or
    `Chooser`.

    Args:
        where: str or path. The folder of a run or of a model.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: the model was not fine-tuned by `tf-albert finetune`.
    """
    task = read_provenance(files.model_folder(where)).get("task") or {}
    kinds = {**dict.fromkeys(SPAN_TASKS, QuestionAnswerer), "conll": Tagger, "race": Chooser}
    return kinds.get(task.get("task"), Predictor).from_pretrained(where)
