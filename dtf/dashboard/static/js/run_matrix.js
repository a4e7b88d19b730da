// A run's matrix: models or operators by hardware and device. It is put together when somebody opens it.

import { badge, el, nothing } from "./dom.js";
import { figure } from "./figures.js";
import { brief } from "./foreign_text.js";
import { ask } from "./live.js";

const MOST_ROWS = 200;
const KINDS = { supported: "passed", wrong: "failed", failed: "failed", degraded: "degraded", "ran elsewhere": "failed" };

export class RunMatrix {
  constructor(fold, runId) {
    this.path = `/api/v1/runs/${encodeURIComponent(runId)}/matrix`;
    this.fold = fold;
    this.body = el("div");
    fold.append(this.body);
    fold.addEventListener("toggle", () => this.refresh());
  }

  async refresh() {
    if (!this.fold.open) return;
    if (!this.body.childElementCount) this.body.replaceChildren(el("p", { class: "soft" }, "Loading …"));
    try {
      const told = await ask(this.path);
      this.body.replaceChildren(...(told.rows.length ? drawn(told) : [nothing("Nothing has a result yet.")]));
    } catch (error) {
      this.body.replaceChildren(el("p", { role: "alert" }, `The matrix cannot be had: ${error.message}`));
    }
  }
}

function drawn(told) {
  const cells = new Map(told.cells.map((cell) => [`${cell.column}/${cell.row}`, cell]));
  const rows = told.rows.slice(0, MOST_ROWS);
  const heads = told.columns.map((column, at) => el("th", { scope: "col" }, ...head(column, at === told.reference)));
  const lines = rows.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", class: "foreign" }, brief(row, 120)),
      told.columns.map((column, at) => el("td", { "data-title": column.title }, ...cell(cells.get(`${at}/${row}`), at, told.as_of))),
    ),
  );
  const caption = el("caption", { class: "visually-hidden" }, "Models or operators by hardware and device");
  const table = el("table", { class: "dtf stacks" }, caption, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Model or operator"), heads)), el("tbody", {}, lines));
  const rest = told.rows.length - rows.length;
  const more = rest > 0 ? [el("p", { class: "soft" }, `${rest} more rows are not shown; the command has them: `, el("code", {}, "dtf matrix"))] : [];
  return [el("div", { class: "scrolls" }, table), ...more];
}

function head(column, isReference) {
  const parts = [el("span", { class: "foreign" }, brief(column.title, 80))];
  if (isReference) parts.push(" ", el("span", { class: "soft" }, "(reference)"));
  return parts;
}

function cell(found, column, asOf) {
  if (!found) return [el("span", { class: "soft" }, "not run")];
  const at = (field, format, unit) => figure(`matrix.${found.row}.${column}.${field}`, found[field], asOf, format, unit);
  const parts = [badge(found.verdict, KINDS[found.verdict] ?? "skipped")];
  for (const [verdict, count] of Object.entries(found.cases)) {
    parts.push(" ", figure(`matrix.${found.row}.${column}.cases.${verdict}`, count, asOf), ` ${verdict}`);
  }
  if (found.time_ratio !== null) parts.push(", ", at("time_ratio", "decimal"), " × the reference's time");
  if (found.largest_error !== null) parts.push(", error ", at("largest_error", "text"));
  if (found.largest_error !== null && found.tolerance !== null) parts.push(" of ", at("tolerance", "text"), " allowed");
  if (found.standing !== "proven") parts.push(" ", badge(found.standing, "software"));
  if (found.reason) parts.push(" ", el("span", { class: "soft foreign" }, brief(found.reason, 160)));
  return parts;
}
