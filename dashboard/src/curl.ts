/** Text as one word of a POSIX shell. */
export const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** A delivery as a command that sends the same body to the same URL, without signatures. */
export const asCurl = (url: string, body: string, headers: Record<string, string>) =>
  [`curl -X POST ${quote(url)}`, ...Object.entries({ 'Content-Type': 'application/json', ...headers }).map(([name, value]) => `  -H ${quote(`${name}: ${value}`)}`), `  --data-raw ${quote(body)}`].join(' \\\n')
