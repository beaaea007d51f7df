// Buttons, keys, the scrubber, search; the step in the address.

const player = { at: 0, isNaive: false, timer: null, follow: true, showsLargest: false };

function stepsNow() {
  return player.isNaive ? naiveSteps : rightSteps;
}

function goTo(at, { quiet = false } = {}) {
  const steps = stepsNow();
  player.at = Math.min(Math.max(at, 0), steps.length - 1);
  render();
  if (!quiet) writeAddress();
}

function render() {
  const steps = stepsNow();
  const step = steps[player.at];
  const state = stateAt(steps, player.at);
  graph.paint(step, state, panel.chosen, player.showsLargest ? largestPath(largestStart()) : []);
  if (player.follow) graph.reveal([step.node, step.parent].filter(Boolean));
  panel.show(step, player.at, steps.length, player.isNaive, state);
  const scrubber = element("scrubber");
  scrubber.max = steps.length;
  scrubber.value = player.at + 1;
  scrubber.setAttribute("aria-valuetext", `Step ${player.at + 1} of ${steps.length}: ${headline(step)}`);
  element("place").textContent = `${player.at + 1} / ${steps.length}`;
  for (const button of document.querySelectorAll("[data-phase]")) {
    button.setAttribute("aria-current", button.dataset.phase === step.phase ? "step" : "false");
    button.disabled = !steps.some((s) => s.phase === button.dataset.phase);
  }
  element("first").disabled = element("back").disabled = player.at === 0;
  element("next").disabled = element("last").disabled = player.at === steps.length - 1;
  element("live").textContent = `Step ${player.at + 1}: ${headline(step)}`;
  showNotice();
}

function element(id) {
  return document.getElementById(id);
}

function showNotice() {
  const notice = element("notice");
  const parts = [];
  if (player.isNaive) {
    parts.push(
      content.naive.wrong
        ? `Wrong on purpose: ${content.naive.order}, each node once, as soon as something has arrived. Nodes that spoke too early are marked ✗.`
        : `The naive order (${content.naive.order}) happens to be right here: no node that others use twice lies on two ways of different length.`,
    );
  } else if (originOfNaN >= 0) {
    parts.push(
      `The first number that is not finite appears at step ${originOfNaN + 1}. `,
      h("button", { type: "button", class: "name", onclick: () => goTo(originOfNaN) }, "Go there"),
    );
  }
  notice.hidden = !parts.length;
  notice.classList.toggle("wrong", parts.length > 0 && (player.isNaive ? content.naive.wrong : true));
  notice.replaceChildren(...parts);
}

// The node whose path is shown: the chosen one, else the leaf with the largest gradient.
function largestStart() {
  if (panel.chosen) return panel.chosen;
  const leaves = content.nodes.filter((n) => n.kind === "leaf" && finalGradients.has(n.key));
  const size = (n) => statsOf(arrayAt(finalGradients.get(n.key))).norm;
  return leaves.length ? leaves.reduce((a, b) => (size(b) > size(a) ? b : a)).key : null;
}

// The address: #step=12, &order=naive, &node=n3, &view=tensor.

function writeAddress() {
  const parts = [`step=${player.at + 1}`];
  if (player.isNaive) parts.push("order=naive");
  if (panel.chosen) parts.push(`node=${panel.chosen}`);
  if (panel.showsTensor) parts.push("view=tensor");
  const hash = `#${parts.join("&")}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
}

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const step = Number(asked.get("step"));
  const chosen = nodes.has(asked.get("node")) ? asked.get("node") : null;
  setNaive(asked.get("order") === "naive");
  const start = rightSteps.findIndex((s) => s.phase === "backward");
  goTo(step ? Math.round(step) - 1 : start, { quiet: true });
  panel.choose(chosen, asked.get("view") === "tensor" || !step);
}

function setNaive(wanted) {
  const on = wanted && naiveSteps.length > 0;
  player.isNaive = on;
  element("naive").setAttribute("aria-pressed", String(on));
  document.body.classList.toggle("is-naive", on);
  drawMarks();
}

function toggleNaive() {
  const steps = stepsNow();
  const isBackward = steps[player.at].phase !== "forward";
  setNaive(!player.isNaive);
  goTo(isBackward ? stepsNow().findIndex((s) => s.phase === "backward") : player.at);
}

// Coloured stretches under the scrubber, and marks where something is wrong.
function drawMarks() {
  const steps = stepsNow();
  const stretches = ["forward", "backward", "update"].map((phase) => ({
    phase, count: steps.filter((s) => s.phase === phase).length,
  }));
  const wrong = steps.map((s, at) => ({ s, at })).filter(({ s, at }) => s.missing || (!player.isNaive && at === originOfNaN));
  element("marks").replaceChildren(
    ...stretches.filter((p) => p.count).map((p) => h("i", { class: p.phase, style: `flex:${p.count}` })),
    ...wrong.map(({ at }) => h("b", { style: `left:${((at + 0.5) / steps.length) * 100}%` })),
  );
}

// Playing.

function play() {
  if (player.timer !== null) return pause();
  if (player.at === stepsNow().length - 1) goTo(0);
  const tick = () => {
    if (player.at >= stepsNow().length - 1) return pause();
    goTo(player.at + 1);
    player.timer = setTimeout(tick, 1000 / Number(element("speed").value));
    return undefined;
  };
  player.timer = setTimeout(tick, 1000 / Number(element("speed").value));
  showPlaying(true);
  return undefined;
}

function pause() {
  clearTimeout(player.timer);
  player.timer = null;
  showPlaying(false);
}

function showPlaying(on) {
  element("play").classList.toggle("playing", on);
  element("play").setAttribute("aria-label", on ? "Pause" : "Play");
}

function changeSpeed(by) {
  const speed = element("speed");
  speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + by, 0), speed.options.length - 1);
}

function goToPhase(phase) {
  const at = stepsNow().findIndex((s) => s.phase === phase);
  if (at >= 0) goTo(at);
}

function jumpTo(key, at = null) {
  pause();
  if (at !== null && player.isNaive) setNaive(false);
  const target = at ?? stepOfNode(stepsNow(), key, stepsNow()[player.at].phase);
  if (target >= 0) goTo(target);
  if (key) graph.reveal([key]);
}

function chooseNode(key, andJump = false) {
  panel.choose(key);
  if (andJump) jumpTo(key);
}

// Search.

let listed = [];
let highlighted = -1;

function search(text) {
  const wanted = text.trim().toLowerCase();
  const texts = (n) => [n.name, n.title, n.operation ?? "", n.origin?.module ?? ""];
  listed = wanted ? content.nodes.filter((n) => texts(n).some((t) => t.toLowerCase().includes(wanted))) : [];
  highlighted = listed.length ? 0 : -1;
  showFound(wanted);
}

function showFound(wanted) {
  const list = element("found");
  list.hidden = !wanted;
  element("search").setAttribute("aria-expanded", String(Boolean(wanted)));
  list.replaceChildren(
    ...listed.slice(0, 50).map((node, k) =>
      h("li", { id: `found-${k}`, role: "option", "aria-selected": String(k === highlighted), onpointerdown: (event) => { event.preventDefault(); takeFound(k); } },
        h("span", { class: `dot ${node.kind}` }), h("b", {}, node.name), h("span", { class: "quiet" }, ` ${node.title === node.name ? "" : node.title} ${node.origin?.module ?? ""} ${node.shape}`))),
    wanted && !listed.length ? h("li", { class: "quiet" }, "nothing of this name") : "",
  );
  if (highlighted >= 0) element("search").setAttribute("aria-activedescendant", `found-${highlighted}`);
  else element("search").removeAttribute("aria-activedescendant");
  list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
}

function takeFound(k) {
  const node = listed[k];
  if (!node) return;
  element("search").value = "";
  listed = [];
  showFound("");
  unfoldAround(node);
  chooseNode(node.key, true);
  graph.focus(node.key);
}

function unfoldAround(node) {
  node.frames.forEach((_, n) => {
    const name = node.frames.slice(0, n + 1).join("/");
    if (graph.folded.has(name)) graph.fold(name);
  });
}

function keyInSearch(event) {
  const count = Math.min(listed.length, 50);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (count) highlighted = (highlighted + (event.key === "ArrowDown" ? 1 : -1) + count) % count;
    showFound(element("search").value.trim());
  } else if (event.key === "Enter") takeFound(highlighted);
  else if (event.key === "Escape") {
    element("search").value = "";
    search("");
    element("search").blur();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

// Out of the page.

async function copyStep() {
  const text = asText(stepsNow()[player.at], player.at, stepsNow().length, player.isNaive);
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "unseen" }, text);
    document.body.append(area);
    area.select();
    done = document.execCommand("copy"); // pages from a disk may lack the newer way
    area.remove();
  }
  flash(element("copy"), done ? "Copied" : "Not copied");
}

function flash(button, text) {
  const before = button.dataset.text ?? button.textContent;
  button.dataset.text = before;
  button.textContent = text;
  element("live").textContent = text;
  setTimeout(() => (button.textContent = before), 1200);
}

// The picture with its colours, so that it can stand alone.
function pictureAsSVG() {
  const copy = graph.element.cloneNode(true);
  const [width, height] = graph.size;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `0 0 ${Math.ceil(width + 16)} ${Math.ceil(height + 16)}`);
  copy.setAttribute("width", Math.ceil(width + 16));
  copy.setAttribute("height", Math.ceil(height + 16));
  copy.querySelector(".world").setAttribute("transform", "translate(8 8)");
  for (const moving of copy.querySelectorAll("[tabindex], [role]")) {
    moving.removeAttribute("tabindex");
    moving.removeAttribute("role");
  }
  const rules = [...document.styleSheets[0].cssRules].map((rule) => rule.cssText).filter((text) => text.startsWith(".graph"));
  const style = getComputedStyle(document.documentElement);
  const names = new Set(rules.join().match(/--[\w-]+/g));
  const variables = [...names].map((name) => `${name}:${style.getPropertyValue(name).trim()}`).join(";");
  copy.prepend(svg("style", {}, `.graph{${variables}}\n${rules.join("\n")}`));
  return new XMLSerializer().serializeToString(copy);
}

function exportSVG() {
  const address = URL.createObjectURL(new Blob([pictureAsSVG()], { type: "image/svg+xml" }));
  const anchor = h("a", { href: address, download: `backward-step-${player.at + 1}.svg` });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function nextTheme() {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (isDark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  panel.again();
}

function toggled(id) {
  const button = element(id);
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  return on;
}

function toggleLargest() {
  player.showsLargest = toggled("largest");
  render();
}

function toggleFollow() {
  player.follow = toggled("follow");
  if (player.follow) render();
}

const keys = {
  ArrowLeft: () => { pause(); goTo(player.at - 1); },
  ArrowRight: () => { pause(); goTo(player.at + 1); },
  Home: () => goTo(0),
  End: () => goTo(stepsNow().length - 1),
  " ": play,
  f: () => goToPhase("forward"),
  b: () => goToPhase("backward"),
  u: () => goToPhase("update"),
  n: () => naiveSteps.length && toggleNaive(),
  l: toggleLargest,
  w: toggleFollow,
  c: copyStep,
  e: exportSVG,
  t: nextTheme,
  "/": () => element("search").focus(),
  "?": () => element("manual").showModal(),
  "+": () => graph.zoom(1.25),
  "=": () => graph.zoom(1.25),
  "-": () => graph.zoom(0.8),
  0: () => graph.fit(),
  "[": () => changeSpeed(-1),
  "]": () => changeSpeed(1),
  Escape: () => panel.choose(null),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || element("manual").open) return;
  const inField = event.target.matches("input, select, textarea");
  if (inField && !(event.target.id === "scrubber" && event.key.length === 1)) return;
  if (event.target.matches("button, summary") && [" ", "Enter"].includes(event.key)) return;
  const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
}
