// A layout of layers, for graphs with folded modules and where Graphviz could not make one:
// layers by the longest way, order by barycentres, places by least squares.

const layerGap = 44;
const boxGap = 22;
const mostBends = 20000; // of long edges; beyond that they are drawn straight

function layered(boxes, links) {
  const vertices = new Map(boxes.map((box) => [box.key, { ...box, above: [], below: [] }]));
  for (const link of links) {
    vertices.get(link.from).below.push(vertices.get(link.to));
    vertices.get(link.to).above.push(vertices.get(link.from));
  }
  setLayers([...vertices.values()]);
  const { all, bends } = withBends(vertices, links);
  const layers = orderedLayers(all);
  setPlaces(layers);
  return drawnLayers(layers, vertices, links, bends);
}

function setLayers(all) {
  const waiting = new Map(all.map((v) => [v, v.above.length]));
  const ready = all.filter((v) => !v.above.length);
  const order = [];
  for (const v of all) v.layer = 0;
  while (ready.length) {
    const v = ready.pop();
    order.push(v);
    for (const next of v.below) {
      next.layer = Math.max(next.layer, v.layer + 1);
      waiting.set(next, waiting.get(next) - 1);
      if (!waiting.get(next)) ready.push(next);
    }
  }
  for (const v of order.reverse()) {
    // As near to its first use as it can be, so that weights stand beside what they weigh.
    if (v.below.length) v.layer = Math.min(...v.below.map((w) => w.layer)) - 1;
  }
}

// Long edges get a narrow vertex in each layer that they cross.
function withBends(vertices, links) {
  const all = [...vertices.values()].map((v) => ({ ...v, above: [], below: [] }));
  const byKey = new Map(all.map((v) => [v.key, v]));
  const span = (link) => byKey.get(link.to).layer - byKey.get(link.from).layer - 1;
  const straight = links.reduce((total, link) => total + span(link), 0) > mostBends;
  const bends = new Map();
  for (const link of links) {
    let [last, end] = [byKey.get(link.from), byKey.get(link.to)];
    const points = [];
    for (let layer = last.layer + 1; layer < end.layer && !straight; layer++) {
      const bend = { layer, width: 8, height: 0, above: [last], below: [], frames: [] };
      last.below.push(bend);
      all.push(bend);
      points.push(bend);
      last = bend;
    }
    last.below.push(end);
    end.above.push(last);
    bends.set(link.key, points);
  }
  return { all, bends };
}

function orderedLayers(all) {
  const lowest = Math.min(...all.map((v) => v.layer));
  const layers = [];
  for (const v of all) (layers[v.layer - lowest] ??= []).push(v);
  layers.forEach((layer) => layer.forEach((v, k) => (v.rank = k)));
  const middle = (v, side) =>
    v[side].length ? v[side].reduce((sum, w) => sum + w.rank, 0) / v[side].length : v.rank;
  for (let sweep = 0; sweep < 12; sweep++) {
    const side = sweep % 2 ? "below" : "above";
    for (const layer of sweep % 2 ? [...layers].reverse() : layers) {
      for (const v of layer) v.wish = middle(v, side);
      layer.sort((a, b) => a.wish - b.wish);
      layer.forEach((v, k) => (v.rank = k));
    }
  }
  return layers;
}

function setPlaces(layers) {
  for (const layer of layers) {
    let x = 0;
    for (const v of layer) {
      v.x = x + v.width / 2;
      x += v.width + boxGap;
    }
  }
  for (let sweep = 0; sweep < 10; sweep++) {
    const side = sweep % 2 ? "below" : "above";
    for (const layer of sweep % 2 ? [...layers].reverse() : layers) {
      spread(layer, (v) => {
        const near = v[side].length ? v[side] : [v];
        return near.reduce((sum, w) => sum + w.x, 0) / near.length;
      });
    }
  }
}

// Each vertex as near to its wish as the widths allow, in the order of the layer: neighbours that
// would overlap become one block, whose place is the mean of what its members wish.
function spread(layer, wish) {
  const blocks = [];
  let offset = 0;
  layer.forEach((v, k) => {
    if (k) offset += (layer[k - 1].width + v.width) / 2 + boxGap;
    let block = { sum: wish(v) - offset, count: 1, members: [[v, offset]] };
    while (blocks.length && last(blocks).sum / last(blocks).count > block.sum / block.count) {
      const before = blocks.pop();
      block = {
        sum: before.sum + block.sum,
        count: before.count + block.count,
        members: [...before.members, ...block.members],
      };
    }
    blocks.push(block);
  });
  for (const { sum, count, members } of blocks) {
    for (const [v, shift] of members) v.x = sum / count + shift;
  }
}

function last(list) {
  return list[list.length - 1];
}

function drawnLayers(layers, vertices, links, bends) {
  let y = 20;
  let left = Infinity;
  let right = -Infinity;
  for (const layer of layers) {
    const height = Math.max(...layer.map((v) => v.height), 20);
    for (const v of layer) {
      v.y = y + height / 2;
      left = Math.min(left, v.x - v.width / 2);
      right = Math.max(right, v.x + v.width / 2);
    }
    y += height + layerGap;
  }
  const shift = 20 - left;
  const placedByKey = new Map();
  for (const v of layers.flat()) {
    v.x += shift;
    if (v.key) placedByKey.set(v.key, v);
  }
  const parallel = new Map();
  const paths = links.map((link) => {
    const ends = `${link.from} ${link.to}`;
    parallel.set(ends, (parallel.get(ends) ?? 0) + 1);
    const aside = (parallel.get(ends) - 1) * 14;
    return [link.key, pathBetween(placedByKey.get(link.from), bends.get(link.key), placedByKey.get(link.to), aside)];
  });
  return {
    size: [right - left + 40, y],
    nodes: Object.fromEntries([...placedByKey].map(([key, v]) => [key, [v.x, v.y]])),
    edges: Object.fromEntries(paths),
    frames: {},
  };
}

function pathBetween(tail, bends, head, aside) {
  const points = [
    [tail.x + aside, tail.y + tail.height / 2],
    ...bends.map((v) => [v.x + aside, v.y]),
    [head.x + aside, head.y - head.height / 2 - 7],
  ];
  let path = `M${points[0].map(Math.round)}`;
  for (let k = 1; k < points.length; k++) {
    const [[x0, y0], [x1, y1]] = [points[k - 1], points[k]];
    const bow = (y1 - y0) / 2;
    path += `C${[x0, y0 + bow].map(Math.round)} ${[x1, y1 - bow].map(Math.round)} ${[x1, y1].map(Math.round)}`;
  }
  return path;
}
