// All that is known of one breaker: how it stands, what was learned, its history, and what can be done.

import { actions } from "./breaker_actions.js";
import { belief, learnedRows, meaning, of, opensAfter, usualFailures } from "./breaker_words.js";
import { el } from "./dom.js";
import { figure } from "./figures.js";
import { breakerBadge, foreign } from "./lab_words.js";
import { LiveTable, become } from "./live_table.js";
import { ask } from "./live.js";

export class BreakerPanel {
  constructor(parent, closed) {
    this.parent = parent;
    this.heading = el("h2", { id: "one-title" });
    this.state = el("div");
    this.actions = actions(() => this.breaker, () => this.ask());
    const hand = el("p", { role: "group", "aria-label": "Who decides about it" }, this.actions.elements);
    this.learned = el("dl", { class: "pairs" });
    this.problem = el("p", { class: "is-failed", role: "alert" });
    const history = el("div");
    const close = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: closed }, "Close");
    parent.append(
      el("div", { class: "panel-head" }, this.heading, close),
      this.state,
      hand,
      el("details", { open: true }, el("summary", {}, "What was learned"), this.learned),
      el("h3", {}, "History, the latest first"),
      this.problem,
      history,
    );
    this.history = new LiveTable(history, {
      caption: "What the ledger knows of this breaker's past",
      key: (event) => event.at_place,
      empty: ["The ledger knows of no change."],
      columns: [
        { title: "When", cell: (event, asOf) => this.when(event, asOf) },
        { title: "What", cell: (event) => happened(event) },
        { title: "By", cell: (event) => ("mode" in event ? "an operator" : "before" in event ? "itself" : "the coordinator") },
        { title: "Why", cell: (event) => foreign(event.reason, 600) },
      ],
    });
  }

  /** Show a breaker; undefined: none. */
  show(breaker, value, asOf) {
    this.parent.hidden = !breaker;
    if (!breaker) {
      this.asked = undefined;
      return;
    }
    this.breaker = breaker;
    become(this.heading, foreign(breaker.target, 200));
    become(this.state, ...this.standing(breaker, value, asOf));
    this.actions.show();
    become(this.learned, ...learnedRows(breaker, value.defaults, asOf).map(([title, shown]) => pair(title, shown)));
    const now = [breaker.target, breaker.epoch, breaker.mode, breaker.reason].join(" ");
    if (this.asked !== now) {
      this.asked = now;
      this.ask();
    }
  }

  standing(breaker, value, asOf) {
    const foreseen = breaker.foreseen;
    const time = of(breaker, "since", breaker.since, asOf, "time");
    return [
      el("p", {}, breakerBadge(breaker), " since ", time, ". ", meaning(breaker, value.policy)),
      el(
        "dl",
        { class: "pairs" },
        pair("Why", breaker.reason ? foreign(breaker.reason, 600) : el("span", { class: "soft" }, "it never changed")),
        pair("Believed to be bad", belief(breaker, asOf)),
        pair("Opens after, in a row", opensAfter(breaker, asOf)),
        pair("Jobs that fail while all is well", usualFailures(breaker, asOf)),
        pair("Probes under way", of(breaker, "probes", breaker.probes, asOf)),
        pair("State number", of(breaker, "epoch", breaker.epoch, asOf)),
        pair("Decides by", breaker.why_fixed ? foreign(`fixed numbers: ${breaker.why_fixed}`) : "what was learned"),
        foreseen &&
          pair(
            "Opens within a minute",
            el("span", {}, of(breaker, "foreseen.probability", foreseen.probability, asOf, "percent"), ", foreseen ", of(breaker, "foreseen.at", foreseen.at, asOf, "time")),
          ),
      ),
    ];
  }

  when(event, asOf) {
    const { target } = this.breaker;
    return figure(`breaker_history.${target}.${event.at_place}`, event.changed_at ?? event.at, asOf, "time");
  }

  async ask() {
    const { target, hardware, name } = this.breaker;
    try {
      const told = await ask(`/api/v1/breakers/${encodeURIComponent(hardware)}/${encodeURIComponent(name)}`);
      if (this.breaker.target !== target) return;
      this.problem.textContent = "";
      const rows = told.history.map((event, place) => ({ ...event, at_place: `${event.at}-${place}` }));
      this.history.show(rows.reverse(), told.as_of);
    } catch (error) {
      this.problem.textContent = `Its history cannot be had: ${error.message}`;
      this.history.show([], 0);
      this.asked = undefined;
    }
  }
}

function pair(title, shown) {
  return el("div", {}, el("dt", {}, title), el("dd", {}, shown));
}

const plain = (word) => String(word).replaceAll("_", " ");

function happened(event) {
  if ("mode" in event) return `set to ${plain(event.mode)}`;
  if ("restored" in event) return `set to ${plain(event.restored)} again, which the store had lost`;
  return el("span", {}, breakerBadge({ state: event.before, mode: "auto" }), " → ", breakerBadge({ state: event.after, mode: "auto" }));
}
