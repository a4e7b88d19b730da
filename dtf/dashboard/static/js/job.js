import { attemptColumns } from "./attempt_columns.js";
import { openCase } from "./case_details.js";
import { badge, el } from "./dom.js";
import { figure } from "./figures.js";
import { brief } from "./foreign_text.js";
import "./frame.js";
import { asks } from "./job_asks.js";
import { CASES, cancelButton, caseCounts, time, took, whyOf } from "./job_words.js";
import { foreign, runLink, workerLink } from "./lab_words.js";
import { Listing } from "./listing.js";
import { ask, on } from "./live.js";
import { become } from "./live_table.js";

function start(id) {
  const under = (name) => document.getElementById(name);
  const lists = [shardList(under("shards"), id), attemptList(under("attempts"), id), caseList(under("cases"), id)];
  const show = (job) => {
    become(under("name"), foreign(job.name || job.job_id));
    become(under("now"), ...now(job, refresh));
    become(under("asks"), asks(job));
  };
  const look = async () => {
    try {
      show(await ask(`/api/v1/jobs/${encodeURIComponent(id)}`));
      become(under("trouble"));
      become(under("why"), ...(await whyOf(id)));
    } catch (error) {
      become(under("trouble"), el("p", { class: "nothing", role: "alert" }, error.message));
    }
  };
  let looking;
  const refresh = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    for (const list of lists) list.refresh();
  };
  refresh();
  on("tasks", (tasks, asOf, confirmed) => confirmed || refresh());
}

function now(job, refresh) {
  const asOf = job.as_of;
  const line = (title, ...inside) => el("div", {}, el("dt", {}, title), el("dd", { class: "named" }, ...inside));
  return [
    el(
      "dl",
      { class: "figures" },
      line("Status", badge(job.status), " ", cancelButton(job, refresh) ?? ""),
      line("Run", runLink(job.run_id)),
      line("Cases", caseCounts(job, asOf) ?? "none yet"),
      line("Submitted", time(job, "created_at", asOf)),
      line("Began", time(job, "started_at", asOf)),
      line("Finished", time(job, "finished_at", asOf)),
      line("Took", took(job, asOf)),
    ),
    job.reason ? el("p", {}, foreign(job.reason, 2000)) : "",
  ];
}

// --- its parts

const number = (metric, field, format, unit) => (row, asOf) => figure(metric(row, field), row[field], asOf, format, unit);
const ofShard = (row, field) => `shards.${row.shard_id}.${field}`;
const ofCase = (row, field) => `cases.${row.job_id}.${row.ordinal}.${field}`;
const code = (text) => el("code", {}, text);

function shardList(parent, id) {
  return new Listing(parent, {
    resource: "shards",
    caption: "Shards of the job",
    scope: "shards",
    key: (shard) => shard.shard_id,
    fixed: { job_id: id },
    limit: 20,
    filters: [],
    empty: ["It has no shards."],
    columns: [
      { title: "Shard", cell: (shard) => code(shard.shard_id) },
      { title: "State", cell: (shard) => badge(shard.outcome ?? shard.state) },
      { title: "Queue", cell: (shard) => foreign(shard.queue) },
      { title: "For", cell: (shard) => (shard.kind === "collect" ? "collecting" : "running") },
      { title: "Cases", numeric: true, cell: number(ofShard, "cases") },
      { title: "Attempts", numeric: true, cell: number(ofShard, "attempt") },
      { title: "Queued", sort: "queued_at", first: "descending", cell: number(ofShard, "queued_at", "time") },
      { title: "Reason", cell: (shard) => foreign(shard.reason) },
    ],
  });
}

function attemptList(parent, id) {
  return new Listing(parent, {
    resource: "attempts",
    caption: "Attempts of the job",
    scope: "attempts",
    key: (row) => `${row.shard_id}:${row.attempt}`,
    fixed: { job_id: id },
    limit: 20,
    filters: [],
    empty: ["No worker has had it yet."],
    columns: attemptColumns([
      { title: "Shard", cell: (row) => code(row.shard_id) },
      { title: "Worker", cell: (row) => workerLink(row.worker_id, row.worker) },
    ]),
  });
}

function caseList(parent, id) {
  const details = (row) =>
    el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", "aria-label": `Show details of ${brief(row.nodeid, 120)}`, onclick: () => openCase(row) }, "Show");
  return new Listing(parent, {
    resource: "cases",
    caption: "Cases of the job",
    scope: "cases",
    key: (row) => row.ordinal,
    fixed: { job_id: id },
    filters: [
      { name: "search", title: "Test", kind: "search", hint: "a part of its name" },
      { name: "outcome", title: "Verdict", kind: "multi", options: CASES },
    ],
    empty: ["No case has a verdict yet."],
    columns: [
      { title: "Test", sort: "ordinal", cell: (row) => foreign(row.nodeid) },
      { title: "Verdict", cell: (row) => badge(row.outcome) },
      { title: "Took", sort: "duration_s", first: "descending", numeric: true, cell: number(ofCase, "duration_s", "seconds") },
      { title: "Message", cell: (row) => foreign((row.message ?? "").split("\n", 1)[0], 160) },
      { title: "", cell: details },
    ],
  });
}

const page = document.getElementById("job");
if (page) start(page.dataset.id);
