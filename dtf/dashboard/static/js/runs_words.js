// How runs are spoken of.

import { badge, el, link } from "./dom.js";
import { at } from "./live.js";

/** The class of figures that are bad news. */
export const BAD = "is-failed";

/** The outcomes of cases that count as failures. */
export const FAILED = ["failed", "error", "timeout", "infra"];

/** How many cases of a run failed, those of attempts under way too. */
export function failures(run) {
  return FAILED.reduce((sum, outcome) => sum + (run.cases[outcome] ?? 0), run.running_failed);
}

/** A run's page. */
export function runPath(runId) {
  return at(`/lab/runs/${encodeURIComponent(runId)}`);
}

/** A link to a run: by its name, and by its id, which tells it from others of the name. */
export function runName(run) {
  const id = el("code", { class: "soft" }, run.run_id);
  const name = link(runPath(run.run_id), run.name || run.run_id);
  name.classList.add("foreign");
  return run.name ? el("span", {}, name, " ", id) : name;
}

/** The verdict on a run; before there is one, whether something of it has begun. */
export function verdict(run) {
  return badge(run.outcome ?? (run.started_at === undefined ? "waiting" : "running"));
}
