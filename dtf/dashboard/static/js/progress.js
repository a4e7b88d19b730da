// How far a run is: a bar, and the same in words.

import { el } from "./dom.js";
import { figure } from "./figures.js";

/** A bar for a share from 0 to 1. */
export function meter(share, label) {
  const bar = el("span");
  bar.style.width = `${100 * Math.min(Math.max(share, 0), 1)}%`;
  const percent = Math.round(100 * share);
  const given = { class: "meter", role: "progressbar", "aria-label": label, "aria-valuenow": percent };
  return el("span", { ...given, "aria-valuemin": 0, "aria-valuemax": 100 }, bar);
}

/** "12 of 40 cases" with a bar; of a run that has no cases, jobs. */
export function progress(run, asOf) {
  const [done, all, unit] = run.expected ? ["cases_done", "expected", "cases"] : ["jobs_finished", "jobs", "jobs"];
  const at = (name, word) => figure(`runs.${run.run_id}.${name}`, run[name], asOf, "integer", word);
  return el("span", { class: "progress-dtf" }, meter(run.done_share, "done"), " ", at(done), " of ", at(all, unit));
}

/** How long a run took, or has taken until now: from its first attempt on. */
export function makespan(run, asOf) {
  const until = run.finished_at ?? asOf;
  const value = run.started_at === undefined ? undefined : Math.max(until - run.started_at, 0);
  return figure(`runs.${run.run_id}.makespan_s`, value, asOf, "seconds");
}
