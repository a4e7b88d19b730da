// All that the network tells of one node.

import { badge, el, link } from "./dom.js";
import { figure } from "./figures.js";
import { foreign, marks, workerLink } from "./lab_words.js";
import { become } from "./live_table.js";
import { at } from "./live.js";
import { devicesOf, neighbours } from "./network_model.js";
import { stateWords, toneOf } from "./network_words.js";

const KINDS = { good: "passed", info: "running", warn: "degraded", bad: "failed", off: "off" };
const MOST_NEIGHBOURS = 20;

/** A node's state as a badge. */
export function stateBadge(node) {
  return badge(stateWords(node), KINDS[toneOf(node)]);
}

/** A figure of a node's. */
export function of(node, field, asOf) {
  return figure(`network.nodes.${node.id}.${field}`, node[field], asOf);
}

export class NodePanel {
  constructor(parent, closed) {
    this.parent = parent;
    this.heading = el("h2", { id: "node-title" });
    this.body = el("dl", { class: "pairs" });
    this.foot = el("p");
    const close = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: closed }, "Close");
    parent.append(el("div", { class: "panel-head" }, this.heading, close), this.body, this.foot);
  }

  /** Show a node; undefined: none. */
  show(node, network, asOf) {
    this.parent.hidden = !node;
    if (!node) return;
    become(this.heading, foreign(node.name, 200));
    become(this.body, ...this.told(node, network, asOf));
    become(this.foot, this.more(node, network));
  }

  told(node, network, asOf) {
    const rows = [["What it is", el("span", {}, node.group, " ", node.type ? badge(node.type.replace(":", " "), "kind") : "")]];
    rows.push(["State", el("span", {}, stateBadge(node), " ", marks(node.marks ?? []))]);
    if (node.host) rows.push(["Host", foreign(node.host, 200)]);
    if (node.term !== undefined) rows.push(["Term", of(node, "term", asOf)]);
    if (node.slots !== undefined) rows.push(["Busy slots", el("span", {}, of(node, "busy_slots", asOf), " of ", of(node, "slots", asOf))]);
    if (node.queued !== undefined) rows.push(["Shards queued", of(node, "queued", asOf)]);
    if (node.claimed !== undefined) rows.push(["Shards running", of(node, "claimed", asOf)]);
    if (node.queues) rows.push(["Queues", foreign(node.queues.join(", "), 600)]);
    for (const trouble of node.troubles ?? []) rows.push(["Trouble", foreign(trouble, 600)]);
    if (node.group === "worker") rows.push(...this.devices(node, network));
    rows.push(["Talks to", this.others(node, network, asOf)]);
    return rows.map(([title, shown]) => el("div", {}, el("dt", {}, title), el("dd", {}, shown)));
  }

  devices(node, network) {
    const states = {};
    for (const device of devicesOf(network, node.worker_id)) (states[`${device.type} ${device.status}`] ??= []).push(device);
    const kinds = Object.values(states).map(([first]) => el("div", {}, badge(first.type.replace(":", " "), "kind"), " ", stateBadge(first)));
    return kinds.length ? [["Devices", el("span", {}, kinds)]] : [];
  }

  others(node, network, asOf) {
    const found = neighbours(network, node.id).sort((a, b) => b.value - a.value);
    if (!found.length) return el("span", { class: "soft" }, "nobody");
    const shown = found.slice(0, MOST_NEIGHBOURS).map(({ other, value, key }) =>
      el("div", {}, foreign(other.name, 80), " ", el("small", { class: "soft" }, figure(`network.links.${key}.value`, value, asOf, "integer", "shards"))),
    );
    return el("span", {}, shown, found.length > MOST_NEIGHBOURS ? el("small", { class: "soft" }, "and others: the table has them all") : "");
  }

  more(node, network) {
    if (node.group === "worker") return workerLink(node.worker_id, "All of this worker");
    if (node.group === "coordinator") return link(at("/lab/coordinators"), "Coordinators");
    if (node.group === "broker") return link(at("/broker"), "Its queues");
    const worker = network.nodes[`worker:${node.worker_id}`];
    return worker ? workerLink(node.worker_id, worker.name) : "";
  }
}
