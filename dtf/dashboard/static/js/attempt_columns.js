// The columns of attempts: where each ran, how it ended, and what shows that it ran there.

import { badge, el } from "./dom.js";
import { figure } from "./figures.js";
import { foreign, standing } from "./lab_words.js";

const ofAttempt = (field, format) => (row, asOf) =>
  figure(`attempts.${row.shard_id}:${row.attempt}.${field}`, row[field], asOf, format);

/** The columns of attempts, behind others. */
export function attemptColumns(first) {
  return [
    ...first,
    { title: "Attempt", numeric: true, cell: ofAttempt("attempt") },
    { title: "Slot", numeric: true, cell: ofAttempt("slot") },
    { title: "Outcome", cell: (row) => el("span", {}, badge(row.outcome ?? "running"), " ", foreign(row.reason)) },
    { title: "Claimed", sort: "claimed_at", first: "descending", cell: ofAttempt("claimed_at", "time") },
    { title: "Took", numeric: true, cell: ofAttempt("duration_s", "seconds") },
    { title: "Ran on", cell: ranOn },
  ];
}

/** The device that it ran on, as its proof says, and whether that stands for the hardware it names. */
function ranOn({ proof, outcome }) {
  if (!proof) return el("span", { class: "soft" }, outcome ? "no proof" : "not known yet");
  const signs = standing(proof).flatMap(([kind, words, more]) => [badge(words, kind), " ", more && foreign(more), " "]);
  const evidence = proof.evidence && [" ", el("small", { class: "soft" }, foreign(proof.evidence))];
  return el("span", {}, signs, foreign(proof.device_name || proof.hardware || ""), evidence || "");
}
