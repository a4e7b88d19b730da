// A table of what a topic holds: drawn again with each message, and nothing moves that is the same.
//
//   const table = new LiveTable(parent, {
//     caption: "Queues",                     // the table's name for screen readers
//     key: (row) => row.name,
//     columns: [{title: "Queue", numeric: false, cell: (row, asOf) => …}],
//     empty: ["No queues yet.", "dtf up"],   // what is said where there is nothing, and what to do then
//   });
//   table.show(rows, asOf);

import { el, keyed, nothing } from "./dom.js";

export class LiveTable {
  constructor(parent, options) {
    this.options = options;
    this.body = el("tbody");
    const heads = options.columns.map(({ title, numeric }) => el("th", { scope: "col", class: numeric && "n" }, title));
    this.table = el(
      "table",
      { class: "dtf stacks", hidden: true },
      el("caption", { class: "visually-hidden" }, options.caption),
      el("thead", {}, el("tr", {}, heads)),
      this.body,
    );
    this.note = nothing(...options.empty);
    this.note.hidden = true;
    parent.append(el("div", { class: "scrolls" }, this.table), this.note);
  }

  show(rows, asOf) {
    const { columns, key } = this.options;
    const line = () => el("tr", {}, columns.map(({ title, numeric }) => el("td", { class: numeric && "n", "data-title": title })));
    keyed(this.body, rows, key, line, (tr, row) => {
      columns.forEach((column, at) => become(tr.children[at], column.cell(row, asOf) ?? ""));
    });
    this.table.hidden = !rows.length;
    this.note.hidden = rows.length > 0;
  }
}

/** Have an element show this: what is the same but for when it was seen stays in place, with its focus. */
export function become(element, ...made) {
  const fresh = el("div", {}, ...made);
  const figures = [...fresh.querySelectorAll("[data-as-of]")];
  if (figures.length) {
    for (const figure of element.querySelectorAll("[data-as-of]")) figure.dataset.asOf = figures[0].dataset.asOf;
  }
  const same = fresh.childNodes.length === element.childNodes.length;
  if (same && [...fresh.childNodes].every((node, at) => node.isEqualNode(element.childNodes[at]))) return;
  element.replaceChildren(...fresh.childNodes);
}
