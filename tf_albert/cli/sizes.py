"""`tf-albert sizes`: what the named sizes hold and cost."""

import dataclasses

from tf_albert.model_sizes import sizes_table

HEADINGS = {
    "embedding": "embedding",
    "projection": "projection",
    "encoder": "encoder",
    "pooler": "pooler",
    "heads": "heads",
    "total": "total",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments:
    """Prints parameters, GFLOPs a token and bytes of the named sizes, and of BERT base."""


def execute(_: Arguments) -> None:
    """Prints the table."""
    print(
        f"{'':20}"
        + "".join(f"{heading:>13}" for heading in HEADINGS.values())
        + f"{'GFLOPs/token':>16}"
        f"{'float32':>10}{'bfloat16':>10}"
    )
    print(f"{'':98}{'at 128':>8}{'at 512':>8}{'MB':>10}{'MB':>10}")
    for row in sizes_table():
        print(
            f"{row['name']:20}"
            + "".join(f"{row[part]:13,}" for part in HEADINGS)
            + f"{row['gflops_per_token_128']:8.3f}{row['gflops_per_token_512']:8.3f}"
            f"{row['float32_bytes'] / 1e6:10.1f}{row['bfloat16_bytes'] / 1e6:10.1f}"
        )
