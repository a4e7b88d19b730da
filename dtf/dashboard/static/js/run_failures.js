// What failed of a run: jobs that failed without a failed case, such as commands; then cases, folded: what each left is asked
// for when it is opened.

import { caseLine, showCase } from "./case_details.js";
import { badge, el, keyed, link, nothing } from "./dom.js";
import { brief } from "./foreign_text.js";
import { ask, at } from "./live.js";
import { FAILED } from "./runs_words.js";

const PAGE = 50;
const MOST = 500;

export class Failures {
  constructor(parent, runId) {
    this.runId = runId;
    this.wanted = PAGE;
    this.jobs = el("div", { class: "failures" });
    this.list = el("div", { class: "failures" });
    this.note = el("div");
    this.more = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", hidden: true }, "Show more failures");
    this.more.addEventListener("click", () => {
      this.wanted += PAGE;
      this.refresh();
    });
    parent.append(this.note, this.jobs, this.list, this.more);
  }

  /** Ask anew for what is shown, and tell whether it could be had; `isOver`: whether no more can come. */
  async refresh(isOver = this.isOver) {
    this.isOver = isOver;
    const failed = { run_id: this.runId, outcome: FAILED.join(",") };
    const cases = new URLSearchParams({ ...failed, limit: Math.min(this.wanted, MOST) });
    try {
      const [found, jobs] = await Promise.all([
        ask(`/api/v1/cases?${cases}`),
        ask(`/api/v1/jobs?${new URLSearchParams({ ...failed, limit: PAGE })}`),
      ]);
      this.show(found.items, jobs.items.filter(hasNoFailedCase), Boolean(found.next));
      return true;
    } catch (error) {
      this.note.replaceChildren(el("p", { role: "alert" }, `The failures cannot be had: ${error.message}`));
      return false;
    }
  }

  show(cases, jobs, goesOn) {
    this.more.hidden = !goesOn || this.wanted >= MOST;
    const words = this.isOver ? "Nothing failed." : "Nothing has failed so far.";
    const rest = goesOn && this.wanted >= MOST && el("p", { class: "soft" }, "More failures are in the list of cases below.");
    this.note.replaceChildren(...(cases.length || jobs.length ? [rest || ""] : [nothing(words)]));
    keyed(this.jobs, jobs, (job) => job.job_id, failedJob);
    keyed(this.list, cases, (row) => `${row.job_id}/${row.ordinal}`, folded);
  }
}

function hasNoFailedCase(job) {
  return FAILED.every((outcome) => !job[`cases_${outcome}`]);
}

function failedJob(job) {
  const name = link(at(`/lab/jobs/${encodeURIComponent(job.job_id)}`), brief(job.name || job.job_id));
  name.classList.add("foreign");
  const reason = el("span", { class: "soft foreign" }, brief(job.reason || "its output is in the log", 600));
  return el("p", { class: "failure-job" }, badge(job.outcome), " ", name, " ", reason, " ", link("#log-title", "Log"));
}

function folded(row) {
  const body = el("div", { class: "failure-body" });
  const message = row.message && el("span", { class: "soft foreign" }, ` ${brief(row.message.split("\n", 1)[0], 160)}`);
  const fold = el("details", {}, el("summary", {}, ...caseLine(row), message), body);
  fold.addEventListener("toggle", () => {
    if (fold.open && !body.childElementCount) showCase(body, row);
  });
  return fold;
}
