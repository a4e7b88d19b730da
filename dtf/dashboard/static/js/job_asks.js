// What a job asks for, as it was submitted.

import { el } from "./dom.js";
import { figure } from "./figures.js";
import { foreign } from "./lab_words.js";

/** A list of terms and what they are for this job. Of its environment only the names: values may be secrets. */
export function asks(job) {
  const { spec } = job;
  const { work, source } = spec;
  const of = (name, format, unit) => figure(`jobs.${job.job_id}.spec.${name}`, spec[name], job.as_of, format, unit);
  const environment = Object.keys(work.environment ?? {}).sort();
  const terms = [
    ["Kind", job.kind],
    ["Hardware", foreign([spec.hardware, ...spec.requirements].join(", "))],
    ["If its breakers are open", foreign(spec.fallback.length ? `falls back on ${spec.fallback.join(", ")}` : "waits")],
    ["Priority", of("priority")],
    ["Time limit", of("timeout_s", "seconds")],
    ["Retries after failures of the infrastructure", of("max_retries")],
    ["Work", el("code", { class: "foreign" }, foreign(workWords(work), 1000))],
    ["Source", foreign([source.kind, source.location, source.revision].filter(Boolean).join(" "))],
    ["Environment", foreign(environment.join(", ") || "nothing added")],
  ];
  if (spec.inject) terms.push(["Failure injected on purpose", foreign([spec.inject.failure, spec.inject.intensity, spec.inject.what].filter(Boolean).join(" "))]);
  return el("dl", { class: "terms" }, terms.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

function workWords(work) {
  if (work.type === "command") return work.argv.join(" ");
  const { type, environment, ...rest } = work;
  const told = Object.entries(rest).filter(([, value]) => value !== "" && value !== null && value?.length !== 0);
  return told.map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(" ") : value}`).join("  ");
}
