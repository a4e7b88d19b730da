import { BreakerPanel } from "./breaker_panel.js";
import { POLICIES, belief, of, opensAfter, usualFailures } from "./breaker_words.js";
import { el } from "./dom.js";
import { figure } from "./figures.js";
import "./frame.js";
import { breakerBadge, foreign } from "./lab_words.js";
import { on } from "./live.js";
import { LiveFilters } from "./live_filters.js";
import { LiveTable, become } from "./live_table.js";

// more rows than this are no table any more; the search finds the others
const MOST_ROWS = 200;

const at = (id) => document.getElementById(id);
let told = { targets: {}, defaults: {} };
let asOf = 0;

const chosen = () => new URLSearchParams(location.search).get("target") ?? "";
function choose(target, andGo = true) {
  const query = new URLSearchParams(location.search);
  if (target) query.set("target", target);
  else query.delete("target");
  history.pushState(history.state, "", location.pathname + (query.size ? `?${query}` : ""));
  draw();
  if (target && andGo) at("one").focus();
}
const panel = new BreakerPanel(at("one"), () => choose(""));
addEventListener("popstate", () => draw());

const filters = new LiveFilters(at("breakers"), {
  filters: [
    { name: "search", title: "Target or reason", kind: "search", hint: "a part of it" },
    { name: "state", title: "State", kind: "multi", options: ["closed", "open", "half_open"] },
    { name: "mode", title: "Who decides", kind: "multi", options: [["auto", "itself"], "forced_open", "forced_closed", "metrics_only"] },
  ],
  has: {
    search: (breaker) => [breaker.target, breaker.reason ?? ""],
    state: (breaker) => [breaker.state],
    mode: (breaker) => [breaker.mode],
  },
  changed: () => draw(),
});
const cut = el("p", { class: "soft", role: "status" });
at("breakers").append(cut);
const table = new LiveTable(at("breakers"), {
  caption: "Circuit breakers; those that keep work away stand first",
  key: (breaker) => breaker.target,
  empty: ["No breaker is like that, or none of what they guard was used yet.", "dtf run tests/"],
  columns: [
    { title: "Target", cell: (breaker) => chooser(breaker.target) },
    { title: "State", cell: (breaker) => breakerBadge(breaker) },
    { title: "Believed bad", numeric: true, cell: belief },
    { title: "Opens after", cell: opensAfter },
    { title: "Usual failures", cell: usualFailures },
    { title: "Since", cell: (breaker, now) => of(breaker, "since", breaker.since, now, "time") },
    { title: "Why", cell: why },
  ],
});

function chooser(target) {
  return el("button", { type: "button", class: "link-dtf", onclick: () => choose(target) }, foreign(target, 200));
}

function why(breaker) {
  if (breaker.reason) return foreign(breaker.reason, 300);
  return breaker.why_fixed ? el("span", { class: "soft" }, foreign(`fixed: ${breaker.why_fixed}`)) : "";
}

function draw() {
  const rows = filters.passed(Object.values(told.targets));
  rows.sort((a, b) => b.refuses - a.refuses || a.target.localeCompare(b.target));
  table.show(rows.slice(0, MOST_ROWS), asOf);
  const more = rows.length - MOST_ROWS;
  become(cut, more > 0 ? `${more} more are not shown: search for what you want to see.` : "");
  const breaker = told.targets[chosen()];
  panel.show(breaker, told, asOf);
}

const quarantine = new LiveTable(at("quarantine"), {
  caption: "What is in quarantine",
  key: (one) => one.key,
  empty: ["Nothing is."],
  columns: [
    { title: "Target", cell: (one) => foreign(one.target, 200) },
    { title: "Worker", cell: (one) => foreign(one.worker, 200) },
    { title: "Slots", cell: (one) => one.slots.join(", ") },
    { title: "Since", cell: (one, now) => figure(`breakers.quarantine.${one.key}.since`, one.since, now, "time") },
    { title: "Why", cell: (one) => foreign(one.reason, 300) },
  ],
});

function warned(early) {
  at("warning-part").hidden = !early;
  if (!early) return;
  const card = (title, path, value, format, unit) =>
    el("div", {}, el("dt", {}, title), el("dd", {}, figure(`breakers.early_warning.${path}`, value, asOf, format, unit)));
  const { tally } = early;
  become(at("warning-words"), early.acts ? "Warnings are acted on: a canary looks at the target." : "Warnings are only counted so far: they have not been right often enough to be acted on.");
  become(
    at("warning"),
    card("Warnings judged", "tally.warnings", tally.warnings, "integer"),
    card("Of them right", "precision", tally.warnings ? early.precision : undefined, "percent"),
    card("At least, 95 % sure", "precision_at_least", tally.warnings ? early.precision_at_least : undefined, "percent"),
    card("Right by chance", "chance", early.looks ? early.chance : undefined, "percent"),
    card("Openings", "tally.openings", tally.openings, "integer"),
    card("Of them foreseen", "recall", tally.openings ? early.recall : undefined, "percent"),
    card("Canaries sent", "canaries", early.canaries, "integer"),
  );
}

function unknown({ problem, running }) {
  const next = running ? "" : [" Start one: ", el("code", {}, "dtf up")];
  return el("p", { class: "notice-dtf" }, "How the breakers stand is not known: ", foreign(problem, 600), ".", next);
}

on("breakers", (value, now) => {
  [told, asOf] = [value, now];
  become(at("unknown"), value.known ? "" : unknown(value));
  at("breakers").hidden = !value.known;
  become(at("policy"), POLICIES[value.policy] ?? "");
  draw();
  const held = Object.entries(value.quarantine).map(([key, one]) => ({ key, ...one }));
  at("quarantine-part").hidden = !held.length;
  quarantine.show(held, now);
  warned(value.early_warning);
});
