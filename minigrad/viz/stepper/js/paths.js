// The path products that add up to one element of a gradient: by each way from it to the output, the
// product of the local derivatives on the way, and of the gradient that the pass started with.

const mostPaths = 24;
const mostVisits = 4000;

// Returns {paths: [{steps, start, product}], rest, total, isWhole, why}; the largest first.
function pathProducts(key, offset) {
  const gradient = finalGradients.get(key);
  const total = gradient === undefined ? undefined : arrayAt(gradient).data?.[offset];
  const open = [{ key, offset, steps: [], product: 1, value: total }];
  const paths = [];
  let visits = 0;
  let blocked = null;
  while (open.length && paths.length < mostPaths && visits < mostVisits) {
    visits++;
    const path = takeLargest(open);
    const seed = path.key === content.output ? seedAt(path.offset) : undefined;
    const uses = hookedNodes.has(path.key) && path.steps.length ? [] : (outgoingEdges.get(path.key) ?? []).filter((e) => e.check);
    if (seed !== undefined) paths.push({ steps: path.steps, start: seed, product: path.product * seed });
    if (hookedNodes.has(path.key) && path.steps.length) {
      blocked = `a hook changed the gradient of ${nameOf(path.key)}`;
      paths.push(stopped(path, blocked));
    }
    for (const edge of uses) {
      const found = dependents(edge.key, path.offset);
      if (found === null) {
        blocked = `the local derivatives of ${nameOf(edge.to)} are too many for this page`;
        paths.push(stoppedAt(path, edge));
        continue;
      }
      for (const { k, factor } of found) {
        const above = arrayAt(passedOn.get(edge.to) ?? finalGradients.get(edge.to)).data?.[k];
        if (factor === 0 || above === 0) continue;
        open.push({
          key: edge.to, offset: k, product: path.product * factor, value: path.product * factor * (above ?? 1),
          steps: [...path.steps, { edge: edge.key, factor, to: edge.to, k }],
        });
      }
    }
  }
  paths.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
  const sum = paths.reduce((all, path) => all + path.product, 0);
  return { paths, total, rest: total - sum, isWhole: !open.length, blocked };
}

function takeLargest(open) {
  let best = 0;
  open.forEach((path, k) => {
    if (Math.abs(path.value) > Math.abs(open[best].value)) best = k;
  });
  return open.splice(best, 1)[0];
}

function seedAt(offset) {
  const seed = rightSteps.find((s) => s.kind === "seed");
  return arrayAt(seed.gradient).data?.[offset];
}

function stopped(path, why) {
  const g = arrayAt(passedOn.get(path.key) ?? finalGradients.get(path.key)).data?.[path.offset];
  return { steps: path.steps, start: g, product: path.product * g, why };
}

// Of an edge without a Jacobian only the sum of all its paths is known.
function stoppedAt(path, edge) {
  const step = rightSteps.find((s) => s.edge === edge.key && s.kind === "contribution");
  const sum = arrayAt(step.contribution).data?.[path.offset] ?? 0;
  return { steps: path.steps, start: sum, product: path.product * sum, through: edge.to };
}
