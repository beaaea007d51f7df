// A step in words; the same sentences are shown, read aloud and copied.

const phaseNames = { forward: "Forward pass", backward: "Backward pass", update: "Update" };

function nameOf(key) {
  return nodes.get(key)?.name ?? "?";
}

function headline(step) {
  switch (step.kind) {
    case "call": return `${nameOf(step.node)} is computed`;
    case "seed": return `The backward pass starts at ${nameOf(step.node)}`;
    case "contribution": return `${nameOf(step.node)} passes its gradient on to ${nameOf(step.parent)}`;
    case "hooked": return `A hook sees the gradient of ${nameOf(step.node)}`;
    case "gradient": return `The gradient of ${nameOf(step.node)} is complete`;
    case "verdict": return `What the wrong order makes of ${nameOf(step.node)}`;
    default: return `${step.optimizer} updates ${step.name}`;
  }
}

// Why this may happen now.
function reason(step, isNaive) {
  if (step.kind === "call") {
    return "Its inputs have been computed. Each operation is newer than what it was computed from, so the order of creation is a topological order.";
  }
  if (step.kind === "seed") {
    return "The derivative of the output with respect to itself is 1, or what was given. Nothing uses the output further on, so it is complete.";
  }
  if (step.kind === "contribution") return isNaive ? naiveReason(step) : rightReason(step);
  if (step.kind === "hooked") return "All contributions have arrived. Hooks may put another gradient in its place before it goes on.";
  if (step.kind === "gradient") return "Nothing is pending any more, and no operation made this tensor: backward() adds this number to its grad.";
  if (step.kind === "verdict") return "Each visited node spoke once, with what it knew at the time.";
  return "The gradient is known. The update is computed on a copy: the parameter itself stays as it is.";
}

function rightReason(step) {
  const uses = nodes.get(step.node).uses;
  const own = step.node === content.output && !uses
    ? `${nameOf(step.node)} is the output: nothing is pending there.`
    : `${uses === 1 ? "The only contribution" : `All ${uses} contributions`} to ${nameOf(step.node)} ${uses === 1 ? "has" : "have"} arrived, so its gradient is complete and may be passed on.`;
  const parent = step.left
    ? `${nameOf(step.parent)} still waits for ${plural(step.left, "contribution")} and may not go on.`
    : `${nameOf(step.parent)} has now heard everything.`;
  return `${own} ${parent}`;
}

function naiveReason(step) {
  if (step.missing) {
    return `Too early: ${plural(step.missing, "contribution")} to ${nameOf(step.node)} ${step.missing === 1 ? "is" : "are"} still missing, and what comes later will go no further.`;
  }
  return `Something has arrived at ${nameOf(step.node)}, and by luck it is all that was to come.`;
}

function kindOfCall(step) {
  const node = nodes.get(step.node);
  return `${node.title}, shape ${node.shape}`;
}

// The whole step as plain text.
function asText(step, at, count, isNaive) {
  const lines = [`Step ${at + 1} of ${count} · ${phaseNames[step.phase]}${isNaive ? " in the wrong order" : ""}`, headline(step), reason(step, isNaive)];
  const line = (name, place) => lines.push(`${name}: ${arrayText(arrayAt(place))}`);
  if (step.kind === "call") line("value", nodes.get(step.node).value);
  if (step.kind === "seed" || step.kind === "gradient") line("gradient", step.gradient);
  if (step.kind === "hooked") {
    line("before", step.before);
    line("after", step.after);
  }
  if (step.kind === "contribution") {
    line("incoming gradient g", step.incoming);
    if (step.rule) {
      lines.push(`rule: ${step.rule[0]}   (${step.rule[2]}, line ${step.rule[3]})`);
      const numbers = step.expression && expressionAt(step.expression, []);
      if (numbers) lines.push(`with numbers: ${numbers}`);
    }
    if (step.local !== undefined && step.local !== step.contribution) line("before un-broadcasting", step.local);
    line("contribution", step.contribution);
    lines.push(`total before: ${step.before === null ? "nothing" : arrayText(arrayAt(step.before))}`);
    line("total after", step.total);
    lines.push(`pending at ${nameOf(step.parent)}: ${step.left}`);
    lines.push(checkText(edges.get(step.edge)));
  }
  if (step.kind === "verdict") {
    line("the wrong order", step.got);
    line("the right order", step.gradient);
  }
  if (step.kind === "update") {
    lines.push(step.formula);
    line("gradient", step.gradient);
    line("before", step.before);
    line("after", step.after);
  }
  return lines.join("\n").replaceAll("−", "-");
}

function arrayText(array) {
  if (!array.data || array.size > mostNumbers) {
    const s = statsOf(array);
    return `${shapeText(array.shape)} ${array.dtype}, ${number(s.min)} to ${number(s.max)}, norm ${number(s.norm)}`;
  }
  const nested = (axis, offset) => {
    if (axis === array.shape.length) return String(array.data[offset]);
    const inner = array.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const parts = [...Array(array.shape[axis]).keys()].map((k) => nested(axis + 1, offset + k * inner));
    return `[${parts.join(", ")}]`;
  };
  return nested(0, 0);
}
