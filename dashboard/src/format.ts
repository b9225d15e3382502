const formats = new Map<string, Intl.NumberFormat>()

function currencyFormat(currency: string): Intl.NumberFormat {
  let format = formats.get(currency)
  if (!format) {
    format = new Intl.NumberFormat(undefined, { style: 'currency', currency })
    formats.set(currency, format)
  }
  return format
}

/** How many digits a currency has behind the point: 2 for INR, none for JPY, three for KWD. */
export function digits(currency: string): number {
  return currencyFormat(currency).resolvedOptions().maximumFractionDigits ?? 2
}

/** An amount of minor units as people write it. The decimal text keeps large ones exact. */
export function money(minor: number, currency: string): string {
  return currencyFormat(currency).format(decimal(minor, currency) as unknown as number)
}

/** An amount of minor units in a few characters, as ₹1.2L or $3.4K, for the axis of a chart. */
export const compactMoney = (minor: number, currency: string) =>
  new Intl.NumberFormat(undefined, { style: 'currency', currency, notation: 'compact', maximumFractionDigits: 1, minimumFractionDigits: 0 }).format(Number(decimal(minor, currency)))

/** An amount of minor units as a plain number in the currency's own unit, exactly. */
export function decimal(minor: number, currency: string): string {
  const places = digits(currency)
  const sign = minor < 0 ? '-' : ''
  const text = String(Math.abs(minor)).padStart(places + 1, '0')
  return places === 0 ? sign + text : `${sign}${text.slice(0, -places)}.${text.slice(-places)}`
}

/** The minor units of what somebody typed, or nothing when it is no amount of this currency. */
export function minorUnits(text: string, currency: string): number | undefined {
  const match = /^\s*(\d{1,13})(?:[.,](\d+))?\s*$/.exec(text)
  if (!match) return undefined
  const places = digits(currency)
  const fraction = match[2] ?? ''
  if (fraction.length > places) return undefined
  const minor = Number(`${match[1]}${fraction.padEnd(places, '0')}`)
  return minor > 0 && minor <= 1_000_000_000_000 ? minor : undefined
}

const thisYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const otherYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })

/** A time in the viewer's zone, short. */
export function time(iso: string, now = new Date()): string {
  const date = new Date(iso)
  return (date.getFullYear() === now.getFullYear() ? thisYear : otherYear).format(date)
}

/** The exact time, in the viewer's zone and in UTC. */
export function exactTime(iso: string): string {
  const date = new Date(iso)
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' }).format(date)
  return `${local} · ${date.toISOString()}`
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })

/** How far away a time is. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000)
  const size = Math.abs(seconds)
  if (size < 60) return relative.format(seconds, 'second')
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute')
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), 'hour')
  return relative.format(Math.round(seconds / 86_400), 'day')
}

export const count = (n: number) => new Intl.NumberFormat().format(n)

export const percent = (share: number) =>
  new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: share > 0.99 && share < 1 ? 2 : 1 }).format(share)

/** What a code such as insufficient_funds says, for people. */
export function words(code: string): string {
  const text = code.replaceAll(/[_.]/g, ' ').replaceAll(/\b(cvc|upi|id|url)\b/g, (short) => short.toUpperCase())
  return text.charAt(0).toUpperCase() + text.slice(1)
}
