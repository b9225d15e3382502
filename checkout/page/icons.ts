import type { Brand } from './card';
import { s } from './dom';

const stroke = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.75, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };

function icon(...paths: string[]): SVGElement {
  return s('svg', { viewBox: '0 0 24 24', width: 22, height: 22, 'aria-hidden': 'true', ...stroke }, ...paths.map((d) => s('path', { d })));
}

export const icons = {
  card: () => icon('M3 7.5A2.5 2.5 0 0 1 5.5 5h13A2.5 2.5 0 0 1 21 7.5v9a2.5 2.5 0 0 1-2.5 2.5h-13A2.5 2.5 0 0 1 3 16.5z', 'M3 10h18', 'M7 15h3'),
  upi: () => icon('M13 3 6 13h5l-1 8 8-11h-5.5z'),
  netbanking: () => icon('M4 10 12 4l8 6', 'M5 20h14', 'M6.5 10.5V17', 'M12 10.5V17', 'M17.5 10.5V17'),
  lock: () => icon('M6 11h12v9H6z', 'M8.5 11V8a3.5 3.5 0 0 1 7 0v3'),
  alert: () => icon('M12 3.5 21.5 20h-19z', 'M12 10v4.5', 'M12 17.2v.1'),
};

/** The large mark above an outcome. */
export function mark(kind: 'good' | 'bad' | 'info'): SVGElement {
  const path = { good: 'M15 24.5 21.5 31 33.5 18', bad: 'M17 17l14 14M31 17 17 31', info: 'M24 21v12M24 15v.1' }[kind];
  return s('svg', { viewBox: '0 0 48 48', class: `mark mark-${kind}`, 'aria-hidden': 'true' }, s('circle', { cx: 24, cy: 24, r: 22 }), s('path', { d: path }));
}

const labels: Partial<Record<Brand, [text: string, colour: string]>> = {
  visa: ['VISA', '#1a1f71'],
  amex: ['AMEX', '#1470b8'],
  rupay: ['RuPay', '#0c5a3c'],
  discover: ['DISC', '#b3500a'],
  diners: ['DINERS', '#0b5a8a'],
  jcb: ['JCB', '#0e4c96'],
  unionpay: ['UPay', '#a3182a'],
};

/** A small card in the colours of its brand. What it says is said in text too, so it is hidden from readers. */
export function brandMark(brand: Brand): SVGElement {
  const attributes = { viewBox: '0 0 40 26', width: 40, height: 26, class: 'brand', 'aria-hidden': 'true' };
  if (brand === 'mastercard' || brand === 'maestro') {
    const right = brand === 'mastercard' ? '#f79e1b' : '#0a7fc2';
    return s('svg', attributes,
      s('rect', { width: 40, height: 26, rx: 4, fill: '#1f2430' }),
      s('circle', { cx: 16, cy: 13, r: 7.5, fill: '#eb001b' }),
      s('circle', { cx: 24, cy: 13, r: 7.5, fill: right, 'fill-opacity': 0.88 }));
  }
  const known = labels[brand];
  if (!known) {
    return s('svg', { ...attributes, ...stroke, class: 'brand brand-unknown' },
      s('rect', { x: 1, y: 1, width: 38, height: 24, rx: 4 }), s('path', { d: 'M1 8.5h38M6 18h8' }));
  }
  return s('svg', attributes,
    s('rect', { width: 40, height: 26, rx: 4, fill: known[1] }),
    s('text', { x: 20, y: 17, 'text-anchor': 'middle', fill: '#fff', 'font-size': known[0].length > 4 ? 9 : 11, 'font-weight': 700, 'font-family': 'system-ui, sans-serif' }, known[0]));
}

export const brandNames: Record<Brand, string> = {
  visa: 'Visa', mastercard: 'Mastercard', amex: 'American Express', rupay: 'RuPay', discover: 'Discover',
  diners: 'Diners Club', jcb: 'JCB', unionpay: 'UnionPay', maestro: 'Maestro', unknown: '',
};
