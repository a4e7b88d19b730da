// A chart of series that the ledger keeps: live, with a choice of times, and the same as a table.
//
//   const drawn = chart(parent, {
//     title: "CPU", unit: "%",                                       // "%", "bytes", "°C", "jobs", ...
//     series: [{ name: "worker/ID/cpu_percent", label: "lab1" }],
//     last: 3600,                                                    // seconds; the last hour where it is missing
//     ranges: true,                                                  // whether it has buttons for other times
//   });
//   drawn.setSeries([...]); drawn.setLast(86400);

import { Plot, stroke, uplot } from "./chart_plot.js";
import { ChartTable } from "./chart_table.js";
import { stepWords, summary, time, valued } from "./chart_words.js";
import { el, nothing } from "./dom.js";
import { brief } from "./foreign_text.js";
import { columns, joined, newest, oldest, readSeries } from "./series.js";

export const RANGES = [["1 h", 3600], ["1 day", 86400], ["30 days", 30 * 86400]];
const EVERY_S = 10;
// no less is shown of a laboratory that is younger than what is asked for
const SHORTEST_S = 120;
const NONE = ["No figures yet: they are kept every 10 s while a coordinator leads.", "dtf up"];
const MISSING = "What charts are drawn with is not installed, so here is a table. In a checkout of dtf, make run brings it.";
const HINT = "Drag: zoom. Shift and drag: move. Double click: all. By keyboard: arrows move, + and - zoom, Escape shows all.";

const charts = new Set();
let number = 0;

/** Draw a chart in `parent`; what it gives can be told other series, and another time. */
export function chart(parent, options) {
  return new Chart(parent, options);
}

/** Buttons for how far back is shown: `ranges((seconds) => ..., 3600).element`. */
export function ranges(chosen, last) {
  const press = (seconds) => {
    for (const button of element.children) {
      const is = Number(button.value) === seconds;
      button.setAttribute("aria-pressed", String(is));
      button.classList.toggle("active", is);
    }
  };
  const buttons = RANGES.map(([words, seconds]) => {
    const act = () => {
      press(seconds);
      chosen(seconds);
    };
    return el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", value: seconds, onclick: act }, words);
  });
  const element = el("div", { class: "btn-group", role: "group", "aria-label": "How far back" }, buttons);
  press(last);
  return { element, press };
}

class Chart {
  constructor(parent, { title, unit = "", series = [], last = RANGES[0][1], ranges: hasRanges = true }) {
    Object.assign(this, { title, unit, last, window: null, known: {}, shown: [[]], asOf: undefined, asked: 0, drawnAt: 0, plot: null });
    const id = `chart-${++number}`;
    const unitless = !unit || title.toLowerCase().includes(unit);
    this.buttons = hasRanges ? ranges((seconds) => this.setLast(seconds), last) : null;
    this.all = el("button", { type: "button", class: "btn btn-sm btn-link", hidden: true, onclick: () => this.choose(null) }, "Show all");
    this.note = el("p", { class: "soft chart-note", role: "status" });
    this.drawing = el("div", { class: "chart-drawing", role: "img", tabindex: "0", title: HINT });
    this.legend = el("ul", { class: "chart-legend", "aria-hidden": "true" });
    this.table = new ChartTable(title, () => this.draw());
    this.element = el(
      "figure",
      { class: "chart-dtf", "aria-labelledby": id },
      el("figcaption", { id }, unitless ? title : `${title} (${unit})`, " ", this.all, this.buttons?.element),
      this.note,
      this.drawing,
      this.legend,
      this.table.element,
    );
    parent.append(this.element);
    charts.add(this);
    // of a single figure that it is made for the title tells all
    this.isNamed = series.length === 1;
    this.setSeries(series);
  }

  /** Show other series: `[{name, label}]`. */
  setSeries(series) {
    this.names = series.map(({ name }) => name);
    this.labels = series.map(({ label, name }) => brief(label ?? name, 60));
    this.known = {};
    this.plot?.end();
    this.plot = null;
    this.load();
  }

  /** Show so many seconds until now. */
  setLast(seconds) {
    this.last = seconds;
    this.buttons?.press(seconds);
    this.choose(null);
  }

  /** Show a time, [from, to], or null: what is asked for until now. */
  choose(window) {
    this.window = window;
    this.all.hidden = window === null;
    this.load();
  }

  async load() {
    if (!this.names.length) return this.draw();
    const shown = this.window && { since: Math.max(this.window[0], 0), until: this.window[1] };
    await this.ask(shown ?? { last: this.last }, (series) => series);
  }

  /** Bring it up to date, as often as its points change. */
  async update() {
    if (this.window || !this.names.length) return;
    const since = newest(this.known);
    if (this.last <= RANGES[0][1] && since !== undefined) {
      await this.ask({ since }, (series, asOf) => joined(this.known, series, asOf - this.last));
    } else if (since === undefined || Date.now() / 1000 - this.drawnAt >= this.last / 600) {
      await this.load();
    }
  }

  async ask(asked, taken) {
    const mine = ++this.asked;
    try {
      const answer = await readSeries(this.names, asked);
      if (mine !== this.asked) return;
      this.known = taken(answer.series, answer.as_of);
      this.asOf = answer.as_of;
      this.drawnAt = Date.now() / 1000;
      this.problem = "";
    } catch (error) {
      if (mine !== this.asked) return;
      this.problem = `The figures cannot be had: ${error.message}`;
    }
    await this.draw();
  }

  async draw() {
    const uPlot = await uplot();
    const has = newest(this.known) !== undefined;
    this.drawing.hidden = !uPlot || !has;
    this.legend.hidden = this.drawing.hidden || this.isNamed;
    this.table.element.hidden = !has;
    if (!uPlot) this.table.open();
    this.tell(uPlot, has);
    if (!has) return;
    this.drawing.setAttribute("aria-label", summary(this.title, this.unit, this.labels, this.known, this.names));
    if (uPlot) {
      this.plot ??= this.made(uPlot);
      this.plot.show(columns(this.known, this.names, this.names.length === 1), this.window ?? this.until());
    }
    this.shown = columns(this.known, this.names);
    this.table.show(this.shown, this.labels, this.unit);
  }

  /** The time that is shown until now: of a young laboratory no more than there is. */
  until() {
    const since = Math.max(this.asOf - this.last, oldest(this.known));
    return [Math.min(since, this.asOf - SHORTEST_S), this.asOf];
  }

  tell(uPlot, has) {
    const step = Math.max(0, ...Object.values(this.known).map((one) => one.resolution_s));
    const empty = this.names.length ? NONE : ["Nothing is chosen."];
    const is = has && !this.window && oldest(this.known) > this.asOf - this.last + 2 * step;
    const young = is ? ` Known since ${time(oldest(this.known))}.` : "";
    const words = this.problem || (has ? `${uPlot ? "" : `${MISSING} `}${stepWords(step)}${young}` : "");
    if (this.note.textContent !== words) this.note.textContent = words;
    this.note.classList.toggle("is-failed", Boolean(this.problem));
    const isEmpty = !has && !this.problem && (this.asOf !== undefined || !this.names.length);
    this.element.querySelector(".nothing")?.remove();
    if (isEmpty) this.note.after(nothing(...empty));
  }

  made(uPlot) {
    this.drawing.replaceChildren();
    this.values = this.labels.map(() => el("span", { class: "n" }));
    this.legend.replaceChildren(...this.labels.map((label, place) => this.entry(label, place)));
    return new Plot(uPlot, this.drawing, {
      unit: this.unit,
      names: this.names,
      band: this.names.length === 1,
      pointed: (place) => this.point(place),
      chosen: (window) => this.choose(window),
    });
  }

  entry(label, place) {
    const swatch = el("span", { class: "chart-swatch" });
    const { stroke: colour, dash } = stroke(place);
    swatch.style.borderTopColor = colour;
    swatch.style.borderTopStyle = ["solid", "dashed", "dotted"][dash.length ? (dash[0] > 4 ? 1 : 2) : 0];
    return el("li", {}, swatch, el("span", { class: "foreign" }, label), " ", this.values[place]);
  }

  /** Tell what is under the mouse. */
  point(place) {
    const [times, ...values] = place === null ? [[]] : this.shown;
    this.values.forEach((element, at) => {
      element.textContent = place === null ? "" : valued(values[at]?.[place], this.unit);
    });
    const words = this.names.length === 1 && place !== null ? ` ${valued(values[0]?.[place], this.unit)}` : "";
    this.drawing.title = place === null || times[place] === undefined ? HINT : `${time(times[place])}${words}`;
  }

  /** Draw it anew, in the colours that hold now. */
  restyle() {
    this.plot?.end();
    this.plot = null;
    this.draw();
  }

  /** Forget it. */
  end() {
    charts.delete(this);
    this.plot?.end();
    this.element.remove();
  }
}

setInterval(() => {
  if (!document.hidden) charts.forEach((one) => one.update());
}, 1000 * EVERY_S);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) charts.forEach((one) => one.window || one.load());
});
new MutationObserver(() => charts.forEach((one) => one.restyle())).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
