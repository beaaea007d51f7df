// Everything is set going.

element("title").textContent = content.title;
if (content.nodes.length > 400) {
  // Too many to be read at once: the outermost modules that hold several operations are folded.
  for (const name of Object.keys(content.frames)) {
    if (name.split("/").length === 2) graph.folded.add(name);
  }
}
element("legend").append(
  ...[["operation", "operation"], ["leaf", "leaf"], ["constant", "constant"], ["active", "this step"], ["ready", "complete"], ["partial", "waiting"], ["finished", "done"]].map(
    ([look, text]) => h("span", {}, h("i", { class: `key ${look}` }), text),
  ),
);
element("meanings").append(
  ...[
    ["✓", "a contribution agrees with a finite difference of the operation"],
    ["✗", "it does not; or a node spoke too early"],
    ["∠", "at a kink, where the slopes on both sides differ"],
    ...Object.values(signs),
  ].map(([sign, text]) => h("li", {}, h("b", {}, sign), ` ${text}`)),
);
graph.choose(chooseNode);
panel.onjump(jumpTo);
panel.onchoose(() => {
  render();
  writeAddress();
});
graph.draw();
graph.fit();
if (!naiveSteps.length) {
  element("naive").disabled = true;
  element("naive").title = "Not shown: hooks take part, which would be called again";
}
const clicks = {
  first: keys.Home, back: keys.ArrowLeft, next: keys.ArrowRight, last: keys.End, play,
  naive: toggleNaive, largest: toggleLargest, follow: toggleFollow, copy: copyStep,
  export: exportSVG, theme: nextTheme, help: keys["?"], "zoom-in": keys["+"],
  "zoom-out": keys["-"], "zoom-fit": keys[0],
};
for (const [id, action] of Object.entries(clicks)) element(id).addEventListener("click", () => action());
for (const button of document.querySelectorAll("[data-phase]")) {
  button.addEventListener("click", () => goToPhase(button.dataset.phase));
}
element("scrubber").addEventListener("input", (event) => {
  pause();
  goTo(Number(event.target.value) - 1);
});
element("search").addEventListener("input", (event) => search(event.target.value));
element("search").addEventListener("keydown", keyInSearch);
element("search").addEventListener("blur", () => showFound(""));
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", readAddress);
window.addEventListener("resize", () => {
  graph.fit();
  render();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => panel.again());
readAddress();

// For whoever embeds the page, and for tests.
window.stepper = { content, player, goTo, steps: stepsNow, arrayAt, pathProducts, state: () => stateAt(stepsNow(), player.at) };
