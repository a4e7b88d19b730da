// A job's figures, and what can be done about it; the same on the list and on its own page.

import { askFirst, tellMore } from "./dialog.js";
import { badge, el } from "./dom.js";
import { figure } from "./figures.js";
import { brief } from "./foreign_text.js";
import { advised, foreign } from "./lab_words.js";
import { ask, send } from "./live.js";

/** The verdicts on cases, the good ones first. */
export const CASES = ["passed", "skipped", "xfailed", "xpassed", "failed", "error", "timeout", "infra"];

/** Whether a job has no verdict yet. */
export function isOpen(job) {
  return job.status === "waiting" || job.status === "running";
}

const path = (id) => `/api/v1/jobs/${encodeURIComponent(id)}`;

/** Where a job stands, with a button that says why while it has no verdict. */
export function status(job) {
  const id = job.job_id;
  const why = el("button", { type: "button", class: "btn btn-link btn-sm why", onclick: () => tellWhy(id), "aria-label": `why? ${brief(job.name || id, 80)}` }, "why?");
  return el("span", {}, badge(job.status), isOpen(job) && [" ", why]);
}

/** Its cases so far by verdict; nothing of a job that has none. */
export function caseCounts(job, asOf) {
  const of = (name, field) => figure(`jobs.${job.job_id}.${field}`, job[field], asOf, "integer", name);
  if (!job.expected && !CASES.some((name) => job[`cases_${name}`])) return undefined;
  const there = CASES.filter((name) => job[`cases_${name}`]);
  const counts = there.flatMap((name, place) => {
    const count = el("span", { class: `is-${name}` }, of(name, `cases_${name}`));
    return [place > 0 && " ", el("span", { class: "whole" }, count, place < there.length - 1 && ",")];
  });
  const expected = job.expected ? el("span", { class: "soft" }, " of ", of("", "expected")) : undefined;
  return el("span", {}, counts, expected);
}

/** A moment of a job's, in the viewer's zone. */
export function time(job, field, asOf) {
  return figure(`jobs.${job.job_id}.${field}`, job[field], asOf, "time");
}

/** From its first attempt to its verdict. */
export function took(job, asOf) {
  const value = job.started_at !== undefined && job.finished_at !== undefined ? job.finished_at - job.started_at : undefined;
  return figure(`jobs.${job.job_id}.duration_s`, value, asOf, "seconds");
}

/** The answer to why a job waits, or ended as it did: elements. */
export async function whyOf(id) {
  const { why, advice, operator_needed: alarms, breakers_unknown: unknown } = await ask(`${path(id)}/why`);
  const more = [
    advice && advised(brief(advice, 2000)),
    ...alarms.map((alarm) => foreign(`An operator is needed: ${alarm.reason}`, 2000)),
    unknown && foreign(`How the breakers stand is not known: ${unknown}`, 2000),
  ];
  return [el("p", {}, foreign(why, 2000)), ...more.filter(Boolean).map((words) => el("p", { class: "soft" }, words))];
}

function tellWhy(id) {
  tellMore("What it is doing, or waiting for", () => whyOf(id));
}

/** A button that cancels a job which has no verdict yet; `then` is called when it was. */
export function cancelButton(job, then) {
  if (!isOpen(job)) return undefined;
  const { job_id: id, name } = job;
  const cancel = () =>
    askFirst({
      title: "Cancel this job?",
      words: [
        foreign(name || id),
        ": what runs of it is ended, and what waits of it is never run. ",
        "This cannot be taken back. The other jobs of its run go on.",
      ],
      yes: "Cancel the job",
      act: async () => {
        await send("POST", `${path(id)}/cancel`);
        then();
        return "It is cancelled; what runs of it ends within seconds.";
      },
    });
  return el("button", { type: "button", class: "btn btn-sm btn-outline-danger", onclick: cancel, "aria-label": `Cancel ${brief(name || id, 80)}` }, "Cancel");
}
