// Showing JSON indented and coloured, token by token: JSON.parse would round large
// numbers, drop double members and reorder numeric ones, and this page is where one
// looks for exactly that.

const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;

// Above this many characters indenting is still done, colouring is not: each token
// is an element.
const maxColoured = 200_000;

export function isJSON(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// tokens gives [kind, text] pairs of valid JSON, with the white space of indented
// JSON between them in place of its own.
export function* tokens(text) {
  const found = text.match(token) ?? [];
  let depth = 0;
  for (let i = 0; i < found.length; i++) {
    const part = found[i];
    const next = found[i + 1];
    switch (part) {
      case "{": case "[":
        yield ["mark", part];
        if (next === "}" || next === "]") break;
        depth++;
        yield ["space", newline(depth)];
        break;
      case "}": case "]":
        if (found[i - 1] !== "{" && found[i - 1] !== "[") {
          depth--;
          yield ["space", newline(depth)];
        }
        yield ["mark", part];
        break;
      case ",":
        yield ["mark", part];
        yield ["space", newline(depth)];
        break;
      case ":":
        yield ["mark", ": "];
        break;
      default:
        yield [kindOf(part, next), part];
    }
  }
}

const newline = (depth) => "\n" + "  ".repeat(depth);

function kindOf(part, next) {
  if (part[0] === '"') return next === ":" ? "name" : "string";
  if (part === "true" || part === "false" || part === "null") return "word";
  return "number";
}

// renderJSON fills a <pre>.
export function renderJSON(pre, text) {
  if (text.length > maxColoured) {
    pre.textContent = Array.from(tokens(text), ([, part]) => part).join("");
    return;
  }
  const fragment = document.createDocumentFragment();
  for (const [kind, part] of tokens(text)) {
    if (kind === "space" || kind === "mark") {
      fragment.append(part);
      continue;
    }
    const span = document.createElement("span");
    span.className = "json-" + kind;
    span.textContent = part;
    fragment.append(span);
  }
  pre.replaceChildren(fragment);
}
