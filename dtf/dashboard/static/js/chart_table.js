// What a chart shows as a table, made when it is looked at.

import { time, valued } from "./chart_words.js";
import { el } from "./dom.js";

// so many of the newest rows: all of a day would be hundreds
const MOST = 120;

export class ChartTable {
  /** @param title of the chart; @param opened is called when the table is wanted */
  constructor(title, opened) {
    this.title = title;
    this.inside = el("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": `${title} as a table` });
    this.element = el("details", { class: "chart-table" }, el("summary", {}, "As a table"), this.inside);
    this.element.addEventListener("toggle", () => this.element.open && opened());
  }

  open() {
    this.element.open = true;
  }

  /** Show columns: times, and the values of each label. */
  show([times, ...values], labels, unit) {
    if (!this.element.open) return;
    const measured = times.map((at, place) => place).filter((place) => values.some((column) => column[place] !== null));
    const newest = measured.slice(-MOST).reverse();
    const rest = measured.length - newest.length;
    const head = (words) => el("th", { scope: "col", class: "n foreign" }, words);
    const row = (place) =>
      el("tr", {}, el("th", { scope: "row" }, time(times[place])), values.map((column) => el("td", { class: "n" }, valued(column[place], unit))));
    this.inside.replaceChildren(
      el(
        "table",
        { class: "dtf" },
        el("caption", {}, `${this.title}, the newest first`, rest ? `; ${rest} older rows are not shown` : ""),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Time"), labels.map(head))),
        el("tbody", {}, newest.map(row)),
      ),
    );
  }
}
