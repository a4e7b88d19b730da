// A run's failed cases, folded: what each left is asked for when it is opened.

import { caseLine, showCase } from "./case_details.js";
import { el, keyed, nothing } from "./dom.js";
import { brief } from "./foreign_text.js";
import { ask } from "./live.js";
import { FAILED } from "./runs_words.js";

const PAGE = 50;
const MOST = 500;

export class Failures {
  constructor(parent, runId) {
    this.runId = runId;
    this.wanted = PAGE;
    this.list = el("div", { class: "failures" });
    this.note = el("div");
    this.more = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", hidden: true }, "Show more failures");
    this.more.addEventListener("click", () => {
      this.wanted += PAGE;
      this.refresh();
    });
    parent.append(this.note, this.list, this.more);
  }

  /** Ask anew for what is shown; `isOver`: whether no more can come. */
  async refresh(isOver = this.isOver) {
    this.isOver = isOver;
    const limit = Math.min(this.wanted, MOST);
    const query = new URLSearchParams({ run_id: this.runId, outcome: FAILED.join(","), limit });
    try {
      const { items, next } = await ask(`/api/v1/cases?${query}`);
      this.show(items, Boolean(next));
    } catch (error) {
      this.note.replaceChildren(el("p", { role: "alert" }, `The failures cannot be had: ${error.message}`));
    }
  }

  show(items, goesOn) {
    this.more.hidden = !goesOn || this.wanted >= MOST;
    const words = this.isOver ? "No case failed." : "No case has failed so far.";
    const rest = goesOn && this.wanted >= MOST && el("p", { class: "soft" }, "More failures are in the list of cases below.");
    this.note.replaceChildren(...(items.length ? [rest || ""] : [nothing(words)]));
    keyed(this.list, items, (row) => `${row.job_id}/${row.ordinal}`, folded);
  }
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
