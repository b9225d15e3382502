import { describe, expect, test } from 'vitest';
import { brandOf, cvcLength, cvcProblem, expiryProblem, formatExpiry, formatNumber, luhn, maxDigits, numberProblem, parseExpiry } from '../page/card';

describe('brands', () => {
  test.each([
    ['4', 'visa'], ['51', 'mastercard'], ['2221', 'mastercard'], ['2223003122003222', 'mastercard'], ['272', 'unknown'], ['27209', 'mastercard'], ['2721', 'unknown'],
    ['34', 'amex'], ['37', 'amex'], ['3', 'unknown'], ['6', 'unknown'], ['60', 'unknown'], ['6074', 'rupay'], ['6521', 'unknown'], ['652150', 'rupay'],
    ['6011', 'discover'], ['36', 'diners'], ['3566002020360505', 'jcb'], ['62', 'unknown'], ['620000', 'unionpay'], ['', 'unknown'], ['9', 'unknown'],
  ])('%s is %s', (digits, brand) => expect(brandOf(digits)).toBe(brand));

  test('while a number is typed, a brand once told is never another', () => {
    for (const number of ['4242424242424242', '5555555555554444', '2223003122003222', '378282246310005', '6074300000000002', '6011111111111117', '3056930009020004', '3566002020360505', '6200000000000005']) {
      const seen = Array.from(number, (_, i) => brandOf(number.slice(0, i + 1))).filter((brand) => brand !== 'unknown');
      expect(new Set(seen).size, number).toBe(1);
      expect(numberProblem(number), number).toBeNull();
    }
  });
});

describe('numbers', () => {
  test.each([
    ['4242424242424242', '4242 4242 4242 4242'], ['378282246310005', '3782 822463 10005'], ['3056930009020004', '3056 9300 0902 0004'],
    ['30569309025904', '3056 930902 5904'], ['4242-4242x4242', '4242 4242 4242'], ['42424242424242424242424', '4242 4242 4242 4242 424'], ['', ''],
  ])('%s is shown as %s', (text, shown) => expect(formatNumber(text)).toBe(shown));

  test.each([
    ['', 'required'], ['4242', 'incomplete'], ['4242424242424241', 'invalid'], ['42424242424242', 'invalid'], ['0000000000000000', 'invalid'],
    ['4242 4242 4242 4242', null], ['37828224631000', 'incomplete'], ['5555 5555 5555 4444', null],
  ])('%s: %s', (text, problem) => expect(numberProblem(text)).toBe(problem));

  test('every single mistyped digit is found', () => {
    const number = '4242424242424242';
    for (let i = 0; i < number.length; i++) {
      for (let digit = 0; digit < 10; digit++) {
        const typed = number.slice(0, i) + digit + number.slice(i + 1);
        expect(luhn(typed)).toBe(typed === number);
      }
    }
    expect(luhn('')).toBe(false);
  });

  test('lengths', () => {
    expect(maxDigits('37')).toBe(15);
    expect(maxDigits('51')).toBe(16);
    expect(maxDigits('4')).toBe(19);
  });
});

describe('expiry', () => {
  const now = new Date('2026-11-23T10:00:00Z');

  test.each([
    ['1', '1'], ['12', '12 / '], ['4', '04 / '], ['4/', '04 / '], ['1/', '01 / '], ['1230', '12 / 30'], ['12 / 2030', '12 / 30'], ['12/30', '12 / 30'], ['4/30', '04 / 30'],
  ])('%s is shown as %s', (text, shown) => expect(formatExpiry(text)).toBe(shown));

  test('a separator that is deleted stays away', () => expect(formatExpiry('12', true)).toBe('12'));

  test.each([
    ['', 'required'], ['1', 'incomplete'], ['13 / 30', 'invalid'], ['00/30', 'invalid'], ['10 / 26', 'expired'], ['11 / 26', null], ['12 / 26', null], ['01 / 20', 'expired'],
    ['12 / 99', 'invalid'],
  ])('%s: %s', (text, problem) => expect(expiryProblem(text, now)).toBe(problem));

  test('a month ends when it has ended everywhere', () => {
    expect(expiryProblem('11/26', new Date('2026-12-01T11:59:00Z'))).toBeNull();
    expect(expiryProblem('11/26', new Date('2026-12-01T12:00:00Z'))).toBe('expired');
  });

  test('what is shown is read again', () => {
    for (let month = 1; month <= 12; month++) {
      expect(parseExpiry(formatExpiry(`${String(month).padStart(2, '0')}31`))).toEqual({ month, year: 2031 });
    }
  });
});

test('security codes by brand', () => {
  expect(cvcLength('3782')).toBe(4);
  expect(cvcLength('4242')).toBe(3);
  expect(cvcProblem('', '4')).toBe('required');
  expect(cvcProblem('12', '4')).toBe('incomplete');
  expect(cvcProblem('123', '37')).toBe('incomplete');
  expect(cvcProblem('1234', '37')).toBeNull();
});
