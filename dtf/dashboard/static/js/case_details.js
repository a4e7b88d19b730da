// What a case left: its message, details and output, asked for when somebody wants to see them.

import { tellMore } from "./dialog.js";
import { badge, el } from "./dom.js";
import { figure } from "./figures.js";
import { block, brief } from "./foreign_text.js";
import { ask } from "./live.js";

const MOST_PROPERTIES = 50;

/** Where a case is asked for. */
export function casePath(row) {
  return `/api/v1/cases/${encodeURIComponent(row.job_id)}/${row.ordinal}`;
}

/** Have an element show a case; while it is asked for it says so. */
export async function showCase(element, row) {
  element.replaceChildren(el("p", { class: "soft" }, "Loading …"));
  try {
    element.replaceChildren(...parts(await ask(casePath(row))));
  } catch (error) {
    const again = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary" }, "Try again");
    again.addEventListener("click", () => showCase(element, row));
    element.replaceChildren(el("p", { role: "alert" }, `${error.message} `, again));
  }
}

function parts(told) {
  const name = `cases.${told.job_id}.${told.ordinal}`;
  const at = (field, format, unit) => figure(`${name}.${field}`, told[field], told.as_of, format, unit);
  const facts = el(
    "p",
    { class: "soft" },
    "took ",
    at("duration_s", "seconds"),
    told.started_at ? [", began ", at("started_at", "time")] : [],
    `, shard ${told.shard_id}, attempt `,
    at("attempt"),
    told.phase ? `, in ${told.phase}` : "",
    told.crashes ? [", after ", at("crashes", "integer", "crashes")] : [],
  );
  const texts = [
    ["Message", told.message],
    ["Details", told.details],
    ["Output", told.output],
  ].filter(([, text]) => text);
  const shown = texts.flatMap(([title, text]) => [el("h4", {}, title), block(text, `${title} of ${brief(told.nodeid, 80)}`)]);
  if (!texts.length) shown.push(el("p", { class: "soft" }, "It left no message, details or output."));
  return [facts, ...shown, ...properties(told.properties ?? {})];
}

function properties(found) {
  const names = Object.keys(found);
  if (!names.length) return [];
  const pairs = names
    .slice(0, MOST_PROPERTIES)
    .map((name) => el("div", {}, el("dt", {}, brief(name, 80)), el("dd", { class: "foreign" }, brief(String(found[name])))));
  const rest = names.length - MOST_PROPERTIES;
  const more = rest > 0 ? [el("p", { class: "soft" }, `${rest} more properties are not shown.`)] : [];
  return [el("h4", {}, "Properties"), el("dl", { class: "pairs" }, pairs), ...more];
}

/** A case's name and verdict in one line. */
export function caseLine(row) {
  return [badge(row.outcome), " ", el("span", { class: "foreign" }, brief(row.nodeid))];
}

/** Show a case in a dialog. */
export function openCase(row) {
  tellMore(caseLine(row), async () => parts(await ask(casePath(row))));
}
