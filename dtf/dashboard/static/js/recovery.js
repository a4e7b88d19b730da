import { badge, el } from "./dom.js";
import { bind, figure } from "./figures.js";
import "./frame.js";
import { foreign, workerLink } from "./lab_words.js";
import { on } from "./live.js";
import { LiveTable } from "./live_table.js";
import { LEVELS, against, cameTo, levelBadge, measureColumns, plain } from "./recovery_words.js";

bind();

// so many of the latest are shown at first
const FIRST = 10;

const at = (id) => document.getElementById(id);
let names = {};
let isAll = false;

const levels = new LiveTable(at("levels"), {
  caption: "The five levels of recovery, and what each achieved",
  key: (row) => row.key,
  empty: ["There are no levels."],
  columns: [
    { title: "Level", cell: (row) => el("span", {}, levelBadge(row.key, row.name), " ", el("small", { class: "soft" }, LEVELS[row.key])) },
    ...measureColumns(),
  ],
});
const strategies = new LiveTable(at("strategies"), {
  caption: "The strategies that were tried, by level, and what each achieved",
  key: (row) => row.key,
  empty: ["Nothing had to be recovered lately. To see what would be done:", "dtf run tests/ --inject 'timeout mild'"],
  columns: [
    { title: "Strategy", cell: (row) => el("span", {}, plain(row.key), " ", levelBadge(row.level, names[row.level])) },
    ...measureColumns(),
    { title: "Against", cell: against },
  ],
});
const failures = new LiveTable(at("failures"), {
  caption: "What was recovered from, by the kind of failure",
  key: (row) => row.key,
  empty: ["No recovery answered a failure lately. Work of a worker that was lost goes out again without one."],
  columns: [{ title: "Failure", cell: (row) => plain(row.key) }, ...measureColumns()],
});

const number = (title, field, format, unit) => ({
  title,
  numeric: format !== "time",
  cell: (row, asOf) => figure(`recovery.latest.rows.${row.key}.${field}`, row[field], asOf, format, unit),
});
const latest = new LiveTable(at("latest"), {
  caption: "The latest recoveries, the last first",
  key: (row) => row.key,
  empty: ["No recovery was needed yet."],
  columns: [
    number("When", "at", "time"),
    { title: "Target", cell: where },
    { title: "Failure", cell: (row) => badge(row.failure, "failed") },
    { title: "What was done", cell: (row) => el("span", {}, plain(row.action), " ", levelBadge(row.level, names[row.level])) },
    { title: "What it brought", cell: cameTo },
    number("Time", "time_s", "seconds"),
    number("Slot time", "resource_s", "seconds"),
    number("Impact", "impact", "integer", "slots"),
    { title: "What the probe said", cell: (row) => foreign(row.reason, 600) },
  ],
});

function where(row) {
  if (!row.worker_id) return foreign(row.target, 200);
  return el("span", {}, foreign(row.target, 200), " ", el("small", {}, workerLink(row.worker_id, "its worker")));
}

let lately = [];
let now = 0;
const more = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: all, hidden: true });
at("latest").append(more);

function all() {
  isAll = true;
  drawLatest();
}

function drawLatest() {
  latest.show(isAll ? lately : lately.slice(0, FIRST), now);
  more.hidden = isAll || lately.length <= FIRST;
  more.textContent = "Show all that are told one by one";
}

const counted = (title, field) => ({
  title,
  numeric: true,
  cell: (row, asOf) => figure(`recovery.injections.${row.key}.${field}`, row[field], asOf),
});
const injections = new LiveTable(at("injections"), {
  caption: "Failures that jobs met on purpose",
  key: (row) => row.key,
  empty: ["No job has met a failure on purpose. See which there are:", "dtf inject --list"],
  columns: [
    { title: "Failure", cell: (row) => foreign(row.key, 200) },
    counted("Met", "met"),
    counted("Confirmed", "confirmed"),
    counted("Told to a breaker", "recorded"),
    counted("Refused", "refused"),
  ],
});

const rows = (of, path) => Object.entries(of).map(([key, one]) => ({ key, path: `${path}.${key}`, ...one }));

on("recovery", (value, asOf) => {
  names = Object.fromEntries(Object.entries(value.levels).map(([key, { name }]) => [key, name]));
  levels.show(rows(value.levels, "levels"), asOf);
  const every = rows(value.strategies, "strategies");
  // a change may have put one behind the others
  every.sort((a, b) => a.level - b.level || a.key.localeCompare(b.key));
  strategies.show(every.filter((one) => one.tried), asOf);
  const untried = every.filter((one) => !one.tried);
  at("untried").hidden = !untried.length;
  at("untried-names").textContent = untried.map(({ key, level }) => `${plain(key)} (level ${level})`).join(", ");
  failures.show(rows(value.failures, "failures").sort((a, b) => b.tried - a.tried || a.key.localeCompare(b.key)), asOf);
  lately = value.latest.order.map((key) => ({ key, ...value.latest.rows[key] }));
  now = asOf;
  drawLatest();
  injections.show(rows(value.injections, "injections"), asOf);
});
