// How the network is spoken of and drawn: shapes for groups, colours and words for states.

import { brief, visible } from "./foreign_text.js";

const LONGEST_LABEL = 22;

export const GROUPS = ["coordinator", "broker", "database", "worker", "device", "browser"];

// a shape for each group, about the middle, of a radius
const SHAPES = {
  coordinator: (r) => `M0,${-1.2 * r}L${1.2 * r},0L0,${1.2 * r}L${-1.2 * r},0Z`,
  broker: (r) => `M${-1.1 * r},0L${-0.55 * r},${-r}H${0.55 * r}L${1.1 * r},0L${0.55 * r},${r}H${-0.55 * r}Z`,
  database: (r) => `M${-r},${-0.8 * r}A${r},${0.4 * r} 0 0 1 ${r},${-0.8 * r}V${0.8 * r}A${r},${0.4 * r} 0 0 1 ${-r},${0.8 * r}Z`,
  worker: (r) => `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`,
  device: (r) => `M${-r},${-r}H${r}V${r}H${-r}Z`,
  browser: (r) => `M0,${-1.1 * r}L${1.1 * r},${0.9 * r}H${-1.1 * r}Z`,
};
const RADII = { coordinator: 13, broker: 14, database: 14, device: 6, browser: 7 };

export function shapeOf(group, radius) {
  return SHAPES[group](radius);
}

/** How large a node is drawn: a worker by its slots. */
export function radiusOf({ group, slots = 1 }) {
  return group === "worker" ? Math.min(8 + 2.5 * Math.sqrt(slots), 24) : RADII[group];
}

// what each state is drawn as
const TONES = {
  online: "good",
  leader: "good",
  available: "good",
  busy: "info",
  standby: "off",
  unused: "off",
  absent: "off",
  offline: "off",
  draining: "warn",
  held: "bad",
  quarantined: "bad",
  failed: "bad",
  silent: "bad",
};
export const LEGEND = [
  ["good", "online, leader, available"],
  ["info", "busy"],
  ["warn", "draining, degraded"],
  ["bad", "silent, failed, held by a breaker, in quarantine, unhealthy"],
  ["off", "standby, unused, offline, absent"],
];
const HEALTH = { degraded: "warn", unhealthy: "bad" };

/** good, info, warn, bad or off: a worker in trouble is no better than its health. */
export function toneOf({ status, health }) {
  const tone = TONES[status] ?? "off";
  return tone === "good" || tone === "info" ? (HEALTH[health] ?? tone) : tone;
}

/** "draining", "online, degraded". */
export function stateWords({ status, health }) {
  return HEALTH[health] && status !== "silent" ? `${status}, ${health}` : status;
}

/** The share of its slots that run something, from 0 to 1. */
export function loadOf({ slots, busy_slots: busy }) {
  return slots ? Math.min((busy ?? 0) / slots, 1) : 0;
}

/** What stands beside a node on the map: its name, and its state where that has to be said. */
export function labelOf(node) {
  const name = node.name.length > LONGEST_LABEL ? `${visible(node.name.slice(0, LONGEST_LABEL))}…` : visible(node.name);
  const tone = toneOf(node);
  return tone === "good" || tone === "info" ? name : `${name}: ${stateWords(node)}`;
}

/** A node in one sentence, for those who do not see the map; it begins as what stands beside the node. */
export function spoken(node) {
  const label = labelOf(node);
  const words = [label, node.group];
  if (!label.startsWith(visible(node.name))) words.push(brief(node.name, 80));
  if (!label.endsWith(`: ${stateWords(node)}`)) words.push(stateWords(node));
  if (node.slots !== undefined) words.push(`${node.busy_slots ?? 0} of ${node.slots} slots busy`);
  return words.join(", ");
}
