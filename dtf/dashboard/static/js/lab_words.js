// How jobs, workers and devices are spoken of.

import { badge, el, link } from "./dom.js";
import { brief } from "./foreign_text.js";
import { at } from "./live.js";

/** A text of somebody else's, or its beginning and how much of it is missing. */
export function foreign(text, most) {
  return el("span", { class: "foreign" }, brief(text ?? "", most));
}

/** Advice whose commands stand between backticks. */
export function advised(text) {
  return text.split("`").map((part, place) => (place % 2 ? el("code", {}, part) : part));
}

const linked = (path, id, name) => link(at(`/lab/${path}/${encodeURIComponent(id)}`), foreign(name || id));

export const jobLink = (id, name) => linked("jobs", id, name);
export const runLink = (id, name) => linked("runs", id, name);
export const workerLink = (id, name) => linked("workers", id, name);

/** What has to be said of a device, as badges: simulated, software, or that it does not work and why. */
export function marks(words) {
  return words.flatMap((word) => {
    const [sign, ...why] = word.split(": ");
    return [badge(sign === "software" ? "software adapter" : sign, sign), " ", ...(why.length ? [foreign(why.join(": ")), " "] : [])];
  });
}

/** `webgpu:software` as a badge with the whole of it in words. */
export function typeBadge(type) {
  const [kind, mark] = type.split(":");
  if (!mark) return el("span", {}, badge(kind, "kind"));
  return el("span", {}, badge(kind, "kind"), " ", badge(mark === "software" ? "software adapter" : mark, mark));
}

/** How a breaker stands, as a badge: who holds it comes first. */
export function breakerBadge({ state, mode }) {
  const kind = mode === "auto" || mode === "metrics_only" ? state : mode === "forced_open" ? "open" : "closed";
  const words = mode === "auto" ? state : mode === "metrics_only" ? `metrics only: ${state}` : mode;
  return badge(words, kind);
}

/** What an attempt's proof has to be said of it: that it did not run on the hardware it names, in words. */
export function standing(proof = {}) {
  const told = [];
  if (proof.elsewhere) told.push(["failed", "ran elsewhere", proof.elsewhere]);
  if (proof.degraded) told.push(["degraded", "degraded", proof.degraded]);
  if (proof.simulated === "yes") told.push(["simulated", "simulated device", ""]);
  if (proof.software === "yes") told.push(["software", "software adapter", ""]);
  if (proof.injected) told.push(["degraded", "failure injected", proof.injected]);
  return told;
}
