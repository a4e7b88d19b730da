import { badge, el } from "./dom.js";
import { bind, figure, shown } from "./figures.js";
import "./frame.js";
import { foreign } from "./lab_words.js";
import { on } from "./live.js";
import { LiveTable, become } from "./live_table.js";

bind();

const KINDS = { leader: "leader", standby: "running", silent: "draining" };
const ORDER = Object.keys(KINDS);
const of = (row, field, asOf, format) => figure(`coordinators.coordinators.${row.name}.${field}`, row[field], asOf, format);

const who = new LiveTable(document.getElementById("who"), {
  caption: "Coordinators that are there, or fell silent within a day",
  key: (row) => row.name,
  empty: ["No coordinator is there.", "dtf up"],
  columns: [
    { title: "Coordinator", cell: (row) => foreign(row.name) },
    { title: "State", cell: (row) => badge(row.state, KINDS[row.state]) },
    { title: "Host", cell: (row) => foreign(row.host) },
    { title: "Process", numeric: true, cell: (row, asOf) => of(row, "pid", asOf, "text") },
    { title: "Since", cell: (row, asOf) => of(row, "started_at", asOf, "time") },
    { title: "Last heard", cell: (row, asOf) => of(row, "seen_at", asOf, "time") },
    {
      title: "Silent for",
      numeric: true,
      cell: (row, asOf) => figure(`coordinators.coordinators.${row.name}.silent_s`, Math.max(asOf - row.seen_at, 0), asOf, "seconds"),
    },
  ],
});

const handovers = new LiveTable(document.getElementById("handovers"), {
  caption: "When another coordinator began to lead, the latest first",
  key: (row) => row.number,
  empty: ["No coordinator has ever led here.", "dtf up"],
  columns: [
    { title: "When", cell: (row, asOf) => figure(`coordinators.handovers.${row.number}.at`, row.at, asOf, "time") },
    { title: "Term", numeric: true, cell: (row, asOf) => figure(`coordinators.handovers.${row.number}.term`, row.term, asOf) },
    { title: "Leader", cell: (row) => foreign(row.leader) },
    { title: "Lease free for", numeric: true, cell: vacancy },
    { title: "Why", cell: (row) => why(row) },
  ],
});

function vacancy(row, asOf) {
  if (row.vacant_s === undefined) return el("span", { class: "soft" }, row.before ? "not known" : "–");
  return figure(`coordinators.handovers.${row.number}.vacant_s`, row.vacant_s, asOf, "seconds");
}

function why({ before, lost, leader }) {
  if (lost) return el("span", {}, "the lease of ", foreign(lost), lost === leader ? " had run out, and it took it anew" : " had run out");
  if (before) return el("span", {}, foreign(before), before === leader ? " had given it back before" : " gave the lease back");
  return "the first one, or the first that is still known";
}

on("coordinators", (value, asOf) => {
  const rows = Object.entries(value.coordinators).map(([name, one]) => ({ name, ...one }));
  rows.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.started_at - b.started_at);
  who.show(rows, asOf);
  const told = value.order.map((number, place) => ({
    number,
    before: value.handovers[value.order[place + 1]]?.leader,
    ...value.handovers[number],
  }));
  handovers.show(told, asOf);
  become(document.getElementById("lease"), lease(value, asOf));
  become(document.getElementById("lead"), ...lead(value, rows));
});

// seconds until the lease ends if it is not renewed, counted down with each word of the dashboard's
function lease(value, asOf) {
  if (value.expires_at === undefined) return el("span", {}, shown(undefined));
  const left = value.expires_at - asOf;
  const count = (name, seconds) => figure(`coordinators.${name}`, seconds, asOf, "seconds");
  if (value.leader && left > 0) return el("span", {}, count("lease_left_s", left), el("small", {}, " left"));
  const words = value.leader ? " overdue" : " since it ended";
  return el("span", { class: "is-failed" }, count("lease_over_s", Math.max(-left, 0)), el("small", {}, words));
}

function lead(value, rows) {
  if (value.leader) {
    if (rows.some((row) => row.state === "standby") || !rows.length) return [];
    return [el("p", { class: "soft" }, "No other coordinator stands by: if this one is lost, nobody leads until one is started.")];
  }
  const begin = el("code", {}, "dtf up");
  if (!value.running) return [el("p", { class: "notice-dtf" }, "No cluster is running, so nobody leads. Start one: ", begin)];
  return [el("p", { class: "notice-dtf", role: "alert" }, "Nobody leads: nothing is planned, dispatched or recovered until a coordinator does. Start one: ", el("code", {}, "dtf coordinator"))];
}
