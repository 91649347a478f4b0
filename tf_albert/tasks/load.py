"""The tasks that are known, and a fine-tuned model of any of them, ready to answer."""

from typing import Any

from tf_albert.tasks.multiple_choice.task import MultipleChoiceTask
from tf_albert.tasks.predictor import Predictor, facts_of_folder
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
        ValueError: damaged files, or a model that does no task, such as a pretrained encoder.

    Example::

        predictor = tf_albert.load_predictor("runs/sst2")
        predictor(["a fine film"])          # [{"text": ..., "label": "1", "probability": ...}]
    """
    return _predictor_class(read_task(where)).from_pretrained(where)


def read_task(where: StrPath) -> dict[str, Any]:
    """Returns what a model does: what it was fine-tuned for, or what its class and labels tell.

    Args:
        where: str or path. The folder of a run or of a model.

    Returns:
        dict of JSON values, the fields of a description; {} of a model that does no task.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: damaged files.
    """
    facts = facts_of_folder(where)
    told = (kind.predictor_class.told_by(facts) for kind in KINDS)
    return facts.get("task") or next(filter(None, told), {})


def _predictor_class(task: dict[str, Any]) -> type[Predictor]:
    kind = TASKS.get(task.get("task", ""))
    return kind.predictor_class if kind else TextClassificationPredictor
