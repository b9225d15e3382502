// What can be told of a card from its number. The ranges are the server's (processor/brand.go), which
// has the last word; here they only save the customer a round trip.

export type Brand = 'visa' | 'mastercard' | 'amex' | 'rupay' | 'discover' | 'diners' | 'jcb' | 'unionpay' | 'maestro' | 'unknown';

interface Range {
  brand: Brand;
  low: string;
  high: string;
  lengths: number[];
  cvc: 3 | 4;
  groups?: number[];
}

const upTo19 = [16, 17, 18, 19];
const maestro = [13, 14, 15, 16, 17, 18, 19];
const amexGroups = [4, 6, 5];
const dinersGroups = [4, 6, 4];

/** Searched from the top, so a narrow range stands above the wide one that it is cut out of. */
const ranges: Range[] = [
  { brand: 'visa', low: '400000', high: '499999', lengths: [13, 16, 19], cvc: 3 },
  { brand: 'mastercard', low: '510000', high: '559999', lengths: [16], cvc: 3 },
  { brand: 'mastercard', low: '222100', high: '272099', lengths: [16], cvc: 3 },
  { brand: 'amex', low: '340000', high: '349999', lengths: [15], cvc: 4, groups: amexGroups },
  { brand: 'amex', low: '370000', high: '379999', lengths: [15], cvc: 4, groups: amexGroups },
  { brand: 'rupay', low: '508500', high: '508999', lengths: [16], cvc: 3 },
  { brand: 'rupay', low: '606985', high: '607984', lengths: [16], cvc: 3 },
  { brand: 'rupay', low: '608001', high: '608500', lengths: [16], cvc: 3 },
  { brand: 'rupay', low: '652150', high: '653149', lengths: [16], cvc: 3 },
  { brand: 'rupay', low: '817200', high: '820199', lengths: [16], cvc: 3 },
  { brand: 'discover', low: '601100', high: '601199', lengths: upTo19, cvc: 3 },
  { brand: 'discover', low: '622126', high: '622925', lengths: upTo19, cvc: 3 },
  { brand: 'discover', low: '644000', high: '659999', lengths: upTo19, cvc: 3 },
  { brand: 'unionpay', low: '620000', high: '629999', lengths: upTo19, cvc: 3 },
  { brand: 'diners', low: '300000', high: '305999', lengths: [14, ...upTo19], cvc: 3, groups: dinersGroups },
  { brand: 'diners', low: '309500', high: '309599', lengths: [14, ...upTo19], cvc: 3, groups: dinersGroups },
  { brand: 'diners', low: '360000', high: '369999', lengths: [14, 15, ...upTo19], cvc: 3, groups: dinersGroups },
  { brand: 'diners', low: '380000', high: '399999', lengths: [14, ...upTo19], cvc: 3, groups: dinersGroups },
  { brand: 'jcb', low: '352800', high: '358999', lengths: upTo19, cvc: 3 },
  { brand: 'maestro', low: '501800', high: '501899', lengths: maestro, cvc: 3 },
  { brand: 'maestro', low: '502000', high: '502099', lengths: maestro, cvc: 3 },
  { brand: 'maestro', low: '503800', high: '503899', lengths: maestro, cvc: 3 },
  { brand: 'maestro', low: '589300', high: '589399', lengths: maestro, cvc: 3 },
  { brand: 'maestro', low: '630400', high: '630499', lengths: maestro, cvc: 3 },
  { brand: 'maestro', low: '675900', high: '676399', lengths: maestro, cvc: 3 },
];

const unknown: Range = { brand: 'unknown', low: '', high: '', lengths: maestro, cvc: 3 };

/**
 * The range that the digits typed so far leave: the first that all numbers beginning so could be in as
 * far as the brand goes, else unknown.
 */
function rangeOf(digits: string): Range {
  if (!digits) return unknown;
  const low = digits.slice(0, 6).padEnd(6, '0');
  const high = digits.slice(0, 6).padEnd(6, '9');
  const possible = ranges.filter((range) => range.low <= high && low <= range.high);
  const first = possible[0];
  if (!first) return unknown;
  if (digits.length >= 6) return first;
  // Fewer digits decide only where every number that begins so is of one brand.
  const covered = possible.some((range) => range.low <= low && high <= range.high);
  return covered && possible.every((range) => range.brand === first.brand) ? first : unknown;
}

export function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

export function brandOf(number: string): Brand {
  return rangeOf(digitsOf(number)).brand;
}

export function cvcLength(number: string): 3 | 4 {
  return rangeOf(digitsOf(number)).cvc;
}

/** The most digits that a number beginning so can have. */
export function maxDigits(number: string): number {
  return Math.max(...rangeOf(digitsOf(number)).lengths);
}

/** Digits in the groups that are printed on the card. */
export function formatNumber(text: string): string {
  const digits = digitsOf(text).slice(0, maxDigits(text));
  const { groups } = rangeOf(digits);
  const parts: string[] = [];
  let rest = digits;
  for (let i = 0; rest; i++) {
    const size = groups && digits.length <= groups.reduce((a, b) => a + b, 0) ? (groups[i] ?? 4) : 4;
    parts.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
  return parts.join(' ');
}

/** Checks the last digit (ISO/IEC 7812-1, annex B). */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let digit = Number(digits[digits.length - 1 - i]);
    if (i % 2 === 1) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** What is wrong with a number, or null. */
export function numberProblem(text: string): 'required' | 'incomplete' | 'invalid' | null {
  const digits = digitsOf(text);
  if (!digits) return 'required';
  const { lengths } = rangeOf(digits);
  if (digits.length < Math.min(...lengths)) return 'incomplete';
  if (digits[0] === '0' || !lengths.includes(digits.length) || !luhn(digits)) return 'invalid';
  return null;
}

export interface Expiry {
  month: number;
  year: number;
}

/** Reads MM/YY, MM/YYYY, with whatever stands between, and MMYY. */
export function parseExpiry(text: string): Expiry | null {
  const match = /^\s*(\d{1,2})\s*[/\-. ]\s*(\d{4}|\d{2})\s*$/.exec(text) ?? /^\s*(\d{2})(\d{4}|\d{2})\s*$/.exec(text);
  if (!match) return null;
  const month = Number(match[1]);
  const year = Number(match[2]);
  return month >= 1 && month <= 12 ? { month, year: year < 100 ? 2000 + year : year } : null;
}

/** What is typed, as `MM / YY`. A separator that was just deleted stays away. */
export function formatExpiry(text: string, deleting = false): string {
  const whole = parseExpiry(text);
  if (whole && /\d{4}\s*$/.test(text) && digitsOf(text).length >= 5) {
    return `${String(whole.month).padStart(2, '0')} / ${String(whole.year % 100).padStart(2, '0')}`;
  }
  let digits = digitsOf(text);
  // 4 can only be April, and `4/` says so too.
  if (/^[2-9]/.test(digits) || /^1\s*\//.test(text)) digits = `0${digits}`;
  digits = digits.slice(0, 4);
  if (digits.length < 2 || (deleting && digits.length === 2)) return digits;
  return `${digits.slice(0, 2)} / ${digits.slice(2)}`;
}

/** A card is valid until its month has ended everywhere on earth; the issuer has the last word. */
export function expiryProblem(text: string, now: Date): 'required' | 'incomplete' | 'invalid' | 'expired' | null {
  if (!text.trim()) return 'required';
  const expiry = parseExpiry(text);
  if (!expiry) return digitsOf(text).length < 4 ? 'incomplete' : 'invalid';
  if (now.getTime() >= Date.UTC(expiry.year, expiry.month, 1, 12)) return 'expired';
  return expiry.year > now.getUTCFullYear() + 50 ? 'invalid' : null;
}

export function cvcProblem(text: string, number: string): 'required' | 'incomplete' | null {
  const digits = digitsOf(text);
  if (!digits) return 'required';
  return digits.length === cvcLength(number) ? null : 'incomplete';
}
