// How circuit breakers are spoken of.

import { el } from "./dom.js";
import { figure, shown as words } from "./figures.js";
import { meter } from "./progress.js";

export const POLICIES = {
  learned: "They decide by what was learned of each target, where there is enough of it.",
  fixed: "They decide by a fixed number of failures; nothing that was learned counts.",
  constants: "They decide by belief with the same numbers for all targets; nothing that was learned counts.",
  metrics: "They decide and tell, but work goes to what is open all the same.",
  off: "Circuit breakers are off: nothing is kept from any target.",
};

/** What a breaker does now, for people. */
export function meaning({ state, mode }, policy) {
  if (mode === "forced_open") return "An operator holds it open: no work goes there, and no probe.";
  if (mode === "forced_closed") return "An operator holds it closed: all work goes there; failures only move the belief.";
  if (mode === "metrics_only" || policy === "metrics") return "It decides and tells, and keeps no work away.";
  if (state === "open") return "No work goes there; when it is time a probe tries whether it works again.";
  if (state === "half_open") return "A probe has succeeded; a few more decide, and other work waits or goes elsewhere.";
  return "Work goes through.";
}

/** A figure of a breaker's. */
export function of(breaker, path, value, asOf, format, unit) {
  return figure(`breakers.targets.${breaker.target}.${path}`, value, asOf, format, unit);
}

/** How bad its target is believed to be: a bar and the number. */
export function belief(breaker, asOf) {
  const label = `belief that ${breaker.target} is bad`;
  return el("span", { class: "progress-dtf" }, meter(breaker.bad, label), " ", of(breaker, "bad", breaker.bad, asOf, "percent"));
}

/** "2 failures (default 4)": so many in a row open it. */
export function opensAfter(breaker, asOf) {
  if (breaker.failures_to_open === undefined) return el("span", { class: "soft" }, "is not closed");
  const [now, usual] = ["failures_to_open", "default_failures_to_open"].map((field) => breaker[field]);
  return beside(of(breaker, "failures_to_open", now, asOf, "integer", "failures"), of(breaker, "default_failures_to_open", usual, asOf));
}

/** "1.3 % (default 2 %)": the jobs that fail while all is well. */
export function usualFailures(breaker, asOf) {
  const [now, usual] = ["base_rate", "default_base_rate"].map((field) => of(breaker, field, breaker[field], asOf, "percent"));
  return beside(now, usual);
}

export function beside(now, usual) {
  return el("span", { class: "text-nowrap" }, now, " ", el("small", { class: "soft" }, "(default ", usual, ")"));
}

// what was learned: the field, the words, how it is shown, and what makes a figure for people of it
const LEARNED = [
  ["evidence", "Jobs it rests on", "integer"],
  ["outages", "Outages it rests on", "integer"],
  ["base_rate", "Jobs that fail while it is healthy", "percent"],
  ["hazard_per_s", "Turns bad once in", "seconds", (rate) => (rate > 0 ? 1 / rate : undefined)],
  ["outage_log_mean", "Median outage", "seconds", (mean) => Math.exp(Math.min(mean, 20))],
  ["latency_drift", "Runs slower than usual by", "percent", (drift) => Math.expm1(Math.min(drift, 20))],
  ["reopen_rate", "Opened again within a minute", "percent"],
  ["sibling_rate", "Opened together with others", "percent"],
];
const COUNTS = ["evidence", "outages"];

/** What was learned of a target, beside what holds where nothing was: pairs of a title and what to show. */
export function learnedRows(breaker, defaults, asOf) {
  return LEARNED.map(([field, title, format, made = (value) => value]) => {
    const shown = (value, path) => {
      const element = figure(`breakers.${path}.${field}`, value, asOf, format);
      // what is exact stays as it was learned; what people read is made from it
      if (value !== undefined) element.textContent = words(made(value), format);
      return element;
    };
    const now = shown(breaker.learned[field], `targets.${breaker.target}.learned`);
    if (field === "latency_drift" && breaker.learned.drift_detected) now.append(", a change just now");
    return [title, COUNTS.includes(field) ? now : beside(now, shown(defaults[field], "defaults"))];
  });
}
