// The steps, and what is known at each of them.

const rightSteps = content.steps;
const finalGradients = new Map(); // the complete gradient of each node, as the engine has it
for (const step of rightSteps) {
  if (step.kind === "seed") finalGradients.set(step.node, step.gradient);
  if (step.kind === "contribution") finalGradients.set(step.parent, step.total);
}
const passedOn = new Map(); // what each node passed on: its gradient after its hooks
for (const step of rightSteps) {
  if (step.kind === "contribution") passedOn.set(step.node, step.incoming);
}
const hookedNodes = new Set(rightSteps.filter((s) => s.kind === "hooked").map((s) => s.node));
const naiveSteps = content.naive ? stepsOfNaiveOrder() : [];

function stepsOfNaiveOrder() {
  const first = rightSteps.filter((s) => s.phase === "forward" || s.kind === "seed");
  const right = new Map(rightSteps.filter((s) => s.edge).map((s) => [s.edge, s]));
  const spoken = content.naive.steps.map((s) => ({ ...s, ...ruleFor(s, right.get(s.edge)) }));
  const totals = new Map(spoken.map((s) => [s.parent, s.total]));
  const verdicts = rightSteps
    .filter((s) => s.kind === "gradient" && totals.has(s.node))
    .map((s) => ({ ...s, kind: "verdict", got: totals.get(s.node) }));
  return [...first, ...spoken, ...verdicts];
}

// The same rule, applied to another gradient, which is its argument 0.
function ruleFor(step, right) {
  const { rule, expression } = right;
  if (right.local !== right.contribution) return { rule };
  const values = { ...expression.values };
  if ("0" in values) values[0] = step.incoming;
  return { rule, expression: { ...expression, values }, local: step.contribution };
}

function sameNumbers(a, b) {
  const [x, y] = [arrayAt(a), arrayAt(b)];
  const [p, q] = [x.data ?? x.picture, y.data ?? y.picture];
  return p.length === q.length && p.every((v, k) => Object.is(v, q[k]) || v === q[k]);
}

// What is known after step number `at` (from 0) of a list of steps.
function stateAt(steps, at) {
  const state = {
    computed: new Set(), // nodes that have a value
    totals: new Map(), // node -> what has arrived there
    left: new Map(), // node -> contributions that are still to come
    spoken: new Set(), // nodes that have passed something on
    early: new Set(), // of these, those that had not heard everything
    finished: new Set(), // nodes that have passed on all they have, or whose gradient is complete
    used: new Set(), // edges
    updated: new Set(),
  };
  const isForward = steps[at].phase === "forward";
  for (const node of content.nodes) {
    if (node.kind !== "operation") state.computed.add(node.key);
    state.left.set(node.key, node.uses);
  }
  for (let k = 0; k <= at; k++) applyStep(state, steps[k]);
  if (!isForward) for (const node of content.nodes) state.computed.add(node.key);
  const current = steps[at];
  for (const key of state.spoken) {
    const edgesLeft = (incomingEdges.get(key) ?? []).filter((e) => e.check && !state.used.has(e.key));
    if (!edgesLeft.length && !(current.node === key && current.kind === "contribution")) {
      state.finished.add(key);
    }
  }
  return state;
}

function applyStep(state, step) {
  if (step.kind === "call") state.computed.add(step.node);
  else if (step.kind === "seed") state.totals.set(step.node, step.gradient);
  else if (step.kind === "contribution") {
    state.totals.set(step.parent, step.total);
    state.left.set(step.parent, step.left);
    state.spoken.add(step.node);
    state.used.add(step.edge);
    if (step.missing) state.early.add(step.node);
  } else if (step.kind === "hooked") state.totals.set(step.node, step.after);
  else if (step.kind === "gradient" || step.kind === "verdict") state.finished.add(step.node);
  else if (step.kind === "update") state.updated.add(step.node);
}

// The first step at which a node is what happens.
function stepOfNode(steps, key, phase) {
  const about = (s) => s.node === key || s.parent === key;
  const inPhase = steps.findIndex((s) => s.phase === phase && s.node === key);
  if (inPhase >= 0) return inPhase;
  const near = steps.findIndex((s) => s.phase === phase && about(s));
  return near >= 0 ? near : steps.findIndex(about);
}

// What goes wrong with the numbers of a graph, for marks: nan, zero, vanishing, exploding.
const marks = marksOfGradients();

function marksOfGradients() {
  const sizes = new Map();
  for (const [key, place] of finalGradients) {
    const array = arrayAt(place);
    const { norm, nan, inf } = statsOf(array);
    sizes.set(key, nan + inf ? NaN : norm / Math.sqrt(Math.max(array.size, 1)));
  }
  const start = sizes.get(content.output);
  sizes.delete(content.output); // which is what it was given
  const sorted = [...sizes.values()].filter((x) => x > 0).sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 1;
  const found = new Map();
  for (const [key, size] of sizes) {
    if (Number.isNaN(size)) found.set(key, "nan");
    else if (size === 0) found.set(key, "zero");
    else if (size < middle * 1e-4 || size < start * 1e-7) found.set(key, "vanishing");
    else if (size > middle * 1e4 || size > start * 1e7) found.set(key, "exploding");
  }
  return found;
}

// Where the first nan or infinity came from: the number of a step, or -1.
const originOfNaN = rightSteps.findIndex((step) => {
  if (step.kind === "contribution") return step.bad;
  if (step.kind !== "call") return false;
  const bad = (key) => {
    const { nan, inf } = statsOf(arrayAt(nodes.get(key).value));
    return nan + inf > 0;
  };
  return bad(step.node) && !(incomingEdges.get(step.node) ?? []).some((e) => bad(e.from));
});

// The way from a node up to the output along the largest contributions.
function largestPath(key) {
  const path = [];
  while (key) {
    const uses = (outgoingEdges.get(key) ?? []).filter((edge) => edge.norm !== undefined);
    if (!uses.length) break;
    const edge = uses.reduce((a, b) => ((b.norm ?? Infinity) > (a.norm ?? Infinity) ? b : a));
    path.push(edge.key);
    key = edge.to;
  }
  return path;
}
