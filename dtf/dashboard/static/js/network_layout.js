// Where each node of the network is: forces push and pull until all is at rest, and then nothing moves any more.

import { radiusOf } from "./network_words.js";

// so far from where an arrow points another node may be, by its cosine
export const LEAST = 0.5;
const [ALL, CHANGED, DRAGGED] = [1, 0.2, 0.15];
// after so many steps it rests; of these as many are made between two pictures as there was time for, so that a slow machine
// comes to rest as soon as a fast one
const [STEPS, STEP_MS, MOST_AT_ONCE] = [220, 16, 20];
const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const DISTANCES = { device: 34, browser: 36 };
// so much farther from each other where there is room for names
const [FEW, FARTHER] = [60, 30];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Layout {
  /**
   * @param parts D3's
   * @param moved is called after each step
   * @param rested is called with whether all is at rest
   */
  constructor(parts, moved, rested) {
    Object.assign(this, { known: new Map(), links: [], moved, rested, held: new Set() });
    this.link = parts.forceLink().id(({ id }) => id).distance(({ target }) => (DISTANCES[target.group] ?? 110) + this.room).strength(({ target }) => (DISTANCES[target.group] ? 0.9 : 0.15));
    this.simulation = parts
      .forceSimulation()
      .force("link", this.link)
      .force("charge", parts.forceManyBody().strength(({ group }) => (DISTANCES[group] ? -50 : -260)).distanceMax(700))
      .force("collide", parts.forceCollide((node) => radiusOf(node) + 7 + this.room / 3))
      .force("x", parts.forceX().strength(0.05))
      .force("y", parts.forceY().strength(0.07))
      .alphaDecay(1 - 0.001 ** (1 / STEPS))
      .stop();
  }

  get room() {
    return this.known.size > FEW ? 0 : FARTHER;
  }

  /** Take what there is now; whether others came, went, or talk to each other. */
  take(nodes, links) {
    const before = [...this.known.keys(), ...this.links.map(({ id }) => id)].join("\n");
    const isFirst = !this.known.size;
    const known = new Map(nodes.map((node, at) => [node.id, this.known.get(node.id) ?? this.fresh(node, at, isFirst)]));
    for (const node of nodes) Object.assign(known.get(node.id), { group: node.group, slots: node.slots });
    this.known = known;
    // the forces put nodes in place of their ids
    this.links = links.map(({ id, source, target }) => ({ id, source, target }));
    const isOther = before !== [...known.keys(), ...this.links.map(({ id }) => id)].join("\n");
    if (isOther) {
      this.isFirst = isFirst;
      this.simulation.nodes([...known.values()]);
      this.link.links(this.links);
    }
    return isOther;
  }

  // a device begins beside its worker, all others on a spiral: the same each time
  fresh(node, at, isFirst) {
    const worker = this.known.get(`worker:${node.worker_id}`);
    const angle = at * GOLDEN;
    if (worker && worker.id !== node.id && !isFirst) return { id: node.id, x: worker.x + 30 * Math.cos(angle), y: worker.y + 30 * Math.sin(angle) };
    const away = 14 * Math.sqrt(at + 0.5);
    return { id: node.id, x: away * Math.cos(angle), y: away * Math.sin(angle) };
  }

  /** Move until all is at rest; at once for those who want nothing to move. */
  begin() {
    this.simulation.alpha(Math.max(this.simulation.alpha(), this.isFirst ? ALL : CHANGED));
    if (calm.matches) {
      this.simulation.tick(STEPS);
      this.moved();
      this.rested(true);
    } else this.go();
  }

  go() {
    this.rested(false);
    if (this.isGoing) return;
    this.isGoing = true;
    this.before = performance.now();
    requestAnimationFrame((now) => this.step(now));
  }

  step(now) {
    const { simulation } = this;
    const due = Math.round((now - this.before) / STEP_MS);
    this.before = now;
    simulation.tick(Math.min(Math.max(due, 1), MOST_AT_ONCE));
    this.moved();
    this.isGoing = simulation.alpha() >= simulation.alphaMin() || simulation.alphaTarget() > 0;
    if (this.isGoing) requestAnimationFrame((next) => this.step(next));
    else this.rested(true);
  }

  of(id) {
    return this.known.get(id) ?? { x: 0, y: 0 };
  }

  /** [[left, top], [right, bottom]] of all. */
  extent() {
    const all = [...this.known.values()];
    const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)];
    return [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
  }

  // --- a node in somebody's hand

  hold(id, others) {
    const node = this.of(id);
    node.fx = node.x;
    node.fy = node.y;
    if (!others && !calm.matches) {
      this.simulation.alphaTarget(DRAGGED);
      this.go();
    }
  }

  move(id, x, y) {
    const node = this.of(id);
    node.fx = x;
    node.fy = y;
    if (!calm.matches) return;
    node.x = x;
    node.y = y;
    this.moved();
  }

  release(id, others) {
    const node = this.of(id);
    node.fx = null;
    node.fy = null;
    if (!others) this.simulation.alphaTarget(0);
  }

  /** The nearest node in the direction of an arrow: Up, Down, Left or Right; undefined: there is none. */
  towards(id, arrow, least) {
    const [dx, dy] = { Up: [0, -1], Down: [0, 1], Left: [-1, 0], Right: [1, 0] }[arrow];
    const from = this.of(id);
    let [best, found] = [Infinity, undefined];
    for (const node of this.known.values()) {
      const [x, y] = [node.x - from.x, node.y - from.y];
      const distance = Math.hypot(x, y);
      const along = (x * dx + y * dy) / (distance || 1);
      // what lies straight ahead is nearer than what lies as far away aside
      if (node.id !== id && along >= least && distance / along < best) [best, found] = [distance / along, node.id];
    }
    return found;
  }
}
