// An array as a table of numbers or as a heat map, in which one cell can be chosen.

const mostNumbers = 60; // elements: so many are written out

// Options: chosen (offset or null), onchoose(offset), name (what a screen reader says).
function arrayView(place, { chosen = null, onchoose = null, name }) {
  const array = arrayAt(place);
  if (array.size === 0) return h("p", { class: "quiet" }, "empty");
  const view = { array, matrix: matrixOf(array), scale: scaleOf(array), chosen, onchoose, name };
  const inTable = array.data && array.size <= mostNumbers && view.matrix.columns <= 8;
  return h(
    "figure",
    { class: "array", "data-place": place },
    inTable ? tableOf(view) : mapOf(view),
    h("figcaption", {}, captionOf(array)),
  );
}

// Rows and columns: the last axis goes across; a long row is wrapped.
function matrixOf(array) {
  if (!array.data) return { rows: array.grid[0], columns: array.grid[1] };
  const across = array.shape.length ? array.shape[array.shape.length - 1] : 1;
  const columns = array.shape.length === 1 && across > 64 ? 64 : across;
  return { rows: Math.ceil(array.size / columns), columns };
}

function scaleOf(array) {
  const { min, max } = statsOf(array);
  return Math.max(Math.abs(min), Math.abs(max)) || 1;
}

function captionOf(array) {
  const s = statsOf(array);
  const parts = [`${array.shape.length ? shapeText(array.shape) : "scalar"} ${array.dtype}`];
  if (array.size > 1) {
    parts.push(
      `${number(s.min)} to ${number(s.max)}`, `mean ${number(s.mean)}`, `std ${number(s.std)}`,
      `‖·‖ ${number(s.norm)}`,
    );
    if (s.zeros) parts.push(plural(s.zeros, "zero"));
  }
  if (s.nan) parts.push(`${s.nan} nan`);
  if (s.inf) parts.push(`${s.inf} inf`);
  if (!array.data) parts.push("each cell shows what is furthest from 0 in a block");
  return parts.map((part, k) => [k ? " · " : "", h("span", { class: "stat" }, part)]).flat();
}

// Orange for positive, blue for negative, pale near 0: Okabe and Ito's, told apart by everybody.
function colourOf(x, scale) {
  if (!Number.isFinite(x)) return "var(--bad-fill)";
  const share = Math.round(Math.min(Math.abs(x) / scale, 1) ** 0.7 * 100);
  return `color-mix(in oklab, var(--${x < 0 ? "negative" : "positive"}) ${share}%, var(--zero))`;
}

function tableOf(view) {
  const { array, matrix, scale, name } = view;
  const cells = [];
  const choose = (k) => {
    view.onchoose?.(k);
  };
  for (let k = 0; k < array.size; k++) {
    const x = array.data[k];
    const strong = Number.isFinite(x) && Math.abs(x) / scale > 0.55;
    cells.push(
      h("button", {
        type: "button", class: `cell${strong ? " strong" : ""}${x < 0 ? " negative" : ""}${k === view.chosen ? " chosen" : ""}`,
        style: `background:${colourOf(x, scale)}`, "data-offset": k, "data-value": String(x),
        title: `${indexText(indexOf(k, array.shape))} ${x}`, disabled: !view.onchoose,
        tabindex: k === (view.chosen ?? 0) ? 0 : -1,
        "aria-label": `${name} ${indexText(indexOf(k, array.shape))}: ${number(x)}`,
        onclick: () => choose(k),
        onkeydown: (event) => moveIn(event, k, matrix, array.size, (to) => cells[to].focus()),
      }, number(x, matrix.columns > 4 ? 3 : 4)),
    );
  }
  return h("div", { class: "cells", role: "group", "aria-label": name, style: `grid-template-columns:repeat(${matrix.columns}, max-content)` }, cells);
}

function moveIn(event, k, { columns }, size, go) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const to = k + step;
  if (to >= 0 && to < size) go(to);
}

function mapOf(view) {
  const { array, matrix, scale } = view;
  const numbers = array.data ?? array.picture;
  const cells = cellsOf(array, matrix);
  const bands = bandsOf(array, cells);
  const side = Math.max(2, Math.min(22, Math.floor(380 / bands.across), Math.ceil(420 / bands.down)));
  const [width, height] = [bands.across * side, bands.down * side];
  const canvas = h("canvas", { width: width * 2, height: height * 2, style: `width:${width}px;height:${height}px` });
  const readout = h("output", { class: "readout" });
  let at = view.chosen ?? 0;
  const cursor = h("div", { class: "cursor" });
  const box = h(
    "div",
    { class: "map", tabindex: 0, role: "application", "aria-label": `Heat map of ${view.name}; arrows move, Enter chooses`, style: `width:${width}px;height:${height}px` },
    canvas,
    cursor,
  );
  paintMap(canvas, numbers, bands, side * 2, scale);
  const show = (k) => {
    at = k;
    const [x, y] = bands.placeOf(k);
    cursor.style.cssText = `left:${x * side}px;top:${y * side}px;width:${side}px;height:${side}px`;
    const [row, column] = [Math.floor(k / cells.columns), k % cells.columns];
    const where = array.data ? indexText(indexOf(k, array.shape)) : blockText(row, column, cells, matrix);
    readout.textContent = `${where} = ${number(numbers[k])}`;
    readout.dataset.value = String(numbers[k]);
  };
  const under = (event) => {
    const { left, top } = box.getBoundingClientRect();
    return bands.cellAt(Math.floor((event.clientX - left) / side), Math.floor((event.clientY - top) / side), numbers.length);
  };
  box.addEventListener("pointermove", (event) => {
    const k = under(event);
    if (k !== null) show(k);
  });
  box.addEventListener("pointerleave", () => show(view.chosen ?? 0));
  box.addEventListener("click", (event) => {
    const k = under(event);
    if (k === null) return;
    show(k);
    if (array.data) view.onchoose?.(k);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && array.data) view.onchoose?.(at);
    moveIn(event, at, cells, numbers.length, show);
  });
  show(at);
  return h("div", {}, box, readout);
}

function cellsOf(array, matrix) {
  if (array.data) return matrix;
  const side = Math.floor(Math.sqrt(array.limit));
  return { rows: Math.min(matrix.rows, side), columns: Math.min(matrix.columns, side) };
}

// A tall array is cut into bands that stand side by side, whole matrices of the last two axes in each.
function bandsOf(array, { rows, columns }) {
  const group = array.data && array.shape.length > 1 ? array.shape[array.shape.length - 2] : 1;
  const fits = Math.max(1, Math.floor(40 / (columns + 1)));
  const count = rows <= 18 ? 1 : Math.min(fits, Math.ceil(rows / 16));
  const down = Math.min(rows, Math.ceil(Math.ceil(rows / count) / group) * group);
  const across = Math.ceil(rows / down) * (columns + 1) - 1;
  return {
    across,
    down,
    placeOf(k) {
      const [row, column] = [Math.floor(k / columns), k % columns];
      return [Math.floor(row / down) * (columns + 1) + column, row % down];
    },
    cellAt(x, y, length) {
      const [band, column] = [Math.floor(x / (columns + 1)), x % (columns + 1)];
      const k = (band * down + y) * columns + column;
      return x >= 0 && y >= 0 && y < down && column < columns && k < length ? k : null;
    },
  };
}

function blockText(row, column, cells, matrix) {
  const range = (k, count, length) => {
    // As np.array_split cuts: the first ones are longer by one.
    const [short, longer] = [Math.floor(length / count), length % count];
    const begin = k * short + Math.min(k, longer);
    const end = begin + short + (k < longer ? 1 : 0);
    return end - begin > 1 ? `${begin}–${end - 1}` : `${begin}`;
  };
  return `rows ${range(row, cells.rows, matrix.rows)}, columns ${range(column, cells.columns, matrix.columns)}`;
}

function paintMap(canvas, numbers, bands, side, scale) {
  const context = canvas.getContext("2d");
  const palette = new Map();
  const probe = document.body.appendChild(h("i", {}));
  const resolved = (colour) => {
    if (!palette.has(colour)) {
      probe.style.color = colour;
      palette.set(colour, getComputedStyle(probe).color);
    }
    return palette.get(colour);
  };
  numbers.forEach((x, k) => {
    context.fillStyle = resolved(colourOf(x, scale));
    const [across, down] = bands.placeOf(k);
    context.fillRect(across * side, down * side, side, side);
  });
  probe.remove();
}
