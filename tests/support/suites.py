"""Manifests for tests."""

from collections.abc import Iterable

from dtf.domain.manifest import Manifest, ManifestItem


def suite(modules: Iterable[tuple[str, int]]) -> Manifest:
    """A manifest with so many tests in each module."""
    return Manifest(
        items=tuple(
            ManifestItem(nodeid=f"{module}::test_{number}", module=module)
            for module, count in modules
            for number in range(count)
        )
    )
