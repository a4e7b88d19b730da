// A run's attempts on a time line: a lane for each slot of each worker, a bar for each attempt.

import { badge, el } from "./dom.js";
import { duration, figure } from "./figures.js";
import { brief } from "./foreign_text.js";
import { Listing } from "./listing.js";
import { ask } from "./live.js";
import { Timeline } from "./timeline.js";

const PAGE = 500;
const MOST = 2000;

const keyOf = (row) => `${row.shard_id}/${row.attempt}`;
const laneOf = (row) => `${brief(row.worker ?? row.worker_id, 80)}, slot ${row.slot}`;

export class RunTimeline {
  constructor(parent, runId) {
    this.runId = runId;
    this.attempts = new Map();
    this.drawn = undefined; // what is drawn of a run that is over
    this.note = el("p", { class: "soft" });
    this.legend = el("p", { class: "legend" });
    parent.append(this.note, this.legend);
    this.line = new Timeline(parent, "Attempts of the run, by worker and slot");
    this.asTable(parent);
  }

  asTable(parent) {
    const fold = el("details", {}, el("summary", {}, "The attempts as a table"));
    fold.addEventListener("toggle", () => {
      if (fold.open && !this.table) this.table = new Listing(fold, tableOf(this.runId));
    });
    parent.append(fold);
  }

  /** Ask for what changed: the newest attempts, and all where an earlier one is still under way; whether they could be had. */
  async refresh(run) {
    this.run = run;
    this.drawn = undefined;
    try {
      let after = "";
      do {
        const query = new URLSearchParams({ run_id: this.runId, sort: "-claimed_at", limit: PAGE });
        if (after) query.set("after", after);
        const { items, next } = await ask(`/api/v1/attempts?${query}`);
        for (const row of items) this.attempts.set(keyOf(row), row);
        after = this.goesOn(items) ? next : "";
      } while (after);
      this.problem = "";
    } catch (error) {
      this.problem = `The attempts cannot be had: ${error.message}`;
    }
    this.drawn = undefined;
    this.table?.refresh();
    return !this.problem;
  }

  /** Whether a later page may have something that is not known. */
  goesOn(items) {
    if (this.attempts.size >= MOST) return false;
    if (this.attempts.size < (this.run?.attempts ?? 0)) return true;
    const here = new Set(items.map(keyOf));
    return [...this.attempts.values()].some((row) => row.outcome === undefined && !here.has(keyOf(row)));
  }

  /** Draw what is known as of a time; what is under way ends there. */
  draw(run, asOf) {
    if (run.finished_at !== undefined && this.drawn === run.finished_at) return;
    this.drawn = run.finished_at;
    const rows = [...this.attempts.values()];
    this.note.textContent = this.problem || words(rows.length, run);
    this.note.hidden = !this.note.textContent;
    this.legend.replaceChildren(...[...new Set(rows.map(kindOf))].sort().map((kind) => badge(kind)));
    if (!rows.length) return;
    const bars = rows.map((row) => barOf(row, asOf));
    const from = Math.min(...bars.map((bar) => bar.from));
    this.line.show(bars, { from, to: Math.max(...bars.map((bar) => bar.to)) });
  }
}

function words(count, run) {
  if (!count) return run.finished_at === undefined ? "Nothing has begun yet." : "Nothing was begun.";
  return count < run.attempts ? `The newest ${count} of ${run.attempts} attempts are drawn.` : "";
}

function kindOf(row) {
  return row.outcome ?? "running";
}

function barOf(row, asOf) {
  const from = row.claimed_at;
  const to = Math.max(row.recorded_at ?? asOf, from);
  const took = row.outcome ? `took ${duration(to - from)}` : `for ${duration(to - from)} so far`;
  const lines = [
    `${kindOf(row)}: shard ${row.shard_id}, attempt ${row.attempt}`,
    `on ${laneOf(row)}, ${took}`,
    row.cases ? `${row.cases} cases` : "",
    row.reason ? brief(row.reason, 200) : "",
  ];
  return { key: keyOf(row), lane: laneOf(row), from, to, kind: kindOf(row), words: lines.filter(Boolean).join("\n") };
}

function tableOf(runId) {
  const at = (row, field, asOf, format, unit) =>
    figure(`attempts.${keyOf(row)}.${field}`, row[field], asOf, format, unit);
  const timed = (field) => (row, asOf) => at(row, field, asOf, field.endsWith("_at") ? "time" : "seconds");
  return {
    resource: "attempts",
    scope: "attempts",
    caption: "Attempts of the run",
    key: keyOf,
    fixed: { run_id: runId },
    sort: "-claimed_at",
    empty: ["Nothing has begun."],
    columns: [
      { title: "Shard", cell: (row) => el("code", { class: "soft" }, row.shard_id) },
      { title: "Attempt", numeric: true, cell: (row, asOf) => at(row, "attempt", asOf) },
      { title: "Outcome", cell: (row) => badge(kindOf(row)) },
      { title: "Worker and slot", cell: (row) => el("span", { class: "foreign" }, laneOf(row)) },
      { title: "Claimed", sort: "claimed_at", first: "descending", cell: timed("claimed_at") },
      { title: "Duration", numeric: true, cell: timed("duration_s") },
      { title: "CPU time", numeric: true, cell: timed("cpu_s") },
      { title: "Memory", numeric: true, cell: (row, asOf) => at(row, "max_rss_bytes", asOf, "bytes") },
      { title: "Cases", numeric: true, cell: (row, asOf) => at(row, "cases", asOf) },
      { title: "Reason", cell: (row) => row.reason && el("span", { class: "foreign" }, brief(row.reason, 300)) },
    ],
  };
}
