// What of the network is drawn: all of it, or with the devices in their workers where they are too many.

// With more nodes than this a map is a cloud, and slow.
export const MOST_NODES = 300;

const isDevice = (node) => node.group === "device" || node.group === "browser";

/** {nodes, links, isFolded}: `mode` is auto, all or none. */
export function visible({ nodes, links }, mode) {
  const all = Object.values(nodes);
  const isFolded = mode === "none" || (mode === "auto" && all.length > MOST_NODES);
  const drawn = isFolded ? all.filter((node) => !isDevice(node)) : all;
  const there = new Set(drawn.map(({ id }) => id));
  const between = Object.entries(links).filter(([, { source, target }]) => there.has(source) && there.has(target));
  return { nodes: drawn, links: between.map(([id, link]) => ({ id, ...link })), isFolded };
}

/** How many devices a worker has, by its id. */
export function devicesOf({ nodes }, workerId) {
  return Object.values(nodes).filter((node) => isDevice(node) && node.worker_id === workerId);
}

/** With whom a node talks: [{other, value}]. */
export function neighbours({ nodes, links }, id) {
  return Object.values(links)
    .filter(({ source, target }) => source === id || target === id)
    .map(({ source, target, value }) => ({ other: nodes[source === id ? target : source], value, key: `${source} ${target}` }));
}
