// Bars on lanes over time, drawn as SVG: each with a colour, a pattern and a letter for what it is, so that none of them has to
// be told by its colour alone. By keyboard: Tab goes to the bars, the arrows from bar to bar and lane to lane.
//
//   const line = new Timeline(parent, "Attempts by slot");
//   line.show([{key, lane, from, to, kind, words}], {from, to});   // seconds since the epoch; words: told of a bar
//
// Lanes are in the order of their names.

import { el } from "./dom.js";
import { duration } from "./figures.js";

const SVG = "http://www.w3.org/2000/svg";
const LABEL = 15;
const BAR = 20;
const LANE = LABEL + BAR + 9;
const TOP = 22;
const NARROWEST = 2;
const LETTER_FROM = 14;
const CHARACTER = 7.5;
const STEPS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
const TICK_WIDTH = 90;

// what stands for each kind beside its colour
const PATTERNS = {
  failed: "M-2,2 L2,-2 M0,8 L8,0 M6,10 L10,6",
  error: "M0,0 L8,8 M8,0 L0,8",
  infra: "M4,0 V8 M0,4 H8",
  timeout: "M0,4 H8",
  cancelled: "M4,0 V8",
};

export class Timeline {
  constructor(parent, label) {
    this.bars = new Map();
    this.data = [];
    this.range = { from: 0, to: 1 };
    this.axis = svg("g", { class: "axis", "aria-hidden": "true" });
    this.names = svg("g", { class: "lanes", "aria-hidden": "true" });
    this.marks = svg("g");
    const patterns = Object.entries(PATTERNS).map(([kind, path]) =>
      svg("pattern", { id: `pattern-${kind}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, svg("path", { d: path })),
    );
    this.svg = svg("svg", { role: "group", "aria-label": label }, svg("defs", {}, ...patterns), this.axis, this.names, this.marks);
    this.tip = el("div", { class: "tip-dtf foreign", role: "tooltip", id: "timeline-tip", hidden: true });
    this.element = el("div", { class: "timeline" }, this.svg, this.tip);
    parent.append(this.element);
    this.marks.addEventListener("keydown", (event) => this.key(event));
    this.width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.round(contentRect.width) === this.width) return;
      this.width = Math.round(contentRect.width);
      this.draw();
    }).observe(this.element);
  }

  show(bars, range) {
    this.data = [...bars].sort((a, b) => (a.lane < b.lane ? -1 : a.lane > b.lane ? 1 : a.from - b.from));
    this.range = { from: range.from, to: Math.max(range.to, range.from + 0.001) };
    this.draw();
  }

  x(at) {
    return ((at - this.range.from) / (this.range.to - this.range.from)) * this.width;
  }

  draw() {
    if (!this.width) return;
    const lanes = [...new Set(this.data.map((bar) => bar.lane))];
    const height = TOP + lanes.length * LANE;
    for (const [name, value] of Object.entries({ width: this.width, height, viewBox: `0 0 ${this.width} ${height}` })) {
      this.svg.setAttribute(name, value);
    }
    this.drawAxis(height);
    this.names.replaceChildren(
      ...lanes.flatMap((lane, at) => [
        svg("rect", { class: "lane", x: 0, y: TOP + at * LANE + LABEL, width: this.width, height: BAR }),
        svg("text", { x: 0, y: TOP + at * LANE + LABEL - 4 }, lane),
      ]),
    );
    this.drawBars(new Map(lanes.map((lane, at) => [lane, TOP + at * LANE + LABEL])));
  }

  drawAxis(height) {
    const span = this.range.to - this.range.from;
    const wanted = span / Math.max(this.width / TICK_WIDTH, 1);
    const step = STEPS_S.find((one) => one >= wanted) ?? Math.ceil(wanted / 86400) * 86400;
    const ticks = [];
    for (let at = 0; at <= span; at += step) {
      const x = this.x(this.range.from + at);
      const end = x > this.width - 50 ? "end" : "start";
      const word = at ? duration(Math.round(at * 1000) / 1000) : "0 s";
      ticks.push(svg("line", { x1: x, x2: x, y1: 14, y2: height }), svg("text", { x, y: 11, "text-anchor": end }, word));
    }
    this.axis.replaceChildren(...ticks);
  }

  drawBars(tops) {
    const gone = new Set(this.bars.keys());
    this.data.forEach((bar, at) => {
      gone.delete(bar.key);
      if (!this.bars.has(bar.key)) this.bars.set(bar.key, this.made(bar.key));
      // a slot takes its next piece of work before it is done with the last test of the one before: what is not covered is seen
      const next = this.data[at + 1]?.lane === bar.lane ? this.data[at + 1].from : bar.to;
      this.place(this.bars.get(bar.key), bar, tops.get(bar.lane), Math.min(next, bar.to));
    });
    for (const key of gone) {
      this.bars.get(key).remove();
      this.bars.delete(key);
    }
    if (!this.marks.querySelector('[tabindex="0"]')) this.marks.firstElementChild?.setAttribute("tabindex", "0");
  }

  made(key) {
    const mark = svg("g", { role: "img", tabindex: -1 }, svg("rect"), svg("rect", { class: "pattern" }), svg("text"));
    mark.dataset.key = key;
    mark.addEventListener("pointerenter", () => this.tell(mark));
    mark.addEventListener("pointerleave", () => this.hush());
    mark.addEventListener("focus", () => this.tell(mark));
    mark.addEventListener("blur", () => this.hush());
    this.marks.append(mark);
    return mark;
  }

  place(mark, bar, y, seenTo) {
    const x = Math.min(this.x(bar.from), this.width - NARROWEST);
    const width = Math.max(this.x(bar.to) - x, NARROWEST);
    const free = this.x(seenTo) - x;
    const [rect, pattern, text] = mark.children;
    for (const one of [rect, pattern]) put(one, { x, y, width, height: BAR });
    put(mark, { class: `bar is-${bar.kind}`, "aria-label": bar.words });
    pattern.setAttribute("fill", bar.kind in PATTERNS ? `url(#pattern-${bar.kind})` : "none");
    const word = free > CHARACTER * (bar.kind.length + 1) ? bar.kind : free >= LETTER_FROM ? bar.kind[0].toUpperCase() : "";
    put(text, { x: x + free / 2, y: y + BAR / 2 + 4 });
    if (text.textContent !== word) text.textContent = word;
  }

  // --- what is told of a bar

  tell(mark) {
    const bar = this.data.find((one) => one.key === mark.dataset.key);
    if (!bar) return;
    this.tip.textContent = bar.words;
    this.tip.hidden = false;
    const [rect] = mark.children;
    const x = Number(rect.getAttribute("x"));
    this.tip.style.top = `${Number(rect.getAttribute("y")) + BAR + 4}px`;
    this.tip.style.left = `${Math.max(0, Math.min(x, this.width - this.tip.offsetWidth))}px`;
  }

  hush() {
    this.tip.hidden = true;
  }

  // --- by keyboard

  key(event) {
    if (event.key === "Escape") return this.hush();
    const at = this.data.findIndex((bar) => bar.key === event.target.dataset.key);
    const to = at < 0 ? undefined : this.beside(at, event.key);
    if (to === undefined) return undefined;
    event.preventDefault();
    const mark = this.bars.get(this.data[to].key);
    event.target.setAttribute("tabindex", "-1");
    mark.setAttribute("tabindex", "0");
    mark.focus();
    return undefined;
  }

  /** The place of the bar that a key leads to. */
  beside(at, key) {
    const { lane, from } = this.data[at];
    if (key === "Home") return this.data.findIndex((bar) => bar.lane === lane);
    if (key === "End") return this.data.findLastIndex((bar) => bar.lane === lane);
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const next = at + (key === "ArrowLeft" ? -1 : 1);
      return this.data[next]?.lane === lane ? next : undefined;
    }
    if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
    const lanes = [...new Set(this.data.map((bar) => bar.lane))];
    const other = lanes[lanes.indexOf(lane) + (key === "ArrowUp" ? -1 : 1)];
    const places = this.data.map((_, place) => place).filter((place) => this.data[place].lane === other);
    const far = (place) => Math.abs(this.data[place].from - from);
    return places.length ? places.reduce((best, place) => (far(place) < far(best) ? place : best)) : undefined;
  }
}

function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  put(element, attributes);
  element.append(...children);
  return element;
}

function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
