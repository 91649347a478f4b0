"""In which numbers a run computes."""

from pathlib import Path

DTYPES = ("float32", "mixed_bfloat16", "auto")
# By which Linux says that a processor multiplies bfloat16 itself: x86 without and with tiles, Arm.
INSTRUCTIONS = {"avx512_bf16", "amx_bf16", "bf16"}
PROCESSOR = Path("/proc/cpuinfo")


def policy_of(dtype: str) -> str:
    """Returns the name of Keras's dtype policy for a recipe's `dtype`.

    Args:
        dtype: str. `float32`; `mixed_bfloat16`, with which weights, sums and softmax stay float32;
            or `auto`, which is `mixed_bfloat16` where the processor multiplies bfloat16 itself and
            `float32` elsewhere, where emulating it would take longer than float32 does.

    Raises:
        ValueError: another name.

    Example:

    >>> policy_of("float32")
    'float32'
    """
    if dtype not in DTYPES:
        raise ValueError(f"Unknown `dtype` {dtype!r}. Known ones: {', '.join(DTYPES)}.")
    if dtype != "auto":
        return dtype
    return "mixed_bfloat16" if _multiplies_bfloat16() else "float32"


def _multiplies_bfloat16() -> bool:
    """Whether Linux lists one of the instructions; elsewhere nobody can tell, so no."""
    if not PROCESSOR.exists():
        return False
    words = PROCESSOR.read_text(encoding="utf-8", errors="replace").split()
    return not INSTRUCTIONS.isdisjoint(words)
