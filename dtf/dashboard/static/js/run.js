import "./frame.js";
import { ask, on } from "./live.js";
import { Failures } from "./run_failures.js";
import { showRun, showRunProblem } from "./run_head.js";
import { artifactList, caseList, jobList } from "./run_lists.js";
import { RunLog } from "./run_log.js";
import { RunMatrix } from "./run_matrix.js";
import { RunTimeline } from "./run_timeline.js";

const root = document.getElementById("run");
if (root) follow(root.dataset.runId);

function follow(runId) {
  const at = (id) => document.getElementById(id);
  const timeline = new RunTimeline(at("timeline"), runId);
  const matrix = new RunMatrix(at("matrix"), runId);
  const failures = new Failures(at("failures"), runId);
  const jobs = jobList(at("jobs"), runId);
  const cases = caseList(at("cases"), runId);
  const artifacts = artifactList(at("artifacts"), runId);
  const log = new RunLog(at("log"), runId);

  // what is asked for anew when something of the run changes: what it depends on, and what is done; false: it did not work
  const parts = [
    [(run) => [run.cases, run.outcome], (run) => failures.refresh(run.outcome !== undefined)],
    [(run) => [run.jobs_finished, run.cases], () => jobs.refresh()],
    [(run) => [run.attempts, run.shards, run.outcome], (run) => timeline.refresh(run)],
    [(run) => run.cases, () => cases.refresh()],
    [(run) => run.shards, () => artifacts.refresh()],
    [(run) => run.outcome, () => matrix.refresh()],
  ];
  const seen = parts.map(() => undefined);
  let changedAt = -Infinity;
  let shown;
  let shownAsOf = 0;

  function take(run, asOf) {
    showRun(run, asOf);
    // what is printed at the very end comes in after the verdict
    if (run.outcome === undefined || shown?.outcome === undefined) changedAt = performance.now();
    if (performance.now() - changedAt < 15000) log.refresh();
    shown = run;
    shownAsOf = asOf;
    parts.forEach(async ([what, act], number) => {
      const now = JSON.stringify(what(run)) ?? "";
      if (seen[number] === now) return;
      seen[number] = now;
      if ((await act(run)) === false) seen[number] = undefined;
    });
    timeline.draw(run, asOf);
  }

  let asking = false;
  async function askForIt() {
    if (asking) return;
    asking = true;
    try {
      const { as_of: asOf, ...run } = await ask(`/api/monitoring/runs/${encodeURIComponent(runId)}`);
      showRunProblem("");
      take(run, asOf);
    } catch (error) {
      showRunProblem(error.message);
    } finally {
      asking = false;
    }
  }

  on("runs", (value, asOf) => {
    if (value[runId]) take(value[runId], asOf);
    else if (shown?.outcome === undefined) askForIt();
    // nothing of it changes any more; what could not be had is asked for again
    else take(shown, shownAsOf);
  });
}
