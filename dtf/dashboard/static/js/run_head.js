// How a run stands: its verdict, its times and its counts; and the button that cancels it.

import { askFirst } from "./dialog.js";
import { el } from "./dom.js";
import { figure } from "./figures.js";
import { brief } from "./foreign_text.js";
import { become } from "./live_table.js";
import { send } from "./live.js";
import { makespan, meter } from "./progress.js";
import { BAD, FAILED, verdict } from "./runs_words.js";

const at = (id) => document.getElementById(id);

/** Say why the run cannot be shown as it is now; empty: it can. */
export function showRunProblem(words) {
  become(at("run-problem"), words && el("p", { class: "notice-dtf" }, words));
}

export function showRun(run, asOf) {
  become(at("run-name"), brief(run.name || run.run_id, 200));
  become(at("run-verdict"), verdict(run));
  become(at("run-facts"), ...facts(run, asOf));
  become(at("run-figures"), ...cards(run, asOf));
  showActions(run);
}

function facts(run, asOf) {
  const time = (field) => figure(`runs.${run.run_id}.${field}`, run[field], asOf, "time");
  const parts = [el("code", { class: "soft" }, run.run_id), ", submitted ", time("created_at")];
  if (run.started_at !== undefined) parts.push(", began ", time("started_at"));
  if (run.finished_at !== undefined) parts.push(", over ", time("finished_at"));
  if (run.reason) parts.push(": ", el("span", { class: "foreign" }, brief(run.reason, 600)));
  for (const [name, value] of Object.entries(run.labels)) {
    parts.push(" ", el("span", { class: "label-dtf foreign" }, `${brief(name, 60)}=${brief(value, 120)}`));
  }
  return parts;
}

function cards(run, asOf) {
  const value = (field, exact = run[field]) => figure(`runs.${run.run_id}.${field}`, exact, asOf);
  const card = (title, ...parts) => el("div", {}, el("dt", {}, title), el("dd", {}, ...parts));
  const of = (field) => el("small", {}, " of ", value(field));
  const counts = Object.entries(run.cases)
    .filter(([, count]) => count)
    .map(([outcome, count]) => {
      const shown = value(`cases.${outcome}`, count);
      if (FAILED.includes(outcome)) shown.classList.add(BAD);
      return card(`Cases ${outcome}`, shown);
    });
  return [
    card(run.finished_at === undefined ? "Makespan so far" : "Makespan", makespan(run, asOf)),
    card("Done", figure(`runs.${run.run_id}.done_share`, run.done_share, asOf, "percent"), " ", meter(run.done_share, "done")),
    ...(run.expected || run.cases_done ? [card("Cases done", value("cases_done"), of("expected"))] : []),
    ...counts,
    ...(run.running ? [card("Cases under way", value("running"))] : []),
    card("Jobs over", value("jobs_finished"), of("jobs")),
    card("Attempts", value("attempts")),
    ...["queued", "claimed"]
      .filter((state) => run.shards[state])
      .map((state) => card(`Shards ${state}`, value(`shards.${state}`, run.shards[state]))),
  ];
}

function showActions(run) {
  if (run.outcome !== undefined) {
    become(at("run-actions"));
    return;
  }
  if (at("run-actions").childElementCount) return;
  const ask = () =>
    askFirst({
      title: "Cancel this run?",
      words: ["What waits of it is not run, and what runs is ended. Results that are there stay. It cannot be taken back."],
      yes: "Cancel the run",
      act: async () => {
        await send("POST", `/api/v1/runs/${encodeURIComponent(run.run_id)}/cancel`, { reason: "cancelled on the dashboard" });
        return "It is being cancelled: what runs of it is ended.";
      },
    });
  at("run-actions").append(el("button", { type: "button", class: "btn btn-sm btn-outline-danger", onclick: ask }, "Cancel the run"));
}
