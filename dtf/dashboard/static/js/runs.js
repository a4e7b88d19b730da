import { el } from "./dom.js";
import { figure } from "./figures.js";
import "./frame.js";
import { Listing } from "./listing.js";
import { on } from "./live.js";
import { makespan, progress } from "./progress.js";
import { BAD, failures, runName, verdict } from "./runs_words.js";

const OUTCOMES = ["passed", "failed", "skipped", "error", "infra", "timeout", "cancelled", "empty"];

let live = {}; // what the topic knows: the runs under way and the newest others
let liveAsOf = 0;

/** A run as it is known best, and as of when. */
function known(row, asOf) {
  return live[row.run_id] ? [live[row.run_id], liveAsOf] : [row, asOf];
}

function counted(row, show) {
  return live[row.run_id] ? show(live[row.run_id], liveAsOf) : el("span", { class: "soft" }, "on its page");
}

const list = new Listing(document.getElementById("runs"), {
  resource: "runs",
  caption: "Runs",
  key: (row) => row.run_id,
  sort: "-created_at",
  filters: [
    { name: "outcome", title: "Verdict", kind: "multi", options: OUTCOMES },
    { name: "search", title: "Name", kind: "search", hint: "a part of it" },
  ],
  empty: ["No runs yet.", "dtf run tests/"],
  columns: [
    { title: "Run", sort: "name", cell: (row) => runName({ ...row, name: row.name ?? "" }) },
    { title: "Verdict", cell: (row, asOf) => verdict(known(row, asOf)[0]) },
    { title: "Progress", cell: (row) => counted(row, progress) },
    { title: "Failed cases", numeric: true, cell: (row) => counted(row, failed) },
    { title: "Makespan", numeric: true, cell: (row, asOf) => makespan(...known(row, asOf)) },
    { title: "Jobs", numeric: true, cell: (row, asOf) => figure(`runs.${row.run_id}.jobs`, row.jobs, asOf) },
    {
      title: "Submitted",
      sort: "created_at",
      first: "descending",
      cell: (row, asOf) => figure(`runs.${row.run_id}.created_at`, row.created_at, asOf, "time"),
    },
  ],
});

function failed(run, asOf) {
  const count = failures(run);
  const shown = figure(`runs.${run.run_id}.failures`, count, asOf);
  if (count) shown.classList.add(BAD);
  return shown;
}

on("runs", (value, asOf, confirmed) => {
  live = value;
  liveAsOf = asOf;
  list.redraw();
  if (!confirmed) list.refresh();
});
