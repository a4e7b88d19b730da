// Draws the network with D3, where that is installed: forces lay it out and come to rest; what changes stays in its place.

import { LEAST, Layout } from "./network_layout.js";
import { labelOf, loadOf, radiusOf, shapeOf, spoken, stateWords, toneOf } from "./network_words.js";

// above so many nodes only some have a name beside them: where it matters, or somebody comes near
const MOST_NAMES = 60;
const NEAR = 1.3;
const [CLOSEST, FARTHEST, STEP] = [6, 0.1, 1.4];
const [ASIDE, ABOVE] = [80, 40];
// names are not drawn smaller than so many pixels, however small the map is; below this scale devices have none
const [NAME_PX, LEAST_SCALE, SMALL] = [11, 0.3, 0.85];

/** D3's parts, or undefined where they are not installed. */
export async function d3() {
  try {
    const parts = ["force", "selection", "zoom", "drag", "scale"].map((name) => import(`../vendor/d3-${name}.js`));
    return Object.assign({}, ...(await Promise.all(parts)));
  } catch {
    return undefined;
  }
}

export class NetworkMap {
  /**
   * @param parts D3's
   * @param parent where it is drawn
   * @param chosen is called with the id of the node that is wanted, or "" for none
   */
  constructor(parts, parent, chosen) {
    Object.assign(this, { d3: parts, parent, chosen, focus: "", mark: "", drawn: new Map(), isMoved: false });
    this.width = parts.scaleSqrt().domain([0, 1, 50]).range([0.7, 1.8, 7]).clamp(true);
    this.svg = parts.select(parent).append("svg");
    this.inner = this.svg.append("g");
    this.lines = this.inner.append("g");
    this.marks = this.inner.append("g");
    this.zoom = parts.zoom().scaleExtent([FARTHEST, CLOSEST]).filter(mayZoom).on("zoom", (event) => this.zoomed(event));
    this.svg.call(this.zoom).on("dblclick.zoom", null);
    this.layout = new Layout(parts, () => this.place(), (is) => this.rested(is));
    parent.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.isMoved || this.fit()).observe(parent);
  }

  /** Draw these: `changed` moves nothing but what is new. */
  show({ nodes, links }) {
    const isOther = this.layout.take(nodes, links);
    this.svg.classed("map-many", nodes.length > MOST_NAMES);
    this.drawLines(links);
    this.drawNodes(nodes);
    this.parent.dataset.nodes = nodes.length;
    if (!nodes.some(({ id }) => id === this.focus)) this.stop(nodes[0]?.id ?? "");
    if (isOther) this.layout.begin();
    else this.place();
  }

  drawLines(links) {
    this.lines
      .selectAll("line")
      .data(links, ({ id }) => id)
      .join("line")
      .attr("class", ({ value }) => (value ? "map-link map-busy" : "map-link"))
      .attr("stroke-width", ({ value }) => this.width(value));
  }

  drawNodes(nodes) {
    const drag = this.d3
      .drag()
      .on("start", (event, node) => this.layout.hold(node.id, event.active))
      .on("drag", (event, node) => this.layout.move(node.id, event.x, event.y))
      .on("end", (event, node) => this.layout.release(node.id, event.active))
      .subject((_, node) => this.layout.of(node.id));
    const all = this.marks
      .selectAll("g.map-node")
      .data(nodes, ({ id }) => id)
      .join((enter) => this.entered(enter).call(drag));
    // what has not changed is the same object as before
    const { drawn } = this;
    this.drawn = new Map(nodes.map((node) => [node.id, node]));
    this.drawChanged(all.filter((node) => drawn.get(node.id) !== node));
  }

  drawChanged(nodes) {
    nodes.attr("class", (node) => `map-node map-${toneOf(node)}${hasToBeNamed(node) ? "" : " map-quiet"}`);
    nodes.attr("aria-label", spoken).select("title").text(spoken);
    nodes.attr("data-id", ({ id }) => id).attr("data-group", ({ group }) => group).attr("data-status", stateWords);
    nodes.attr("aria-pressed", ({ id }) => String(id === this.mark)).attr("tabindex", ({ id }) => (id === this.focus ? 0 : -1));
    nodes.select(".map-shape").attr("d", (node) => shapeOf(node.group, radiusOf(node)));
    nodes.select(".map-load").attr("d", (node) => shapeOf(node.group, radiusOf(node) * Math.sqrt(loadOf(node))));
    nodes.select(".map-sign").attr("font-size", (node) => Math.min(1.5 * radiusOf(node), 15)).text((node) => (toneOf(node) === "bad" ? "!" : ""));
    nodes.select(".map-name").attr("y", (node) => radiusOf(node) + 3).text(labelOf);
  }

  entered(enter) {
    const made = enter.append("g").attr("class", "map-node").attr("role", "button");
    made.append("path").attr("class", "map-shape");
    made.append("path").attr("class", "map-load");
    made.append("text").attr("class", "map-sign").attr("dy", "0.35em");
    made.append("text").attr("class", "map-name").attr("dy", "0.95em");
    made.append("title");
    made.on("click", (_, { id }) => this.choose(id)).on("focus", (_, { id }) => this.stop(id));
    return made;
  }

  place() {
    const { layout } = this;
    this.marks.selectAll("g.map-node").attr("transform", ({ id }) => `translate(${layout.of(id).x},${layout.of(id).y})`);
    this.lines
      .selectAll("line")
      .attr("x1", ({ source }) => layout.of(source).x)
      .attr("y1", ({ source }) => layout.of(source).y)
      .attr("x2", ({ target }) => layout.of(target).x)
      .attr("y2", ({ target }) => layout.of(target).y);
    if (!this.isMoved) this.fit();
  }

  rested(is) {
    this.parent.dataset.state = is ? "at rest" : "moving";
  }

  // --- what is seen of it

  zoomed({ transform, sourceEvent }) {
    if (sourceEvent) this.isMoved = true;
    this.inner.attr("transform", transform);
    this.svg.classed("map-near", transform.k > NEAR).classed("map-small", transform.k < SMALL);
    this.svg.style("--map-name", `${NAME_PX / Math.max(Math.min(transform.k, 1), LEAST_SCALE)}px`);
  }

  /** Have all of it be seen. */
  fit(again = false) {
    if (again) this.isMoved = false;
    const { clientWidth: width, clientHeight: height } = this.parent;
    const [[left, top], [right, bottom]] = this.layout.extent();
    if (!width || !height || left > right) return;
    const scale = Math.max(Math.min(fitting(width, right - left, ASIDE), fitting(height, bottom - top, ABOVE), 1.6), FARTHEST);
    const middle = this.d3.zoomIdentity.translate(width / 2, height / 2).scale(scale).translate(-(left + right) / 2, -(top + bottom) / 2);
    this.svg.call(this.zoom.transform, middle);
  }

  closer(is) {
    this.isMoved = true;
    this.svg.call(this.zoom.scaleBy, is ? STEP : 1 / STEP);
  }

  // --- which one is meant

  choose(id) {
    this.mark = id;
    this.marks.selectAll("g.map-node").attr("aria-pressed", (node) => String(node.id === id));
    this.chosen(id);
  }

  /** The one node that Tab comes to. */
  stop(id) {
    this.focus = id;
    this.marks.selectAll("g.map-node").attr("tabindex", (node) => (node.id === id ? 0 : -1));
  }

  key(event) {
    const from = event.target.closest?.(".map-node")?.dataset.id;
    if (!from) return;
    if (event.key === "Enter" || event.key === " ") this.choose(from);
    else if (event.key === "Escape") this.choose("");
    else if (event.key.startsWith("Arrow")) this.go(this.layout.towards(from, event.key.slice(5), LEAST));
    else return;
    event.preventDefault();
  }

  go(id) {
    if (!id) return;
    this.stop(id);
    this.marks.select(`g.map-node[data-id="${CSS.escape(id)}"]`).node()?.focus();
  }
}

// names beside the outermost nodes grow with the map and do not shrink with it
function fitting(room, extent, margin) {
  const scale = room / (extent + 2 * margin);
  return scale >= 1 ? scale : Math.max(room - 2.4 * margin, 1) / Math.max(extent, 1);
}

// the page scrolls by wheel and finger as ever: zooming takes Ctrl and the wheel, or two fingers
function mayZoom(event) {
  if (event.type === "wheel") return event.ctrlKey || event.metaKey;
  if (event.type === "touchstart") return event.touches.length > 1;
  return !event.button && !event.target.closest(".map-node");
}

function hasToBeNamed(node) {
  if (["coordinator", "broker", "database"].includes(node.group)) return true;
  return ["bad", "warn"].includes(toneOf(node));
}
