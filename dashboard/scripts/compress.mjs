// Compresses what browsers load, so that the server never does. Without a name or time in the header the
// same input gives the same bytes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const folder = new URL('../dist/assets/', import.meta.url)
for (const name of readdirSync(folder)) {
  if (!/\.(css|js|svg)$/.test(name)) continue
  const file = new URL(name, folder)
  writeFileSync(new URL(`${name}.gz`, folder), gzipSync(readFileSync(file), { level: 9 }))
}
