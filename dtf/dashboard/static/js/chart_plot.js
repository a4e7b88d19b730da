// Draws columns with uPlot, where that is installed: lines with gaps, zoomed and moved by mouse and keyboard.

import { el } from "./dom.js";
import { axisTimes, isMeasured, ticked } from "./chart_words.js";
import { at } from "./live.js";

const HEIGHT = 220;
// half of the last time's words are beside the drawing
const LAST_TIME = 36;
const COLOURS = 8;
// by which share of what is shown the keyboard moves, and zooms
const [MOVE, ZOOM] = [0.2, 0.5];
const SHORTEST_S = 60;
// of what is counted there are no parts: how far apart its marks stand
const WHOLE = [1, 2, 5].flatMap((first) => [...Array(9).keys()].map((power) => first * 10 ** power)).sort((a, b) => a - b);

// bytes are told by powers of 1024, so that their marks are round there
const BINARY = [...Array(50).keys()].map((power) => 2 ** power);

let library;
/** uPlot, or undefined where it is not installed. */
export function uplot() {
  library ??= load();
  return library;
}

async function load() {
  try {
    const { default: uPlot } = await import("../vendor/uplot.js");
    document.head.append(el("link", { rel: "stylesheet", href: at("/assets/vendor/uplot.css") }));
    return uPlot;
  } catch {
    return undefined;
  }
}

function steps(unit) {
  if (unit === "bytes") return { incrs: BINARY };
  return isMeasured(unit) ? {} : { incrs: WHOLE };
}

const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The colour of a series by its place, and its dashes where colours come again. */
export function stroke(place) {
  const dash = [[], [6, 4], [2, 3]][Math.floor(place / COLOURS) % 3];
  return { stroke: variable(`--dtf-chart-${(place % COLOURS) + 1}`), dash };
}

/**
 * A drawing in `parent`, which can be reached by the keyboard.
 *
 * @param unit of the values
 * @param names of the series, for as many columns
 * @param band whether there is one series, with its least and most
 * @param pointed is told which place of the columns the mouse is at, or null
 * @param chosen is told a time to show, [from, to], or null for all
 */
export class Plot {
  constructor(uPlot, parent, { unit, names, band, pointed, chosen }) {
    Object.assign(this, { uPlot, parent, unit, names, band, chosen });
    const lines = { stroke: variable("--dtf-chart-grid"), width: 1 };
    const axis = { stroke: variable("--bs-body-color"), grid: lines, ticks: lines };
    const mousedown = (u, target, go) => (event) => {
      if (event.button === 0) event.shiftKey ? this.grab(event) : go(event);
    };
    const dblclick = () => () => this.chosen(null);
    this.plot = new uPlot(
      {
        width: this.width(),
        height: HEIGHT,
        padding: [null, LAST_TIME, null, null],
        legend: { show: false },
        cursor: { y: false, drag: { x: true, y: false, setScale: false }, bind: { mousedown, dblclick } },
        scales: { x: { time: true }, y: { range: (u, low, high) => this.heights(low, high) } },
        axes: [
          { ...axis, size: 36, space: 96, values: (u, splits, place, space, apart) => axisTimes(splits, apart) },
          { ...axis, ...steps(unit), size: 74, values: (u, splits) => splits.map((value) => ticked(value, unit)) },
        ],
        series: [{}, ...this.lines()],
        bands: band ? [{ series: [3, 2], fill: variable("--dtf-chart-band") }] : [],
        hooks: { setCursor: [(u) => pointed(u.cursor.idx ?? null)], setSelect: [(u) => this.selected(u)] },
      },
      [[], ...Array((band ? 3 : 1) * names.length).fill([])],
      parent,
    );
    this.onkey = (event) => this.key(event);
    parent.addEventListener("keydown", this.onkey);
    this.sizes = new ResizeObserver(() => this.plot.setSize({ width: this.width(), height: HEIGHT }));
    this.sizes.observe(parent);
  }

  lines() {
    const line = (place, width) => ({ ...stroke(place), width, spanGaps: false, points: { size: 4 } });
    const edge = { ...line(0, 0), points: { show: false } };
    if (this.band) return [line(0, 2), edge, edge];
    return this.names.map((name, place) => line(place, 1.75));
  }

  width() {
    return Math.max(this.parent.clientWidth, 200);
  }

  heights(low, high) {
    if (this.unit === "%") return [0, 100];
    const edge = (pad) => ({ pad, soft: 0, mode: 1 });
    return low === null ? [0, 1] : this.uPlot.rangeNum(Math.min(low, 0), Math.max(high, 1), { min: edge(0), max: edge(0.1) });
  }

  /** Show columns of a time. */
  show(columns, [from, to]) {
    this.time = [from, to];
    this.plot.batch(() => {
      this.plot.setData(columns, false);
      this.plot.setScale("x", { min: from, max: to });
    });
  }

  selected(u) {
    if (u.select.width < 4) return;
    const [from, to] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.choose(from, to);
  }

  /** Move by the mouse: the time under it stays under it. */
  grab(event) {
    const [from, to] = this.time;
    const scale = (to - from) / this.plot.over.clientWidth;
    let by = 0;
    const move = ({ clientX }) => {
      by = (event.clientX - clientX) * scale;
      this.plot.setScale("x", { min: from + by, max: to + by });
    };
    const end = () => {
      removeEventListener("mousemove", move);
      if (by) this.choose(from + by, to + by);
    };
    addEventListener("mousemove", move);
    addEventListener("mouseup", end, { once: true });
  }

  key(event) {
    const [from, to] = this.time ?? [0, 0];
    const span = to - from;
    const act = {
      ArrowLeft: () => this.choose(from - MOVE * span, to - MOVE * span),
      ArrowRight: () => this.choose(from + MOVE * span, to + MOVE * span),
      "+": () => this.choose(from + (ZOOM / 2) * span, to - (ZOOM / 2) * span),
      "-": () => this.choose(from - ZOOM * span, to + ZOOM * span),
      Escape: () => this.chosen(null),
    }[event.key];
    if (!act || !span || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act();
  }

  choose(from, to) {
    const middle = (from + to) / 2;
    const half = Math.max(to - from, SHORTEST_S) / 2;
    this.chosen([middle - half, middle + half]);
  }

  end() {
    this.sizes.disconnect();
    this.parent.removeEventListener("keydown", this.onkey);
    this.plot.destroy();
  }
}
