"""What pages draw with, of npm's packages. The wheel's build reads this file too, and imports nothing of dtf."""

_D3 = (
    "array", "color", "dispatch", "drag", "ease", "force", "format", "interpolate", "quadtree", "scale", "selection",
    "time", "time-format", "timer", "transition", "zoom",
)  # fmt: skip

#: The files by the names under which they are served: package, and path in it.
FILES = {
    "uplot.js": ("uplot", "dist/uPlot.esm.js"),
    "uplot.css": ("uplot", "dist/uPlot.min.css"),
    **{f"d3-{name}.js": (f"d3-{name}", f"dist/d3-{name}.min.mjs") for name in _D3},
}

#: Each package's notice, which goes wherever its files go; internmap is inside of d3-array.
NOTICES = {
    f"{package}-license.txt": (package, "LICENSE")
    for package in (*(package for package, _ in FILES.values()), "internmap")
}
