// Building the page. Everything that came over the network becomes text here, never
// markup.

export const byId = (id) => document.getElementById(id);

// el makes an element: attributes by name (false and null leave one out, on… adds a
// listener), then children, strings as text.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

// copyButton copies what read() returns and says that it did.
export function copyButton(label, read) {
  const button = el("button", { type: "button", class: "small" }, label);
  button.addEventListener("click", () => copy(button, read()));
  return button;
}

export async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Not allowed, or no secure context: the text can still be selected by hand.
    button.textContent = "Not allowed";
  }
  setTimeout(() => { button.textContent = label; }, 1500);
}
