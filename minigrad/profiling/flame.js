"use strict";
(() => {
  const HEIGHT = 27;
  const root = JSON.parse(document.getElementById("data").textContent);
  const flame = document.getElementById("flame");
  const said = document.getElementById("said");
  const path = document.getElementById("path");

  function time(ns) {
    if (ns < 1e6) return `${(ns / 1e3).toPrecision(3)} µs`;
    return ns < 1e9 ? `${(ns / 1e6).toPrecision(3)} ms` : `${(ns / 1e9).toPrecision(3)} s`;
  }

  function amount(n) {
    const units = ["", " k", " M", " G", " T"];
    let k = 0;
    while (n >= 1000 && k < units.length - 1) { n /= 1000; k += 1; }
    return `${Number(n.toPrecision(3))}${units[k]}`;
  }

  function words(node) {
    const share = root.ns ? (100 * node.ns / root.ns).toFixed(1) : "0";
    const calls = node.calls ? `, ${node.calls.toLocaleString("en")} calls` : "";
    return `${node.name}: ${time(node.ns)}, ${share} %${calls}, ${amount(node.bytes)}B, ${amount(node.flops)} FLOPs`;
  }

  let shown = [root];

  function show(way, focus) {
    shown = way;
    const top = way[way.length - 1];
    flame.replaceChildren();
    let depth = 0;
    function place(node, left, width, level, above) {
      depth = Math.max(depth, level);
      const bar = document.createElement("button");
      bar.className = node.kind;
      bar.style.left = `${left}%`;
      bar.style.width = `max(2px, calc(${width}% - 1px))`;
      bar.style.top = `${level * HEIGHT}px`;
      bar.textContent = node.name;
      bar.title = words(node);
      bar.setAttribute("aria-label", words(node));
      bar.onclick = () => show(above, true);
      bar.onfocus = bar.onmouseenter = () => { said.textContent = words(node); };
      flame.append(bar);
      let x = left;
      for (const inner of node.inside) {
        const w = node.ns ? width * inner.ns / node.ns : 0;
        if (w > 0.05) place(inner, x, w, level + 1, [...above, inner]);
        x += w;
      }
    }
    place(top, 0, 100, 0, way);
    flame.style.height = `${(depth + 1) * HEIGHT}px`;
    path.replaceChildren(...way.map((node, k) => {
      const step = document.createElement("button");
      step.textContent = node.name;
      step.onclick = () => show(way.slice(0, k + 1), true);
      return step;
    }));
    said.textContent = words(top);
    if (focus) flame.firstChild.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown.length > 1) show(shown.slice(0, -1), true);
  });
  show([root], false);
})();
