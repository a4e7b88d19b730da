// What a run has, as lists a page at a time: jobs, cases and artifacts.

import { openCase } from "./case_details.js";
import { badge, el, link } from "./dom.js";
import { figure } from "./figures.js";
import { brief } from "./foreign_text.js";
import { status } from "./job_words.js";
import { Listing } from "./listing.js";
import { at } from "./live.js";
import { BAD, FAILED } from "./runs_words.js";

const CASE_OUTCOMES = ["passed", "failed", "skipped", "error", "xfailed", "xpassed", "timeout", "infra"];

const foreign = (text, most = 300) => el("span", { class: "foreign" }, brief(text ?? "", most));

export function jobList(parent, runId) {
  const count = (row, field, asOf) => figure(`jobs.${row.job_id}.${field}`, row[field], asOf);
  return new Listing(parent, {
    resource: "jobs",
    scope: "jobs",
    caption: "Jobs of the run",
    key: (row) => row.job_id,
    fixed: { run_id: runId },
    sort: "created_at",
    empty: ["The run has no jobs."],
    columns: [
      { title: "Job", sort: "name", cell: (row) => link(at(`/lab/jobs/${encodeURIComponent(row.job_id)}`), foreign(row.name || row.job_id)) },
      { title: "Kind", cell: (row) => el("span", { class: "whole" }, row.kind) },
      { title: "Hardware", cell: (row) => foreign(row.hardware) },
      { title: "Status", cell: status },
      { title: "Passed cases", numeric: true, cell: (row, asOf) => count(row, "cases_passed", asOf) },
      { title: "Failed cases", numeric: true, cell: failedOf },
      { title: "Expected", numeric: true, cell: (row, asOf) => count(row, "expected", asOf) },
      { title: "Reason", cell: (row) => row.reason && foreign(row.reason) },
    ],
  });
}

function failedOf(row, asOf) {
  const sum = FAILED.reduce((whole, outcome) => whole + (row[`cases_${outcome}`] ?? 0), 0);
  const shown = figure(`jobs.${row.job_id}.failures`, sum, asOf);
  if (sum) shown.classList.add(BAD);
  return shown;
}

export function caseList(parent, runId) {
  return new Listing(parent, {
    resource: "cases",
    scope: "cases",
    caption: "Cases of the run",
    limit: 25,
    key: (row) => `${row.job_id}/${row.ordinal}`,
    fixed: { run_id: runId },
    filters: [
      { name: "outcome", title: "Outcome", kind: "multi", options: CASE_OUTCOMES },
      { name: "search", title: "Name", kind: "search", hint: "a part of it" },
    ],
    empty: ["There is no case with a result."],
    columns: [
      { title: "Case", sort: "ordinal", cell: (row) => foreign(row.nodeid) },
      { title: "Outcome", cell: (row) => badge(row.outcome) },
      {
        title: "Duration",
        sort: "duration_s",
        first: "descending",
        numeric: true,
        cell: (row, asOf) => figure(`cases.${row.job_id}.${row.ordinal}.duration_s`, row.duration_s, asOf, "seconds"),
      },
      { title: "Message", cell: (row) => row.message && foreign(row.message.split("\n", 1)[0], 160) },
      {
        title: "Details",
        cell: (row) =>
          el(
            "button",
            {
              type: "button",
              class: "btn btn-sm btn-outline-secondary",
              "aria-label": `Show details of ${brief(row.nodeid, 120)}`,
              onclick: () => openCase(row),
            },
            "Show",
          ),
      },
    ],
  });
}

export function artifactList(parent, runId) {
  const key = (row) => `${row.shard_id}/${row.attempt}/${row.position}`;
  return new Listing(parent, {
    resource: "artifacts",
    scope: "artifacts",
    caption: "Artifacts of the run",
    key,
    fixed: { run_id: runId },
    empty: ["Nothing was kept. Tests keep what they write into the directory", "$DTF_ARTIFACTS_DIR"],
    columns: [
      { title: "Name", sort: "name", cell: (row) => foreign(row.name || "artifact") },
      { title: "Size", numeric: true, cell: (row, asOf) => figure(`artifacts.${key(row)}.size`, row.size, asOf, "bytes") },
      { title: "Type", cell: (row) => foreign(row.media_type, 80) },
      { title: "Shard", cell: (row) => el("code", { class: "soft" }, row.shard_id) },
      {
        title: "File",
        cell: (row) => {
          const path = [row.shard_id, row.attempt, row.position].map(encodeURIComponent).join("/");
          const found = link(at(`/api/v1/artifacts/${path}/content`), "Download");
          found.setAttribute("download", "");
          found.setAttribute("aria-label", `Download ${brief(row.name || "artifact", 120)}`);
          return found;
        },
      },
    ],
  });
}
