// The graph as a picture: boxes, arrows, frames of modules; zoom and pan; what is highlighted.

const graph = (() => {
  const root = document.getElementById("graph");
  const folded = new Set(); // names of frames
  const view = { x: 0, y: 0, scale: 1 };
  let world; // the group that is moved and scaled
  let boxes = new Map(); // key of a node or of a folded frame -> what is drawn for it
  let arrows = new Map();
  let layout;
  let onChoose = () => {};
  let focused = null;

  const prefixes = (path) => path.map((_, n) => path.slice(0, n + 1).join("/"));

  // The folded frame around a node that is drawn in its place, or the node itself.
  function standIn(key) {
    return prefixes(nodes.get(key)?.frames ?? []).find((name) => folded.has(name)) ?? key;
  }

  function draw() {
    const shownBoxes = new Map();
    for (const node of content.nodes) {
      const key = standIn(node.key);
      if (shownBoxes.has(key)) shownBoxes.get(key).members.push(node.key);
      else shownBoxes.set(key, boxFor(key, node));
    }
    const shownEdges = content.edges
      .map((edge) => ({ ...edge, from: standIn(edge.from), to: standIn(edge.to) }))
      .filter((edge) => edge.from !== edge.to);
    layout =
      content.layout && !folded.size
        ? content.layout
        : layered([...shownBoxes.values()], shownEdges);
    root.replaceChildren(definitions());
    world = svg("g", { class: "world" });
    root.append(world);
    const titles = drawFrames(shownBoxes);
    arrows = new Map(shownEdges.map((edge) => [edge.key, drawArrow(edge)]));
    world.append(...titles);
    boxes = new Map([...shownBoxes].map(([key, box]) => [key, drawBox(key, box)]));
    place();
  }

  function boxFor(key, node) {
    if (key === node.key) return { ...node, members: [node.key] };
    const title = content.frames[key];
    const width = Math.min(Math.max([...title].length * 6.9 + 44, 96), 280);
    return { key, kind: "module", title, width, height: 54, members: [node.key], frames: [] };
  }

  function definitions() {
    // Paths end where an arrow's head begins, and begin at the box.
    const arrow = (id, refX, size) =>
      svg("marker", {
        id, viewBox: "0 0 8 8", refX, refY: 4, markerWidth: size, markerHeight: size,
        orient: "auto-start-reverse", markerUnits: "userSpaceOnUse",
      }, svg("path", { d: "M0 0L8 4L0 8z", class: id }));
    return svg("defs", {}, arrow("tip", 1, 7), arrow("tip-active", 4, 12), arrow("tip-back", 8, 13));
  }

  // Draws the frames, and returns their titles, which stand above the arrows.
  function drawFrames(shownBoxes) {
    const titles = [];
    for (const [name, title] of Object.entries(content.frames)) {
      if (prefixes(name.split("/")).some((prefix) => folded.has(prefix))) continue;
      const [x, y, width, height] = layout.frames[name] ?? around(name, shownBoxes);
      if (!width) continue;
      const head = svg(
        "g",
        {
          class: "frame-title", role: "button", tabindex: 0, "aria-expanded": "true",
          "aria-label": `Fold module ${title}`,
          onclick: () => fold(name),
          onkeydown: (event) => pressed(event, () => fold(name)),
        },
        svg("title", {}, `Fold ${title}`),
        svg("rect", { x: x + 6, y: y + 3, width: Math.min(width - 12, [...title].length * 6.3 + 24), height: 19, rx: 5 }),
        svg("text", { x: x + 12, y: y + 16.5 }, `▾ ${cut(title, Math.max(6, Math.floor((width - 30) / 6.6)))}`),
      );
      world.append(svg("rect", { class: "frame", x, y, width, height, rx: 8 }));
      titles.push(head);
    }
    return titles;
  }

  function around(name, shownBoxes) {
    const inside = [...shownBoxes.values()].filter(
      (box) => box.frames.join("/").startsWith(name) || box.key.startsWith?.(`${name}/`),
    );
    if (!inside.length) return [0, 0, 0, 0];
    const edge = (side, axis, sign) => inside.map((b) => layout.nodes[b.key][axis] + (sign * b[side]) / 2);
    const [left, right] = [Math.min(...edge("width", 0, -1)), Math.max(...edge("width", 0, 1))];
    const [top, bottom] = [Math.min(...edge("height", 1, -1)), Math.max(...edge("height", 1, 1))];
    return [left - 10, top - 24, right - left + 20, bottom - top + 34];
  }

  function drawArrow(edge) {
    const d = layout.edges[edge.key];
    const line = svg("path", { class: `arrow${edge.check ? "" : " silent"}`, d, "marker-end": "url(#tip)" });
    const group = svg("g", { class: "edge", "data-key": edge.key }, line);
    world.append(group);
    if (edge.check) {
      const middle = placeOnPath(d, crossesFrames(edge) ? 0.34 : 0.5);
      const [status] = edge.check;
      const sign = { agrees: "✓", differs: "✗", kink: "∠", unchecked: "·" }[status];
      group.append(
        svg("g", { class: `check ${status}`, transform: `translate(${middle})` },
          svg("title", {}, checkText(edge)), svg("circle", { r: 6.5 }), svg("text", { y: 3.4 }, sign)),
      );
    }
    return { group, line };
  }

  function crossesFrames(edge) {
    const [tail, head] = [edge.from, edge.to].map((key) => (nodes.get(key)?.frames ?? []).join("/"));
    return tail !== head;
  }

  // A point on a path of one piece, M p0 C p1 p2 p3; of a longer one in the middle.
  function placeOnPath(d, share) {
    const points = d.match(/-?[\d.]+,-?[\d.]+/g).map((pair) => pair.split(",").map(Number));
    const pieces = (points.length - 1) / 3;
    const t = pieces === 1 ? share : 0.5;
    const start = Math.floor((pieces - 1) / 2) * 3;
    const weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
    return [0, 1].map((axis) => weights.reduce((sum, w, k) => sum + w * points[start + k][axis], 0));
  }

  function drawBox(key, box) {
    const [x, y] = layout.nodes[key];
    const [left, top] = [x - box.width / 2, y - box.height / 2];
    const rounded = { leaf: 22, constant: 3, module: 8 }[box.kind] ?? 10;
    const letters = Math.floor((box.width - 18) / 7.3);
    const parts = {
      second: svg("text", { class: "second", x, y: top + 32 }),
      third: svg("text", { class: "third", x, y: top + 46 }),
      badge: svg("text", { x: left + box.width - 2, y: top + 6 }),
      mark: svg("text", { x: left + 2, y: top + 6 }),
    };
    const pill = svg("circle", { cx: left + box.width - 2, cy: top + 2, r: 9 });
    const group = svg(
      "g",
      {
        class: `node ${box.kind}`, "data-key": key, role: "button", tabindex: -1,
        onclick: () => chosenBox(key, box),
        onfocus: () => (focused = key),
        onkeydown: (event) => keyOnBox(event, key, box),
      },
      svg("title", {}, box.title),
      svg("rect", { class: "halo", x: left - 5, y: top - 5, width: box.width + 10, height: box.height + 10, rx: rounded + 5 }),
      svg("rect", { class: "shape", x: left, y: top, width: box.width, height: box.height, rx: rounded }),
      key === content.output || box.members.includes(content.output)
        ? svg("rect", { class: "inner", x: left + 3, y: top + 3, width: box.width - 6, height: box.height - 6, rx: Math.max(rounded - 3, 2) })
        : null,
      svg("text", { class: "first", x, y: top + 17 }, cut(box.kind === "module" ? `▸ ${box.title}` : box.title, letters)),
      parts.second,
      parts.third,
      svg("g", { class: "badge" }, pill, parts.badge),
      svg("g", { class: "mark" }, svg("circle", { cx: left + 2, cy: top + 2, r: 9 }), parts.mark),
    );
    world.append(group);
    return { ...box, ...parts, group, x, y };
  }

  function chosenBox(key, box) {
    if (box.kind === "module") fold(key);
    else onChoose(key);
  }

  function keyOnBox(event, key, box) {
    const keys = [...boxes.keys()];
    const at = keys.indexOf(key);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = keys[(at + (event.key === "ArrowDown" ? 1 : -1) + keys.length) % keys.length];
      focus(next);
    } else if (event.key === "j" || event.key === "J") {
      onChoose(key, true);
    } else if (event.key !== "Enter") return;
    else chosenBox(key, box);
    event.preventDefault();
    event.stopPropagation();
  }

  function pressed(event, action) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  function focus(key) {
    const box = boxes.get(standIn(key));
    if (!box) return;
    for (const other of boxes.values()) other.group.setAttribute("tabindex", other === box ? 0 : -1);
    box.group.focus({ preventScroll: true });
    reveal([box.key]);
  }

  function fold(name) {
    if (folded.has(name)) folded.delete(name);
    else folded.add(name);
    draw();
    repaint();
    fit();
  }

  // Zoom and pan.

  function place() {
    world.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
  }

  function fit() {
    const { width, height } = root.getBoundingClientRect();
    const [w, h] = layout.size;
    const room = roomIn(width, height);
    const scale = Math.min((room.right - room.left) / w, (room.bottom - room.top) / h);
    view.scale = Math.min(Math.max(scale, 0.05), 1.6);
    view.x = (width - w * view.scale) / 2;
    view.y = Math.max((room.top + room.bottom - h * view.scale) / 2, room.top);
    place();
  }

  // What lies over the picture must not hide it.
  function roomIn(width, height) {
    const notice = document.getElementById("notice");
    const top = notice.hidden ? 14 : notice.offsetHeight + 24;
    const below = Math.max(document.getElementById("legend").offsetHeight + 22, 58);
    return { left: 14, right: width - 14, top, bottom: height - below };
  }

  function zoom(factor, x, y) {
    const { width, height, left, top } = root.getBoundingClientRect();
    const [cx, cy] = x === undefined ? [width / 2, height / 2] : [x - left, y - top];
    const scale = Math.min(Math.max(view.scale * factor, 0.05), 4);
    view.x = cx - ((cx - view.x) * scale) / view.scale;
    view.y = cy - ((cy - view.y) * scale) / view.scale;
    view.scale = scale;
    place();
  }

  // Move just so far that these boxes are in sight, and large enough to be read.
  function reveal(keys) {
    const found = keys.map((key) => boxes.get(standIn(key))).filter(Boolean);
    const { width, height } = root.getBoundingClientRect();
    if (!found.length || !width) return;
    if (view.scale < 0.55) zoom(0.85 / view.scale);
    const room = roomIn(width, height);
    const reach = (side, axis, sign) => found.map((b) => b[axis] + (sign * b[side]) / 2);
    const left = Math.min(...reach("width", "x", -1)) * view.scale + view.x;
    const right = Math.max(...reach("width", "x", 1)) * view.scale + view.x;
    const top = Math.min(...reach("height", "y", -1)) * view.scale + view.y;
    const bottom = Math.max(...reach("height", "y", 1)) * view.scale + view.y;
    view.x += shiftInto(left, right, room.left, room.right);
    view.y += shiftInto(top, bottom, room.top, room.bottom);
    view.x += shiftToFill(view.x, layout.size[0] * view.scale, room.left, room.right);
    view.y += shiftToFill(view.y, layout.size[1] * view.scale, room.top, room.bottom);
    place();
  }

  // No empty margin on one side while the picture is cut off at the other.
  function shiftToFill(begin, length, low, high) {
    if (length <= high - low + 1) return (low + high - length) / 2 - begin;
    return begin > low ? low - begin : Math.max(high - begin - length, 0);
  }

  function shiftInto(begin, end, low, high) {
    if (begin >= low && end <= high) return 0;
    return (low + high) / 2 - (begin + end) / 2;
  }

  const pointers = new Map();
  let moved = 0;
  root.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
  }, { passive: false });
  root.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    if (pointers.size === 1) moved = 0;
  });
  root.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    if (pointers.size === 1) {
      moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      if (moved > 4 && !root.hasPointerCapture(event.pointerId)) root.setPointerCapture(event.pointerId);
      view.x += now[0] - before[0];
      view.y += now[1] - before[1];
      place();
    } else if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, p]) => p);
      const distance = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
      zoom(distance(now) / Math.max(distance(before), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      moved = 10;
    }
    pointers.set(event.pointerId, now);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
    root.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  root.addEventListener("click", (event) => {
    if (moved > 4) {
      event.stopPropagation();
      moved = 0;
    }
  }, true);

  // What a step looks like.

  let last = null;

  function repaint() {
    if (last) paint(...last);
  }

  function paint(step, state, chosen, path) {
    last = [step, state, chosen, path];
    for (const [key, box] of boxes) paintBox(key, box, step, state, chosen);
    for (const [key, arrow] of arrows) {
      const { group, line } = arrow;
      const active = key === step.edge || (step.kind === "call" && edges.get(key).to === step.node);
      const look = ["edge"];
      if (active) look.push("active");
      else if (state.used.has(key)) look.push("done");
      if (path.includes(key)) look.push("largest");
      const isBackward = active && step.phase === "backward"; // gradients flow against the arrow
      if (isBackward) look.push("against");
      if (!changed(arrow, "look", look.join(" "))) continue;
      group.setAttribute("class", arrow.look);
      line.setAttribute("marker-end", isBackward ? "none" : `url(#${active ? "tip-active" : "tip"})`);
      line.setAttribute("marker-start", isBackward ? "url(#tip-back)" : "none");
    }
    if (focused === null || !boxes.has(focused)) {
      [...boxes.values()].forEach((box, k) => box.group.setAttribute("tabindex", k ? -1 : 0));
    }
  }

  // Whether something is not as it was painted last: most of a large graph is.
  function changed(painted, name, value) {
    if (painted[name] === value) return false;
    painted[name] = value;
    return true;
  }

  function paintBox(key, box, step, state, chosen) {
    const has = (keys) => box.members.some((member) => keys.has(member));
    const every = (keys) => box.members.every((m) => keys.has(m) || nodes.get(m).uses === 0);
    const look = ["node", box.kind];
    const waiting = box.members.reduce((sum, m) => sum + state.left.get(m), 0);
    const heard = has(state.totals);
    if (box.members.includes(step.node)) look.push("active");
    else if (box.members.includes(step.parent)) look.push("receiving");
    if (step.phase === "forward") {
      if (!every(state.computed) && box.kind !== "leaf") look.push("not-yet");
    } else if (box.kind !== "constant") {
      if (has(state.finished)) look.push("done");
      else if (heard && !waiting) look.push("ready");
      else if (heard) look.push("partial");
    }
    if (has(state.early)) look.push("early");
    if (chosen === key) look.push("chosen");
    const uses = box.members.reduce((sum, m) => sum + nodes.get(m).uses, 0);
    if (step.phase !== "forward" && uses > 0) look.push("counted", waiting ? "open" : "complete");
    const kind = has(state.early) ? "✗" : signs[box.members.map((m) => marks.get(m)).find(Boolean)]?.[0];
    const mark = step.phase === "forward" ? "" : (kind ?? "");
    if (mark) look.push("marked");
    if (changed(box, "look", look.join(" "))) box.group.setAttribute("class", box.look);
    write(box, "badge", String(waiting || "✓"));
    write(box, "mark", mark);
    paintText(key, box, step, state);
    const label = boxLabel(box, waiting, uses, state);
    if (changed(box, "label", label)) box.group.setAttribute("aria-label", label);
  }

  function write(box, part, text) {
    if (changed(box, `${part}Text`, text)) box[part].textContent = text;
  }

  function paintText(key, box, step, state) {
    if (box.kind === "module") {
      write(box, "second", plural(box.members.length, "operation"));
      return;
    }
    const value = arrayAt(nodes.get(key).value);
    const computed = state.computed.has(key);
    const isNumber = isScalar(value) && computed;
    const shape = box.shape.replace("scalar", "");
    write(box, "second", isNumber ? `${number(value.data[0], 3)} ${shape}`.trim() : box.shape);
    const total = state.totals.get(key);
    let third = "";
    if (step.phase === "forward") third = computed && !isScalar(value) ? sizeText(value) : "";
    else if (total !== undefined) third = `∂L  ${sizeText(arrayAt(total))}`;
    else if (box.kind !== "constant") third = "∂L  –";
    write(box, "third", third);
  }

  function sizeText(array) {
    return isScalar(array) ? number(array.data[0], 3) : `‖${number(statsOf(array).norm, 3)}‖`;
  }

  function boxLabel(box, waiting, uses, state) {
    if (box.kind === "module") return `Module ${box.title}, folded; press to open`;
    const parts = [`${box.kind} ${box.title}`, box.shape];
    if (uses) parts.push(waiting ? `waiting for ${plural(waiting, "contribution")}` : "gradient complete");
    if (state.early.has(box.key)) parts.push("spoke too early");
    return parts.join(", ");
  }

  return {
    draw, fit, zoom, reveal, paint, fold, focus,
    choose(action) {
      onChoose = action;
    },
    get folded() {
      return folded;
    },
    get element() {
      return root;
    },
    get size() {
      return layout.size;
    },
  };
})();

const signs = {
  nan: ["⚠", "the gradient is not finite"],
  zero: ["0", "the gradient is 0 everywhere"],
  vanishing: ["↓", "the gradient vanishes: an element has less than 1/10,000 of the usual size, or 1e-7 of the output's"],
  exploding: ["↑", "the gradient explodes: more than 10,000 times the usual size, or 1e7 times the output's"],
};

function checkText(edge) {
  const [status, index, analytic, numeric, elements, note] = edge.check;
  const rounding = status !== "unchecked" && note ? `; ${note}` : "";
  if (status === "unchecked") return `Not compared with a finite difference: ${note}`;
  const numbers = `the rule gives ${number(analytic)}, the difference ${number(numeric)}${index.length ? ` at ${indexText(index)}` : ""}`;
  if (status === "agrees") return `Agrees with a finite difference: ${numbers} (${plural(elements, "element")} compared)${rounding}`;
  if (status === "kink") return `At a kink, between the slopes on both sides: ${numbers}`;
  return `Differs from a finite difference: ${numbers}`;
}
