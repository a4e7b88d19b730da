"""torch, which need not be installed."""

from typing import Any

from dtf.domain.errors import BadInputError


def import_torch() -> Any:  # noqa: ANN401  # torch need not be installed
    """Import torch.

    Raises:
        BadInputError: It is not installed, or broken.
    """
    try:
        import torch  # noqa: PLC0415  # heavy, and no dependency of dtf
    except (ImportError, OSError) as error:
        raise BadInputError(
            f"torch cannot be imported by the job's interpreter: {error}; install torch there, "
            "or name another interpreter (python: in a task's config)"
        ) from error
    return torch
