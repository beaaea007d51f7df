// The step on the right: in words, in numbers, and what is chosen in the graph.

const panel = (() => {
  const root = document.getElementById("panel");
  let chosenCell = null; // {place of the step, offset} in the contribution that is looked at
  let chosenNode = null;
  let chosenElement = null; // in the gradient of the chosen node
  let current = null;
  let tab = "step"; // or "tensor", which is there while a node is chosen
  let jump = () => {};

  function show(step, at, count, isNaive, state) {
    if (chosenCell?.at !== at) chosenCell = null;
    if (current && (current[1] !== at || current[3] !== isNaive)) tab = "step";
    current = [step, at, count, isNaive, state];
    const focusedOffset = root.contains(document.activeElement) ? document.activeElement.dataset.offset : undefined;
    const about = chosenNode && tab === "tensor" ? [aboutNode(chosenNode, state, isNaive)] : aboutStep(step, at, isNaive);
    root.replaceChildren(...(chosenNode ? [tabs()] : []), ...about);
    if (focusedOffset !== undefined) root.querySelector(`.cell[data-offset="${focusedOffset}"]`)?.focus({ preventScroll: true });
  }

  function tabs() {
    const button = (name, text) =>
      h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(tab === name), onclick: () => turnTo(name) }, text);
    return h("div", { class: "tabs", role: "tablist" }, button("step", "This step"), button("tensor", `Chosen: ${nameOf(chosenNode)}`));
  }

  function turnTo(name) {
    tab = name;
    again();
    onChoose(chosenNode);
    document.getElementById(`tab-${name}`)?.focus();
  }

  function aboutStep(step, at, isNaive) {
    return [
      h("p", { class: "where" }, `${phaseNames[step.phase]}${isNaive ? ", in the wrong order" : ""}`,
        h("span", { class: "count" }, placeInPhase(step, at, isNaive))),
      h("h2", { id: "headline" }, headlineNodes(step)),
      h("p", { class: `reason${step.missing ? " wrong" : ""}` }, reason(step, isNaive)),
      ...sections(step, at, isNaive).filter(Boolean),
      chosenNode ? "" : hintToChoose(),
    ];
  }

  function again() {
    if (current) show(...current);
  }

  function placeInPhase(step, at, isNaive) {
    const steps = isNaive ? naiveSteps : rightSteps;
    const first = steps.findIndex((s) => s.phase === step.phase);
    const length = steps.filter((s) => s.phase === step.phase).length;
    return `${at - first + 1} of ${length}`;
  }

  function headlineNodes(step) {
    const keys = [step.node, step.parent].filter(Boolean);
    let rest = headline(step);
    const parts = [];
    for (const key of keys) {
      const name = nameOf(key);
      const place = rest.indexOf(name);
      if (place < 0) continue;
      parts.push(rest.slice(0, place), link(key));
      rest = rest.slice(place + name.length);
    }
    return [...parts, rest];
  }

  function link(key) {
    return h("button", { type: "button", class: "name", title: "Choose in the graph", onclick: () => choose(key) }, nameOf(key));
  }

  function sections(step, at, isNaive) {
    switch (step.kind) {
      case "call": return callSections(step);
      case "seed": return [row("gradient to start from", view(step.gradient, "the seed"))];
      case "gradient": return gradientSections(step);
      case "hooked": return [row("before the hook", view(step.before, "the gradient before")), row("after", view(step.after, "the gradient after"))];
      case "verdict": return verdictSections(step);
      case "update": return updateSections(step, at);
      default: return contributionSections(step, at, isNaive);
    }
  }

  function view(place, name, options = {}) {
    const array = arrayAt(place);
    if (!isScalar(array)) return arrayView(place, { name, ...options });
    return h("p", { class: "big" }, shown(array.data[0]), array.shape.length ? h("span", { class: "quiet" }, ` shape ${shapeText(array.shape)}`) : null);
  }

  function row(title, ...children) {
    return h("section", { class: "row" }, h("h3", {}, title), ...children);
  }

  function callSections(step) {
    const node = nodes.get(step.node);
    const inputs = (incomingEdges.get(step.node) ?? []).slice().sort((a, b) => a.argument - b.argument);
    return [
      row("call", h("p", { class: "formula" }, node.title), originOf(node)),
      ...inputs.map((edge) => row(`argument ${edge.argument}: ${nameOf(edge.from)}`, view(nodes.get(edge.from).value, nameOf(edge.from)))),
      row("result", view(node.value, node.name)),
    ];
  }

  function originOf(node) {
    if (!node.origin) return null;
    const { module, place, source, rule } = node.origin;
    return h("p", { class: "source" },
      source ? h("code", {}, source) : null,
      h("span", { class: "quiet" }, [place, module && `in ${module}`, rule && `by the rule of ${rule}`].filter(Boolean).join(", ")));
  }

  // A contribution: g, the local derivative, the product, the sum.

  function contributionSections(step, at, isNaive) {
    const contribution = arrayAt(step.contribution);
    const offset = chosenCell?.offset ?? largestElement(contribution);
    const index = offset === null ? null : indexOf(offset, contribution.shape);
    const scalars = [step.incoming, step.contribution, step.total].every((p) => isScalar(arrayAt(p)));
    const unbroadcast = step.local !== undefined && step.local !== step.contribution;
    const chooseCell = (to) => {
      chosenCell = { at, offset: to };
      again();
    };
    return [
      scalars && !unbroadcast ? equation(step) : null,
      row(`incoming gradient g = ∂L/∂${nameOf(step.node)}`, view(step.incoming, "the incoming gradient"),
        step.missing ? h("p", { class: "wrong" }, "In the right order: ", rightNumber(step.node)) : null),
      step.rule ? ruleSection(step, offset, index) : null,
      unbroadcast ? row("what the rule returned", view(step.local, "what the rule returned"), h("p", {}, unbroadcastText(step))) : null,
      row("contribution", view(step.contribution, "the contribution", { chosen: offset, onchoose: chooseCell }),
        offset !== null && !isScalar(contribution) && step.expression && !isNaive && !(step.expression.element && !unbroadcast) ? cellEquation(step, offset, index) : null),
      row(`running total in ${nameOf(step.parent)}`, totalOf(step)),
      isNaive ? null : checkRow(step),
    ].filter(Boolean);
  }

  function rightNumber(key) {
    const array = arrayAt(passedOn.get(key) ?? finalGradients.get(key));
    return isScalar(array) ? shown(array.data[0]) : `norm ${number(statsOf(array).norm)}`;
  }

  function equation(step) {
    const [g, c] = [step.incoming, step.contribution].map((p) => arrayAt(p).data[0]);
    const local = localNumber(step.edge);
    if (local === null) return null;
    return h("div", { class: "equation", "aria-label": "contribution = g times local derivative" },
      term("∂L/∂", nameOf(step.parent), c), sign("="), term("g", "", g), sign("×"), term(`∂${cut(nameOf(step.node), 12)}/∂`, cut(nameOf(step.parent), 12), local));
  }

  function term(before, name, x) {
    return h("span", { class: "term" }, h("span", { class: "label" }, `${before}${name}`), shown(x));
  }

  function sign(text) {
    return h("span", { class: "sign" }, text);
  }

  function localNumber(edgeKey) {
    const found = dependents(edgeKey, 0);
    return found && found.length === 1 ? found[0].factor : null;
  }

  function ruleSection(step, offset, index) {
    const [formula, source, file, line] = step.rule;
    const code = h("details", {}, h("summary", {}, `${file ? `${file}, line ${line}` : "source"}`), h("pre", {}, source));
    if (!step.expression) return row("derivative rule", h("p", { class: "formula" }, formula), code);
    const written = expressionText(step.expression);
    const local = arrayAt(step.local);
    const place = isScalar(local) ? local.shape.map(() => 0) : index?.length === local.shape.length ? index : local.data ? indexOf(largestElement(local), local.shape) : null;
    const numbers = place && expressionAt(step.expression, place);
    const result = place && elementAt(local, place);
    return row("derivative rule",
      h("p", { class: "formula" }, formula),
      written !== formula && !["?", "…"].includes(written) ? h("p", { class: "formula quiet" }, `computed as ${written}`) : null,
      numbers ? h("p", { class: "formula numbers" }, isScalar(local) ? null : h("span", { class: "quiet" }, `at ${indexText(place)}: `), numbers, " = ", shown(result)) : null,
      code);
  }

  function unbroadcastText(step) {
    const [local, contribution] = [arrayAt(step.local), arrayAt(step.contribution)];
    const parts = [];
    if (String(local.shape) !== String(contribution.shape)) {
      const extra = local.shape.length - contribution.shape.length;
      const axes = local.shape.map((n, axis) => axis).filter((axis) => axis < extra || (contribution.shape[axis - extra] === 1 && local.shape[axis] !== 1));
      parts.push(`${nameOf(step.parent)} was broadcast from ${shapeText(contribution.shape)} to ${shapeText(local.shape)}, so the contribution is the sum over axis ${axes.join(" and ")}.`);
    }
    if (local.dtype !== contribution.dtype) parts.push(`It is converted from ${local.dtype} to ${contribution.dtype}, the dtype of ${nameOf(step.parent)}.`);
    return parts.join(" ");
  }

  // One element of a contribution, as the sum over the elements of the result that depend on it.
  function cellEquation(step, offset, index) {
    const found = dependents(step.edge, offset);
    const g = arrayAt(step.incoming);
    if (!found || !g.data) return null;
    const terms = found.map(({ k, factor }) => ({ k, factor, g: g.data[k] })).filter((t) => t.factor !== 0 && t.g !== 0);
    terms.sort((a, b) => Math.abs(b.factor * b.g) - Math.abs(a.factor * a.g));
    const most = terms.slice(0, 6);
    const text = most.map((t) => `${operand(t.g)} · ${operand(t.factor)}`).join(" + ");
    const more = terms.length > most.length ? ` + ${terms.length - most.length} smaller` : "";
    return h("p", { class: "formula numbers" },
      h("span", { class: "quiet" }, `at ${indexText(index)}: Σ g · ∂y/∂x = `),
      terms.length ? `${text}${more} = ` : "", shown(arrayAt(step.contribution).data[offset]));
  }

  function totalOf(step) {
    const total = arrayAt(step.total);
    const waiting = h("p", { class: "quiet" }, step.left ? `${plural(step.left, "contribution")} still pending` : "complete: nothing pending");
    if (isScalar(total)) {
      const [before, c] = [step.before === null ? null : arrayAt(step.before).data[0], arrayAt(step.contribution).data[0]];
      return h("div", {},
        h("p", { class: "big sum" },
          before === null ? h("span", { class: "quiet" }, "nothing before") : shown(before), sign("+"), shown(c), sign("="), shown(total.data[0])),
        waiting);
    }
    return h("div", {},
      step.before === null ? h("p", { class: "quiet" }, "nothing had arrived before: the contribution is the total") : h("details", {}, h("summary", {}, "before"), view(step.before, "the total before")),
      step.before === null ? null : view(step.total, "the total"), waiting);
  }

  function checkRow(step) {
    const edge = edges.get(step.edge);
    const [status] = edge.check;
    return row("finite difference", h("p", { class: `verdict ${status}` }, checkText(edge)));
  }

  function gradientSections(step) {
    return [row(`∂L/∂${nameOf(step.node)}`, view(step.gradient, "the gradient")), row("the tensor itself", view(nodes.get(step.node).value, nameOf(step.node)))];
  }

  function verdictSections(step) {
    const same = sameNumbers(step.got, step.gradient);
    return [
      h("p", { class: same ? "verdict agrees" : "verdict differs" }, same ? "The same as in the right order, by luck." : "Not the gradient."),
      row("the wrong order", view(step.got, "what the wrong order gives")),
      row("the right order", view(step.gradient, "the gradient")),
    ];
  }

  function updateSections(step, at) {
    const before = arrayAt(step.before);
    const offset = chosenCell?.offset ?? (isScalar(before) ? 0 : largestElement(arrayAt(step.gradient)));
    const index = offset === null ? null : indexOf(offset, before.shape);
    const numbers = step.expression && index && expressionAt(step.expression, index);
    const chooseCell = (to) => {
      chosenCell = { at, offset: to };
      again();
    };
    const options = { chosen: offset, onchoose: chooseCell };
    const states = Object.keys(step.stateAfter).filter((key) => step.stateAfter[key]?.array !== undefined);
    return [
      step.formula ? row("update rule", h("pre", { class: "formula" }, step.formula)) : null,
      row("hyperparameters", h("p", {}, Object.entries(step.hyper).map(([k, v]) => h("span", { class: "stat" }, `${k} ${typeof v === "number" ? number(v) : v}`)).flatMap((e, k) => (k ? [" · ", e] : [e])))),
      row("gradient", view(step.gradient, "the gradient", options)),
      numbers ? row("with numbers", h("p", { class: "formula" }, expressionText(step.expression)), h("p", { class: "formula numbers" }, index.length ? h("span", { class: "quiet" }, `at ${indexText(index)}: `) : null, numbers, " = ", shown(elementAt(arrayAt(step.after), index)))) : null,
      row("before", view(step.before, "the parameter before", options)),
      row("after", view(step.after, "the parameter after", options)),
      ...states.map((key) => row(`state ${key} after`, view(step.stateAfter[key].array, key))),
    ].filter(Boolean);
  }

  // What is chosen in the graph.

  function hintToChoose() {
    return h("p", { class: "hint" }, "Choose a node in the graph to see its value, its gradient, and the path products that add up to each of its elements.");
  }

  function aboutNode(key, state, isNaive) {
    const node = nodes.get(key);
    const gradient = finalGradients.get(key);
    const contributions = rightSteps.map((s, at) => ({ s, at })).filter(({ s }) => s.kind === "contribution" && s.parent === key);
    return h("section", { class: "chosen-node", "aria-label": `Chosen: ${node.name}` },
      h("header", {},
        h("h2", {}, node.name),
        h("button", { type: "button", onclick: () => jump(key) }, "Jump to its step"),
        h("button", { type: "button", "aria-label": "Let go", onclick: () => choose(null) }, "✕")),
      h("p", { class: "quiet" }, `${node.title} · ${node.shape}`, originOf(node)),
      marks.get(key) ? h("p", { class: "verdict differs" }, `${signs[marks.get(key)][0]} ${signs[marks.get(key)][1]}`) : null,
      row("value", view(node.value, "the value")),
      gradient === undefined ? h("p", { class: "quiet" }, "No gradient flows here.") : gradientOfNode(key, gradient),
      contributions.length > 1 ? row("contributions", h("ul", { class: "steps" }, contributions.map(({ s, at }) => contributionLine(s, at)))) : null);
  }

  function contributionLine(step, at) {
    const c = arrayAt(step.contribution);
    return h("li", {}, h("button", { type: "button", class: "name", onclick: () => jump(null, at) }, `step ${at + 1}`), ` from ${nameOf(step.node)}: `, isScalar(c) ? shown(c.data[0]) : `norm ${number(statsOf(c).norm)}`);
  }

  function gradientOfNode(key, gradient) {
    const array = arrayAt(gradient);
    const offset = chosenElement ?? largestElement(array);
    const pick = (to) => {
      chosenElement = to;
      again();
    };
    return h("div", {},
      row("gradient, complete", view(gradient, "the gradient", { chosen: offset, onchoose: pick })),
      array.data && key !== content.output ? pathsOf(key, offset, array) : null);
  }

  function pathsOf(key, offset, array) {
    const { paths, total, rest, isWhole, blocked } = pathProducts(key, offset);
    const where = indexText(indexOf(offset, array.shape));
    const exact = isWhole && Math.abs(rest) <= 1e-5 * Math.max(...paths.map((p) => Math.abs(p.product)), 1e-30);
    return row(`path products${where && ` at ${where}`}`,
      h("p", { class: "quiet" }, exact ? `${plural(paths.length, "path")} to the output; their sum is the gradient` : `The largest of many paths, and what the others add up to${blocked ? ` (${blocked})` : ""}`),
      h("ol", { class: "paths" },
        paths.map((path) => pathLine(key, offset, path)),
        exact ? null : h("li", { class: "quiet" }, "all others: ", shown(rest))),
      h("p", { class: "big sum" }, h("span", { class: "quiet" }, "sum "), shown(total)));
  }

  function pathLine(key, offset, path) {
    const names = [key, ...path.steps.map((s) => s.to)].map((k) => nameOf(k));
    const factors = [...path.steps.map((s) => s.factor)].reverse();
    const product = [path.start, ...factors].map(operand).join(" · ");
    const places = [offset, ...path.steps.map((s) => s.k)].map((k, n) => {
      const array = arrayAt(nodes.get(n ? path.steps[n - 1].to : key).value);
      return isScalar(array) ? "" : indexText(indexOf(k, array.shape));
    });
    const way = names.map((name, n) => `${name}${places[n]}`).reverse().join(" → ");
    return h("li", {}, h("span", { class: "formula numbers" }, `${product} = `, shown(path.product)),
      h("span", { class: "quiet way" }, path.through ? `all paths through ${nameOf(path.through)} → ${way}` : way));
  }

  let onChoose = () => {};

  function choose(key, turn = true) {
    if (chosenNode !== key) chosenElement = null;
    chosenNode = key;
    tab = key && turn ? "tensor" : "step";
    root.scrollTop = 0;
    again();
    onChoose(key);
  }

  return {
    show, choose, again,
    get chosen() {
      return chosenNode;
    },
    get showsTensor() {
      return tab === "tensor";
    },
    onjump(action) {
      jump = action;
    },
    onchoose(action) {
      onChoose = action;
    },
  };
})();
