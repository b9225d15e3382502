/** Colours the buttons as the shop wants, with a text that can be read on it. */
export function applyAccent(hex: string): void {
  const match = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (!match) return;
  const luminance = relativeLuminance(match.slice(1, 4).map((part) => parseInt(part, 16)));
  const { style } = document.documentElement;
  style.setProperty('--accent', `#${match.slice(1, 4).join('')}`);
  style.setProperty('--on-accent', onAccent(luminance));
}

/** WCAG 2.2's relative luminance. */
export function relativeLuminance(rgb: number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever contrasts more: one of them always has 4.5 : 1. */
export function onAccent(luminance: number): string {
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000';
}
