"""Loads plugins and calls their hooks one by one."""

import logging
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

import pluggy

from dtf import hookspecs
from dtf.domain.ports.executor import Executor
from dtf.domain.work import JobKind

log = logging.getLogger(__name__)

#: The entry point group in which other distributions name their plugins.
GROUP = "dtf"


def load_plugins(builtins: Mapping[str, object], found: Iterable[EntryPoint] | None = None) -> pluggy.PluginManager:
    """Register the built-in plugins and those that are installed.

    An installed plugin that cannot be loaded is logged and left out.

    Args:
        builtins: The built-in plugins by name.
        found: The entry points of the others; None: those of group ``dtf``.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for name, plugin in builtins.items():
        manager.register(plugin, name=name)
    for point in entry_points(group=GROUP) if found is None else found:
        try:
            manager.register(point.load(), name=point.name)
            manager.check_pending()
        except Exception:
            log.exception("plugin %s (%s) cannot be loaded and is left out", point.name, point.value)
            manager.unregister(name=point.name)
    return manager


def call_each(manager: pluggy.PluginManager, hook: str, **arguments: object) -> list[object]:
    """Call a hook of every plugin, the earliest registered first; one that raises is logged and passed over.

    Returns:
        What the others returned, without None.
    """
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    answers = []
    for implementation in caller.get_hookimpls():
        try:
            answer = implementation.function(*(arguments[name] for name in implementation.argnames))
        except Exception:
            log.exception("hook %s of plugin %s failed", hook, implementation.plugin_name)
            continue
        if answer is not None:
            answers.append(answer)
    return answers


def find_executors(manager: pluggy.PluginManager) -> dict[JobKind, Executor]:
    """The executors of all plugins by kind; a later plugin replaces an earlier one of the same kind."""
    executors: dict[JobKind, Executor] = {}
    for given in call_each(manager, "dtf_executors"):
        if not isinstance(given, Iterable):
            log.error("hook dtf_executors gave %r, which is no sequence", given)
            continue
        for executor in given:
            executors[executor.kind] = executor
    return executors
