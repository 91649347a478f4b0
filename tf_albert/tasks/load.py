"""The tasks that are known, and a fine-tuned model of any of them, ready to answer."""

from typing import Any

from tf_albert.tasks.multiple_choice.task import MultipleChoiceTask
from tf_albert.tasks.predictor import Predictor, read_task
from tf_albert.tasks.question_answering.task import QuestionAnsweringTask
from tf_albert.tasks.task import Task
from tf_albert.tasks.text_classification.predictor import TextClassificationPredictor
from tf_albert.tasks.text_classification.task import TextClassificationTask
from tf_albert.tasks.token_classification.task import TokenClassificationTask
from tf_albert.types import StrPath

# A new kind of task is a folder and one row here.
KINDS: tuple[type[Task], ...] = (
    TextClassificationTask,
    QuestionAnsweringTask,
    TokenClassificationTask,
    MultipleChoiceTask,
)
TASKS: dict[str, type[Task]] = {name: kind for kind in KINDS for name in kind.takes}


def load_predictor(where: StrPath) -> Predictor:
    """Returns what applies a fine-tuned model, by what it was fine-tuned for.

    Args:
        where: str or path. The folder of a run or of a model.

    Returns:
        `Predictor` of the kind of task; its `description` says which.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: the model was not fine-tuned by `tf-albert finetune`.

    Example::

        predictor = tf_albert.load_predictor("runs/conll")
        predictor.labels_of([("Ada", "lives", "in", "Paris")])
    """
    return _predictor_class(read_task(where)).from_pretrained(where)


def _predictor_class(task: dict[str, Any]) -> type[Predictor]:
    kind = TASKS.get(task.get("task", ""))
    return kind.predictor_class if kind else TextClassificationPredictor
