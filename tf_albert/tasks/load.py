"""A fine-tuned model of any task, ready to be asked."""

from tf_albert.tasks.multiple_choice.predictor import Chooser
from tf_albert.tasks.predictor import read_task
from tf_albert.tasks.question_answering.predictor import SPAN_TASKS, QuestionAnswerer
from tf_albert.tasks.text_classification.predictor import Predictor
from tf_albert.tasks.token_classification.predictor import Tagger


def load_predictor(where):
    """Returns what applies a fine-tuned model, by what it was fine-tuned for.

    Args:
        where: str or path. The folder of a run or of a model.

    Returns:
        `Predictor`, `QuestionAnswerer`, `Tagger` or `Chooser`; each has a `description`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: the model was not fine-tuned by `tf-albert finetune`.

    Example::

        load_predictor("runs/conll").labels_of([("Ada", "lives", "in", "Paris")])
    """
    kinds = {**dict.fromkeys(SPAN_TASKS, QuestionAnswerer), "conll": Tagger, "race": Chooser}
    return kinds.get(read_task(where).get("task"), Predictor).from_pretrained(where)
