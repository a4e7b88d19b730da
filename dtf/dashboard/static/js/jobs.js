import { badge, el } from "./dom.js";
import { bind, figure } from "./figures.js";
import "./frame.js";
import { cancelButton, caseCounts, status, time, took } from "./job_words.js";
import { jobLink, runLink, workerLink } from "./lab_words.js";
import { Listing } from "./listing.js";
import { on } from "./live.js";

const VERDICTS = ["passed", "failed", "error", "infra", "timeout", "skipped", "empty", "cancelled"];

let newest = {};
let workers = null;

bind();

const list = new Listing(document.getElementById("jobs"), {
  resource: "jobs",
  caption: "Jobs",
  key: (job) => job.job_id,
  sort: "-created_at",
  filters: [
    { name: "search", title: "Name", kind: "search", hint: "a part of it" },
    { name: "status", title: "Status", kind: "multi", options: ["waiting", "running", ...VERDICTS] },
    { name: "kind", title: "Kind", kind: "select", options: ["pytest", "command", "benchmark", "browser"] },
    { name: "hardware", title: "Hardware", kind: "multi", options: ["cpu", "cuda", "rocm", "webgpu", "webnn"] },
  ],
  empty: ["No jobs yet.", "dtf run tests/"],
  columns: [
    {
      title: "Job",
      sort: "name",
      cell: (job) => el("span", {}, jobLink(job.job_id, job.name), " ", el("small", { class: "soft" }, "of ", runLink(job.run_id))),
    },
    { title: "Status", cell: (job) => el("span", {}, status(job), places(job)) },
    { title: "Kind", cell: (job) => el("span", { class: "whole" }, job.kind) },
    { title: "Hardware", cell: (job) => badge(job.hardware, "kind") },
    {
      title: "Priority",
      sort: "priority",
      first: "descending",
      numeric: true,
      cell: (job, asOf) => figure(`jobs.${job.job_id}.priority`, job.priority, asOf),
    },
    { title: "Cases", cell: caseCounts },
    { title: "Submitted", sort: "created_at", first: "descending", cell: (job, asOf) => time(job, "created_at", asOf) },
    { title: "Took", numeric: true, cell: took },
    { title: "", cell: (job) => cancelButton(job, () => list.refresh()) },
  ],
});

on("tasks", (tasks, asOf, confirmed) => {
  if (confirmed) return;
  newest = tasks.tasks;
  list.redraw();
  list.refresh();
});
on("workers", (told) => {
  const first = workers === null;
  workers = told;
  if (first) list.redraw();
  const tags = Object.values(told).flatMap((worker) => Object.values(worker.slot_table).flatMap((slot) => slot.tags));
  offer([...new Set(["cpu", "cuda", "rocm", "webgpu", "webnn", ...tags])].sort());
});

/** The workers that have a shard of a running job, where it is one of the newest; nothing until their names are known. */
function places(job) {
  if (workers === null) return [];
  const ids = (job.status === "running" && newest[job.job_id]?.worker_ids) || [];
  return ids.flatMap((id) => [" ", el("small", {}, "on ", workerLink(id, workers[id]?.name))]);
}

let offered = "";
function offer(tags) {
  if (offered === tags.join()) return;
  offered = tags.join();
  list.setOptions("hardware", tags);
}
