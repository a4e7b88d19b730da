import { el } from "./dom.js";
import { figure } from "./figures.js";
import "./frame.js";
import { foreign, workerLink } from "./lab_words.js";
import { on } from "./live.js";
import { LiveFilters } from "./live_filters.js";
import { LiveTable, become } from "./live_table.js";
import { NetworkMap, d3 } from "./network_map.js";
import { MOST_NODES, visible } from "./network_model.js";
import { NodePanel, of, stateBadge } from "./network_panel.js";
import { GROUPS, LEGEND, shapeOf, spoken } from "./network_words.js";

// more rows than this are no table any more; the filters find the others
const MOST_ROWS = 200;

const at = (id) => document.getElementById(id);
let network = { nodes: {}, links: {} };
let asOf = 0;
let chosen = "";
let map;

// --- the map

const panel = new NodePanel(at("node"), () => {
  const before = chosen;
  map.choose("");
  map.go(before);
});

function draw() {
  const drawn = visible(network, at("devices").value);
  map.show(drawn);
  const words = at("devices").value === "auto" ? `There are more than ${MOST_NODES} nodes, so devices are in their workers.` : "Devices are in their workers.";
  become(at("folded"), drawn.isFolded ? words : "");
  panel.show(network.nodes[chosen], network, asOf);
}

function drawLegend() {
  const svg = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const icon = (group, tone, load) => {
    const drawing = svg("svg", { viewBox: "-12 -12 24 24", class: "map-icon", "aria-hidden": "true" });
    const node = svg("g", { class: `map-node map-${tone}` });
    node.append(svg("path", { class: "map-shape", d: shapeOf(group, 8) }), svg("path", { class: "map-load", d: shapeOf(group, load) }));
    drawing.append(node);
    return drawing;
  };
  const shapes = GROUPS.map((group) => el("span", {}, icon(group, "good", 0), ` ${group}`));
  const states = LEGEND.map(([tone, words]) => el("span", {}, icon("worker", tone, 0), ` ${words}`));
  const loads = [el("span", {}, icon("worker", "good", 5), " filled by how much is busy")];
  at("legend").append(el("p", { class: "parts-dtf" }, shapes), el("p", { class: "parts-dtf" }, states, loads));
}

// --- the table

const search = [
  { name: "search", title: "Name or host", kind: "search", hint: "a part of it" },
  { name: "group", title: "What it is", kind: "multi", options: GROUPS },
];
const filters = new LiveFilters(at("table"), {
  filters: search,
  has: { search: (node) => [node.name, node.host ?? ""], group: (node) => [node.group] },
  changed: () => drawTable(),
});
const cut = el("p", { class: "soft", role: "status" });
at("table").append(cut);
const table = new LiveTable(at("table"), {
  caption: "Who is on the network, and whom each talks to",
  key: (node) => node.id,
  empty: ["Nobody is like that."],
  columns: [
    { title: "Name", cell: (node) => (node.group === "worker" ? workerLink(node.worker_id, node.name) : foreign(node.name, 200)) },
    { title: "What it is", cell: (node) => node.group },
    { title: "State", cell: stateBadge },
    { title: "Host", cell: (node) => foreign(hostOf(node), 200) },
    { title: "Busy", numeric: true, cell: busy },
    { title: "Queued", numeric: true, cell: (node, now) => (node.queued === undefined ? "" : of(node, "queued", now)) },
    { title: "Talks to", cell: talks },
  ],
});

const hostOf = (node) => node.host ?? network.nodes[`worker:${node.worker_id}`]?.host ?? "";

function busy(node, now) {
  if (node.slots === undefined) return node.claimed === undefined ? "" : of(node, "claimed", now);
  return el("span", { class: "text-nowrap" }, of(node, "busy_slots", now), " of ", of(node, "slots", now));
}

function talks(node, now) {
  const from = (bySource.get(node.id) ?? []).slice(0, 3);
  const parts = from.flatMap(([key, { target, value }]) => [", ", foreign(network.nodes[target].name, 60), " ", figure(`network.links.${key}.value`, value, now, "integer", "shards")]);
  const rest = (bySource.get(node.id)?.length ?? 0) > 3 ? " and others" : "";
  return el("span", {}, parts.slice(1), rest);
}

let bySource = new Map();
function drawTable() {
  if (!at("table-part").open) return;
  bySource = Map.groupBy(Object.entries(network.links), ([, { source }]) => source);
  const rows = filters.passed(Object.values(network.nodes));
  rows.sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  table.show(rows.slice(0, MOST_ROWS), asOf);
  become(cut, rows.length > MOST_ROWS ? `Only the first ${MOST_ROWS} are shown: search for what you want to see.` : "");
}
at("table-part").addEventListener("toggle", drawTable);

// --- both

const parts = await d3();
if (parts) {
  at("map-part").hidden = false;
  drawLegend();
  map = new NetworkMap(parts, at("map"), (id) => {
    chosen = id;
    // once: what changes later is not read out
    at("said").textContent = network.nodes[id] ? spoken(network.nodes[id]) : "";
    panel.show(network.nodes[chosen], network, asOf);
  });
  at("devices").addEventListener("change", draw);
  at("closer").addEventListener("click", () => map.closer(true));
  at("farther").addEventListener("click", () => map.closer(false));
  at("fit").addEventListener("click", () => map.fit(true));
} else {
  at("table-part").open = true;
  const words = "What the map is drawn with is not installed, so here is a table. In a checkout of dtf, this brings it: ";
  become(at("missing"), el("p", { class: "notice-dtf" }, words, el("code", {}, "make run")));
}

const past = el("p", { class: "notice-dtf" }, "No cluster is running: what is shown is past. Start one: ", el("code", {}, "dtf up"));

on("network", (value, now, confirmed) => {
  [network, asOf] = [value, now];
  become(at("away"), value.nodes.broker.status === "absent" ? past.cloneNode(true) : "");
  if (map && !confirmed) draw();
  else if (map) panel.show(network.nodes[chosen], network, asOf);
  drawTable();
});
