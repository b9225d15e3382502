// compress.mjs BUILD: replaces what browsers load by its compressed form, so that the server never does that and the
// binary holds it once. Without a name or time in the header the same input gives the same bytes.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

const folder = pathToFileURL(`${resolve(process.argv[2], 'assets')}/`)
for (const name of readdirSync(folder)) {
  if (!/\.(css|js|svg)$/.test(name)) continue
  const file = new URL(name, folder)
  writeFileSync(new URL(`${name}.gz`, folder), gzipSync(readFileSync(file), { level: 9 }))
  rmSync(file)
}
