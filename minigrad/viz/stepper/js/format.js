// Numbers and elements of the document.

// To four digits, as a person would write it.
function number(x, digits = 4) {
  if (x === undefined || x === null) return "?";
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "−inf";
  const size = Math.abs(x);
  let text;
  if (Number.isInteger(x) && size < 1e6) text = String(x);
  else if (size >= 1e5 || size < 1e-4) text = x.toExponential(digits - 1).replace(/\.?0+e/, "e");
  else text = String(Number(x.toPrecision(digits)));
  return text.replace("e+", "e").replaceAll("-", "−");
}

// Inside a formula, where a sign would meet an operator.
function operand(x) {
  const text = number(x);
  return text.startsWith("−") ? `(${text})` : text;
}

function indexText(index) {
  return index.length ? `[${index.join(", ")}]` : "";
}

function shapeText(shape) {
  return shape.length ? `(${shape.join(", ")}${shape.length === 1 ? "," : ""})` : "a number";
}

const thousands = new Intl.NumberFormat("en");

function plural(count, noun) {
  return `${thousands.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

// An element: h("p", {class: "x"}, "text", child, ...). Text is never markup.
function h(tag, attributes, ...children) {
  return built(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return built(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function built(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// A number that can be read in full: under the pointer, by a screen reader's user, by a test.
function shown(x, more = {}) {
  return h("span", { class: "number", "data-value": String(x), title: String(x), ...more }, number(x));
}

function cut(text, letters) {
  const characters = [...text];
  return characters.length <= letters ? text : `${characters.slice(0, letters - 1).join("")}…`;
}
