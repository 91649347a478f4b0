"""`tf-albert models`: the released models, and where they come from."""

import dataclasses

from tf_albert.convert.sources.released import RELEASED
from tf_albert.model_sizes import parameter_counts

NOTES = """
Those of Hugging Face's hub are of AlbertForMaskedLM: a head for sentence order is not among them.
Of the Chinese ones, Google's archives, the weights alone are read: their vocabulary is that of
BERT, which is no SentencePiece model. A folder here of the same name has precedence."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Lists the released models by the names that `from_pretrained` and `--init` take.

    Parameters and bytes are those of the encoder, in float32. Nothing is fetched.
    """


def execute(_: Arguments) -> None:
    """Prints the table."""
    print(f"{'':18}{'layers':>7}{'width':>7}{'parameters':>13}{'MB':>8}  fetched from")
    for model in RELEASED:
        counts = parameter_counts(model.config)
        size = sum(counts.values()) - counts["heads"]
        print(
            f"{model.name:18}{model.config.num_hidden_layers:7}{model.config.hidden_size:7}"
            f"{size:13,}{4 * size / 1e6:8.1f}  {model.address}"
        )
    print(NOTES)
