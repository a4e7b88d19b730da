// How recoveries are spoken of.

import { badge, el } from "./dom.js";
import { figure } from "./figures.js";
import { meter } from "./progress.js";

// what each level does
export const LEVELS = {
  1: "what failed runs again, at once and anywhere",
  2: "it runs again after a pause, elsewhere, or with other parameters",
  3: "the part that failed is started anew",
  4: "the worker's pool is replaced, or a device is taken out of use",
  5: "the work goes to other workers or hardware, and operators are told",
};

export const plain = (word) => String(word).replaceAll("_", " ");

/** "2 component restart" as a badge. */
export function levelBadge(number, name) {
  return badge(`${number} ${name}`, "level");
}

/** The columns of the measures; a row has its path in the topic as `path`. */
export function measureColumns() {
  const number = (title, field, format, unit) => ({
    title,
    numeric: true,
    cell: (row, asOf) => figure(`recovery.${row.path}.${field}`, row[field], asOf, format, unit),
  });
  return [
    number("Tried", "tried", "integer"),
    { title: "Succeeded", numeric: true, cell: successes },
    number("Median time", "recovery_time", "seconds"),
    number("Slot time", "resource_usage", "seconds"),
    number("Impact", "impact", "integer", "slots"),
    number("Held", "stability", "percent"),
    number("Work saved", "task_recovery", "percent"),
  ];
}

function successes(row, asOf) {
  const share = figure(`recovery.${row.path}.success_rate`, row.success_rate, asOf, "percent");
  if (row.success_rate === undefined) return share;
  return el("span", { class: "progress-dtf" }, meter(row.success_rate, "succeeded"), " ", share);
}

/** "3 of 4 timeout": against which failures a strategy was tried, the most usual first. */
export function against(row, asOf) {
  const usual = Object.entries(row.failures).sort(([, a], [, b]) => b.tried - a.tried);
  const parts = usual.flatMap(([failure, { tried, succeeded }]) => {
    const of = (field, value) => figure(`recovery.${row.path}.failures.${failure}.${field}`, value, asOf);
    return [", ", el("span", { class: "text-nowrap" }, of("succeeded", succeeded), " of ", of("tried", tried), ` ${plain(failure)}`)];
  });
  return el("small", {}, parts.slice(1));
}

/** What came of one recovery, in words. */
export function cameTo(row) {
  const signs = [badge(row.succeeded ? "worked" : "did not work", row.succeeded ? "passed" : "failed")];
  if (row.succeeded && row.stable === false) signs.push(" ", badge("did not hold", "failed"));
  if (row.succeeded && row.stable) signs.push(" ", badge("held", "passed"));
  if (row.job_recovered === false) signs.push(" ", badge("work failed again", "failed"));
  if (row.job_recovered) signs.push(" ", badge("work saved", "passed"));
  if (row.on_purpose) signs.push(" ", badge("failure on purpose", "injected"));
  return el("span", {}, signs);
}
