// The local derivatives of single operations, from the Jacobians that came with the page.

const jacobians = new Map();

function jacobianOf(edgeKey) {
  if (!jacobians.has(edgeKey)) {
    const packed = content.jacobians[edgeKey];
    jacobians.set(edgeKey, packed ? unpacked(packed) : null);
  }
  return jacobians.get(edgeKey);
}

function unpacked(packed) {
  const values = numbersIn(packed.values, packed.wide);
  if (packed.shape) return { kind: "element", shape: packed.shape, values };
  const byInput = new Map();
  const k = numbersIn(packed.k, "u2");
  numbersIn(packed.j, "u4").forEach((j, n) => {
    if (!byInput.has(j)) byInput.set(j, []);
    byInput.get(j).push({ k: k[n], factor: values[n] });
  });
  return { kind: "sparse", byInput };
}

// The elements k of the result that depend on element j of the input, each with dy[k] / dx[j];
// null if they are not in the page.
function dependents(edgeKey, j) {
  const jacobian = jacobianOf(edgeKey);
  if (!jacobian) return null;
  if (jacobian.kind === "sparse") return jacobian.byInput.get(j) ?? [];
  const input = arrayAt(nodes.get(edges.get(edgeKey).from).value);
  return broadcastTo(indexOf(j, input.shape), input.shape, jacobian.shape).map((k) => ({
    k,
    factor: jacobian.values[k],
  }));
}

// All places of a shape to which broadcasting copies one element of an input.
function broadcastTo(index, from, to) {
  const extra = to.length - from.length;
  let places = [0];
  to.forEach((length, axis) => {
    const copies = axis < extra || (from[axis - extra] === 1 && length !== 1);
    const choices = copies ? [...Array(length).keys()] : [index[axis - extra]];
    places = places.flatMap((offset) => choices.map((k) => offset * length + k));
  });
  return places;
}

// The expression of a rule with names; or with the numbers at one place, of a function of single
// elements or where all its arrays are single numbers. Else null.
function expressionText(expression) {
  return expression.parts.map((p) => (typeof p === "string" ? p : expression.names[p])).join("");
}

function expressionAt(expression, index) {
  const arrays = Object.fromEntries(
    Object.entries(expression.values).map(([place, value]) => [place, arrayAt(value)]),
  );
  const single = Object.values(arrays).every(isScalar);
  if (!expression.element && !single) return null;
  if (!Object.keys(arrays).length) return null;
  const text = expression.parts.map((p) =>
    typeof p === "string" ? p.replaceAll("-", "−") : operand(elementAt(arrays[p], index)),
  );
  return text.some((part) => part === "?") ? null : text.join("");
}
