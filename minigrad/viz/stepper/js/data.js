// The data of the page: the graph, its steps, and arrays, decoded when they are first looked at.

const content = JSON.parse(document.getElementById("data").textContent);
const nodes = new Map(content.nodes.map((node) => [node.key, node]));
const edges = new Map(content.edges.map((edge) => [edge.key, edge]));
const incomingEdges = grouped(content.edges, (edge) => edge.to); // of an operation: its inputs
const outgoingEdges = grouped(content.edges, (edge) => edge.from); // and the uses of its result
const decoded = new Map();

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}

// {shape, dtype, size, data} of an array that is here in full; {..., picture, grid, stats} of a
// larger one, whose picture has in each cell what is furthest from 0 in a block.
function arrayAt(place) {
  if (!decoded.has(place)) {
    const packed = content.arrays[place];
    const size = packed.shape.reduce((a, b) => a * b, 1);
    const wide = ["float32", "float16", "bool"].includes(packed.dtype) ? "f4" : "f8";
    const array = { place, shape: packed.shape, dtype: packed.dtype, size };
    if (packed.data !== undefined) array.data = numbersIn(packed.data, wide);
    else {
      array.picture = numbersIn(packed.picture, "f4");
      array.grid = packed.grid; // rows and columns of the array as a matrix
      array.limit = packed.limit; // cells that a picture may have
      array.stats = statsFrom(packed.stats);
    }
    decoded.set(place, array);
  }
  return decoded.get(place);
}

function numbersIn(base64, kind) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const [width, read] = {
    f4: [4, (at) => view.getFloat32(at, true)],
    f8: [8, (at) => view.getFloat64(at, true)],
    u2: [2, (at) => view.getUint16(at, true)],
    u4: [4, (at) => view.getUint32(at, true)],
  }[kind];
  const made = kind.startsWith("f") ? Float64Array : Uint32Array;
  return made.from({ length: bytes.length / width }, (_, i) => read(i * width));
}

function statsFrom([min, max, mean, std, norm, zeros, nan, inf]) {
  return { min, max, mean, std, norm, zeros, nan, inf };
}

function statsOf(array) {
  if (array.stats) return array.stats;
  const finite = array.data.filter(Number.isFinite);
  const sum = (f) => finite.reduce((total, x) => total + f(x), 0);
  const mean = finite.length ? sum((x) => x) / finite.length : 0;
  array.stats = {
    min: finite.length ? finite.reduce((a, b) => Math.min(a, b)) : 0,
    max: finite.length ? finite.reduce((a, b) => Math.max(a, b)) : 0,
    mean,
    std: finite.length ? Math.sqrt(sum((x) => (x - mean) ** 2) / finite.length) : 0,
    norm: Math.sqrt(sum((x) => x * x)),
    zeros: array.data.filter((x) => x === 0).length,
    nan: array.data.filter(Number.isNaN).length,
    inf: array.data.filter((x) => x === Infinity || x === -Infinity).length,
  };
  return array.stats;
}

function isScalar(array) {
  return array.size === 1;
}

// Places in arrays: index [1, 0] of a shape, or its offset counted through the elements.

function offsetOf(index, shape) {
  return shape.reduce((offset, length, axis) => offset * length + index[axis], 0);
}

function indexOf(offset, shape) {
  const index = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = offset % shape[axis];
    offset = Math.floor(offset / shape[axis]);
  }
  return index;
}

// The element of an array that broadcasting puts at an index.
function elementAt(array, index) {
  if (!array.data) return undefined;
  if (array.size === 1) return array.data[0];
  const own = index.slice(index.length - array.shape.length);
  return array.data[offsetOf(own.map((k, axis) => (array.shape[axis] === 1 ? 0 : k)), array.shape)];
}

function largestElement(array) {
  if (!array.data) return null;
  let best = 0;
  array.data.forEach((x, k) => {
    if (Number.isNaN(x) || Math.abs(x) > Math.abs(array.data[best])) best = k;
  });
  return best;
}
