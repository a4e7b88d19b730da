// A resource of the API as a table, a page at a time.
//
//   const list = new Listing(document.getElementById("list"), {
//     resource: "jobs",                     // GET /api/v1/jobs
//     caption: "Jobs",                      // the table's name for screen readers
//     key: (row) => row.job_id,             // what tells a row from the others, and stays
//     columns: [
//       {title: "Job", sort: "name", cell: (row, asOf) => link(at(`/lab/jobs/${row.job_id}`), row.name)},
//       {title: "Priority", sort: "priority", first: "descending", numeric: true,
//        cell: (row, asOf) => figure(`jobs.${row.job_id}.priority`, row.priority, asOf)},
//       {title: "", cell: (row) => el("button", {type: "button", onclick: () => cancel(row.job_id)}, "Cancel")},
//     ],
//     filters: [
//       {name: "kind", title: "Kind", kind: "select", options: ["pytest", ["command", "a command"]]},   // one of them
//       {name: "outcome", title: "Verdict", kind: "multi", options: ["passed", "failed"]},              // several
//       {name: "name", title: "Name", kind: "search", hint: "all of it"},                             // 250 ms after typing
//     ],
//     sort: "-created_at",                  // the order where the address says nothing; missing: the resource's usual one
//     limit: 50,                            // rows of a page
//     fixed: {run_id: "…"},                 // filters that always hold, and are not in the address
//     asks: (filters) => filters,           // filters as the address has them -> as the API has them, where they differ
//     scope: "",                            // before the names in the address where a page has several lists
//     empty: ["No jobs yet.", "dtf run tests/"],   // what is said where there is nothing, and what to do then
//     shown: (rows, asOf) => {},            // is called after rows were shown
//   });
//   on("tasks", (value, asOf, confirmed) => confirmed || list.refresh());
//
//   list.refresh()             ask again for the same page: keeps the place, the focus and each cell that is the same;
//                              at most once a second, not while one is under way, and later where the page is hidden
//   list.redraw()              make the cells anew of the rows that are there, where they also show something else
//   list.setOptions(name, options)   other values for a filter
//   list.fix(filters)          other `fixed` filters, from the first page on
//   list.rows, list.asOf       what is shown
//
// A cell is an element, a text, or nothing; it says of a row that was drawn again only what differs. Functions in a cell must
// take no more of the row than what never changes (its key): an equal cell of a later row stays as it is. Orders and filters are
// the API's. Its filters, order and cursor are in the page's address; the way back to earlier pages is in the browser's history.

import { el, keyed, nothing } from "./dom.js";
import { Filters } from "./listing_filters.js";
import { Place } from "./listing_place.js";
import { ask } from "./live.js";

const PAUSE_MS = 1000;
const TURNS = { ascending: "descending", descending: "ascending" };

export class Listing {
  constructor(parent, options) {
    this.options = { limit: 50, filters: [], fixed: {}, asks: (filters) => filters, empty: ["Nothing yet."], ...options };
    this.rows = [];
    this.asOf = 0;
    this.place = new Place(this.options.filters.map((filter) => filter.name), this.options.scope);
    this.filters = new Filters(this.options.filters, (values, typing) => this.choose(values, typing));
    this.build(parent);
    addEventListener("popstate", () => this.show());
    addEventListener("visibilitychange", () => this.later && !document.hidden && this.refresh());
    this.show();
  }

  build(parent) {
    const { caption, columns } = this.options;
    this.heads = columns.map((column) => this.head(column));
    this.body = el("tbody");
    this.table = el(
      "table",
      { class: "dtf stacks" },
      el("caption", { class: "visually-hidden" }, caption),
      el("thead", {}, el("tr", {}, this.heads.map((head) => head.element))),
      this.body,
    );
    this.said = el("p", { class: "visually-hidden", role: "status" });
    this.note = el("div", { class: "listing-note" });
    const button = (words, turn) =>
      el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: turn, disabled: true }, words);
    this.first = button("First", () => this.turn("", []));
    this.back = button("Previous", () => this.turn(this.stand.before.at(-1), this.stand.before.slice(0, -1)));
    this.next = button("Next", () => this.turn(this.following, [...this.stand.before, this.stand.after]));
    this.pager = el("nav", { class: "pager", "aria-label": `Pages of ${caption}` }, this.first, this.back, this.next);
    if (this.options.filters.length) parent.append(this.filters.element);
    parent.append(this.said, this.note, el("div", { class: "scrolls" }, this.table), this.pager);
  }

  head(column) {
    const button = column.sort && el("button", { type: "button", class: "sorts", onclick: () => this.order(column) }, column.title);
    const name = column.title || el("span", { class: "visually-hidden" }, "Actions");
    return { column, element: el("th", { scope: "col", class: column.numeric && "n" }, button || name) };
  }

  // --- where it stands

  choose(filters, typing) {
    this.place.go({ filters, sort: this.stand.sort }, typing);
    this.show();
  }

  order(column) {
    const now = this.direction(column);
    const next = now ? TURNS[now] : (column.first ?? "ascending");
    const sort = (next === "descending" ? "-" : "") + column.sort;
    this.place.go({ filters: this.stand.filters, sort });
    this.show();
  }

  turn(after, before) {
    this.place.go({ filters: this.stand.filters, sort: this.stand.sort, after, before });
    this.show(() => this.table.scrollIntoView({ block: "nearest" }));
  }

  fix(fixed) {
    this.options.fixed = fixed;
    this.place.go({ filters: this.stand.filters, sort: this.stand.sort }, true);
    this.show();
  }

  setOptions(name, options) {
    this.filters.setOptions(name, options);
  }

  direction(column) {
    const sort = this.stand.sort || this.options.sort || "";
    if (!column.sort || sort.replace(/^-/, "") !== column.sort) return undefined;
    return sort.startsWith("-") ? "descending" : "ascending";
  }

  // --- asking

  /** Show what the address says: another page than before. */
  async show(then) {
    this.stand = this.place.read();
    this.filters.show(this.stand.filters);
    for (const { column, element } of this.heads) {
      const direction = this.direction(column);
      if (direction) element.setAttribute("aria-sort", direction);
      else element.removeAttribute("aria-sort");
    }
    this.table.setAttribute("aria-busy", "true");
    this.said.textContent = "Loading …";
    if (await this.fetch()) {
      this.said.textContent = this.rows.length ? "Loaded." : this.options.empty[0];
      then?.();
    }
  }

  /** Ask again for what is shown. */
  refresh() {
    const pauseMs = this.askedAt + PAUSE_MS - performance.now();
    this.later = this.later || Boolean(this.asking) || document.hidden || pauseMs > 0;
    if (this.asking || document.hidden) return;
    if (pauseMs > 0) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        if (this.later) this.refresh();
      }, pauseMs);
      return;
    }
    this.fetch();
  }

  query() {
    const { resource, limit, fixed, asks, sort } = this.options;
    const given = { ...asks(this.stand.filters), ...fixed, sort: this.stand.sort || sort, after: this.stand.after };
    const query = new URLSearchParams({ limit });
    for (const [name, value] of Object.entries(given)) if (value) query.set(name, value);
    return `/api/v1/${resource}?${query}`;
  }

  /** Ask; whether what came is shown: a later question makes an earlier one void. */
  async fetch() {
    this.asking?.abort();
    const mine = new AbortController();
    this.asking = mine;
    this.later = false;
    this.askedAt = performance.now();
    try {
      const told = await ask(this.query(), { signal: mine.signal });
      if (this.asking !== mine) return false;
      this.take(told);
      return true;
    } catch (error) {
      if (this.asking === mine) this.fail(error);
      return false;
    } finally {
      if (this.asking === mine) {
        this.asking = undefined;
        this.table.setAttribute("aria-busy", "false");
        if (this.later) this.refresh();
      }
    }
  }

  take({ items, next, as_of: asOf }) {
    this.rows = items;
    this.asOf = asOf;
    this.following = next;
    this.redraw();
    const isFiltered = Object.keys(this.stand.filters).length > 0;
    const other = isFiltered ? ["Nothing is like that: clear the filters to see all."] : ["There is nothing more."];
    const words = isFiltered || this.stand.after ? other : this.options.empty;
    this.note.replaceChildren(...(items.length ? [] : [nothing(...words)]));
    this.table.hidden = !items.length;
    this.first.disabled = this.back.disabled = !this.stand.after;
    this.back.disabled ||= !this.stand.before.length;
    this.next.disabled = !next;
    this.pager.hidden = !next && !this.stand.after;
    this.options.shown?.(items, asOf);
  }

  fail(error) {
    const again = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: () => this.show() }, "Try again");
    const reset = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: () => this.reset() }, "Begin anew");
    const old = this.rows.length ? " What stands below is from before." : "";
    this.note.replaceChildren(el("div", { class: "nothing", role: "alert" }, `${error.message}.${old} `, again, " ", reset));
    this.said.textContent = "";
  }

  reset() {
    this.place.go({ filters: {} });
    this.show();
  }

  // --- drawing

  redraw() {
    const { columns, key } = this.options;
    const line = () => el("tr", {}, columns.map((column) => el("td", { class: column.numeric && "n", "data-title": column.title })));
    keyed(this.body, this.rows, key, line, (tr, row) => {
      columns.forEach((column, at) => replaced(tr.children[at], column.cell(row, this.asOf), this.asOf));
    });
  }
}

/** Have a cell show what it is to; what is the same but for when it was seen stays in place, with its focus. */
function replaced(cell, made, asOf) {
  for (const figure of cell.querySelectorAll("[data-as-of]")) figure.dataset.asOf = asOf;
  const fresh = el("td", {}, made ?? "");
  const same = fresh.childNodes.length === cell.childNodes.length;
  if (same && [...fresh.childNodes].every((node, at) => node.isEqualNode(cell.childNodes[at]))) return;
  cell.replaceChildren(...fresh.childNodes);
}
