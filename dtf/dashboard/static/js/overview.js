import { badge, el, link } from "./dom.js";
import { bind, figure } from "./figures.js";
import "./frame.js";
import { advised } from "./lab_words.js";
import { at, on } from "./live.js";
import { LiveTable, become } from "./live_table.js";
import { health } from "./overview_health.js";
import { makespan, progress } from "./progress.js";
import { BAD, failures, runName } from "./runs_words.js";

bind();

// what does not run, and how it is started
const missing = document.getElementById("missing");
on("cluster", (cluster) => {
  const notices = cluster.missing.map(({ words, start }) =>
    el("p", { class: "notice-dtf" }, words, start && [" Start it: ", el("code", {}, start)]),
  );
  become(missing, ...notices);
});
on("cluster", health);

// runs under way
const runs = new LiveTable(document.getElementById("open-runs"), {
  caption: "Runs under way",
  key: (run) => run.run_id,
  empty: ["No run is under way.", "dtf run tests/"],
  columns: [
    { title: "Run", cell: (run) => runName(run) },
    { title: "Progress", cell: progress },
    { title: "Makespan so far", numeric: true, cell: makespan },
    {
      title: "Failed cases",
      numeric: true,
      cell: (run, asOf) => {
        const count = figure(`runs.${run.run_id}.failures`, failures(run), asOf);
        if (failures(run)) count.classList.add(BAD);
        return count;
      },
    },
    { title: "Jobs over", numeric: true, cell: (run, asOf) => jobsOf(run, asOf) },
  ],
});
on("runs", (value, asOf) => {
  const open = value.order.map((id) => value[id]).filter((run) => run.outcome === undefined);
  runs.show(open, asOf);
});

function jobsOf(run, asOf) {
  const of = (name) => figure(`runs.${run.run_id}.${name}`, run[name], asOf);
  return el("span", {}, of("jobs_finished"), " of ", of("jobs"));
}

// queues
const queues = new LiveTable(document.getElementById("queues"), {
  caption: "Queues, what waits and runs in them, and who takes it",
  key: (queue) => queue.name,
  empty: ["No worker takes work, and nothing waits.", "dtf up"],
  columns: [
    { title: "Queue", cell: ({ name }) => el("span", { class: "foreign" }, name) },
    ...[
      ["Queued", "queued", "shards"],
      ["Running", "claimed", "shards"],
      ["Workers", "workers", ""],
      ["Slots", "slots", ""],
    ].map(([title, field, unit]) => ({
      title,
      numeric: true,
      cell: (queue, asOf) => figure(`queues.${queue.name}.${field}`, queue[field], asOf, "integer", unit),
    })),
    { title: "State", cell: queueState },
  ],
});
on("queues", (value, asOf) => {
  queues.show(Object.keys(value).sort().map((name) => ({ name, ...value[name] })), asOf);
});

function queueState(queue) {
  if (queue.why) {
    const advice = queue.advice && [" ", el("span", { class: "soft" }, advised(queue.advice))];
    return el("span", {}, badge("unserved", "failed"), " ", el("span", { class: "foreign" }, queue.why), advice);
  }
  return queue.queued || queue.claimed ? badge("busy") : badge("idle");
}

// what operators are needed for
const alarms = new LiveTable(document.getElementById("alarms"), {
  caption: "Shards that operators are needed for",
  key: (alarm) => alarm.id,
  empty: ["Nothing: whatever failed goes on by itself."],
  columns: [
    { title: "Since", cell: (alarm, asOf) => figure(`alarms.${alarm.id}.at`, alarm.at, asOf, "time") },
    { title: "Job", cell: (alarm) => link(at(`/lab/jobs/${encodeURIComponent(alarm.job_id)}`), alarm.job_id) },
    { title: "Queue", cell: (alarm) => el("span", { class: "foreign" }, alarm.queue) },
    { title: "Worker", cell: (alarm) => el("span", { class: "foreign" }, alarm.worker) },
    { title: "Failure", cell: (alarm) => badge(alarm.failure || "unknown", "failed") },
    {
      title: "Failures",
      numeric: true,
      cell: (alarm, asOf) => figure(`alarms.${alarm.id}.failures`, alarm.failures, asOf),
    },
    { title: "Why", cell: (alarm) => el("span", { class: "foreign" }, alarm.reason) },
  ],
});
on("alarms", (value, asOf) => alarms.show(value.order.map((id) => ({ id, ...value[id] })), asOf));
