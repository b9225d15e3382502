import { expect, test } from 'vitest';
import { catalogues, translator } from '../page/messages';
import { formatMoney } from '../page/money';
import { onAccent, relativeLuminance } from '../page/theme';
import { vpaProblem } from '../page/vpa';

test.each([
  ['', 'required'], ['name', 'invalid'], ['name@bank', null], ['a.b-c_1@okaxis', null], ['x@bank', 'invalid'], ['name@gmail.com', 'email'], ['a@b@c', 'invalid'],
  [' name@bank ', null], ['naïve@bank', 'invalid'], ['name@1bank', 'invalid'],
])('UPI ID %s: %s', (text, problem) => expect(vpaProblem(text)).toBe(problem));

test.each([
  [50000, 'INR', 2, 'en', '₹500.00'], [12345678900, 'INR', 2, 'en', '₹12,34,56,789.00'], [500, 'JPY', 0, 'en', '¥500'], [1234567, 'KWD', 3, 'en', 'KWD 1,234.567'],
  [150000, 'IQD', 3, 'en', 'IQD 150.000'], [50000, 'INR', 2, 'hi', '₹500.00'], [1, 'USD', 2, 'en', '$0.01'],
])('%d %s with %d decimals in %s', (amount, currency, exponent, locale, shown) => {
  expect(formatMoney(amount, currency, exponent, locale).replace(/\s/g, ' ')).toBe(shown);
});

test('every language has every text, with the same values in it', () => {
  const values = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const [key, text] of Object.entries(catalogues.en)) {
    const hindi = catalogues.hi[key as keyof typeof catalogues.en];
    expect(hindi, key).toBeTruthy();
    expect(values(hindi), key).toEqual(values(text));
  }
  expect(translator('en')('pay', { amount: '₹5' })).toBe('Pay ₹5');
});

test('a text on any colour has a contrast of 4.5 to 1', () => {
  for (let r = 0; r < 256; r += 15) for (let g = 0; g < 256; g += 15) for (let b = 0; b < 256; b += 15) {
    const luminance = relativeLuminance([r, g, b]);
    const text = onAccent(luminance) === '#ffffff' ? 1 : 0;
    const contrast = (Math.max(text, luminance) + 0.05) / (Math.min(text, luminance) + 0.05);
    expect(contrast).toBeGreaterThanOrEqual(4.5);
  }
});
