// Builds dist/, which is committed: whoever has only Go can build the gateway. The same sources give the
// same bytes; `node build.mjs --check` fails when dist is not what the sources give.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
/** What checkout.js may weigh on the wire. */
const maxScript = 6 * 1024;

const { version } = JSON.parse(readFileSync(join(root, 'sdk/npm/package.json'), 'utf8'));
const check = process.argv.includes('--check');
const out = check ? mkdtempSync(join(tmpdir(), 'paygate-checkout-')) : dist;

const target = ['chrome90', 'firefox91', 'safari15'];
const common = { bundle: true, minify: true, target, charset: 'utf8', legalComments: 'none', write: false, absWorkingDir: root };

async function bundle(entry, options) {
  const result = await build({ ...common, entryPoints: [entry], ...options });
  return Buffer.from(result.outputFiles[0].contents);
}

const hash = (content) => createHash('sha256').update(content).digest('hex').slice(0, 12);
const integrity = (content) => `sha384-${createHash('sha384').update(content).digest('base64')}`;

function write(path, content) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), content);
}

for (const folder of ['page', 'sdk', 'npm']) rmSync(join(out, folder), { recursive: true, force: true });

const script = await bundle('sdk/script.ts', { format: 'iife' });
const module = await bundle('sdk/module.ts', { format: 'esm' });
const scriptName = `checkout.v${version}.${hash(script)}.js`;
const moduleName = `checkout.v${version}.${hash(module)}.mjs`;
write('sdk/checkout.js', script);
write('sdk/checkout.mjs', module);
write(`sdk/${scriptName}`, script);
write(`sdk/${moduleName}`, module);

const page = {};
for (const [key, entry, name, ext] of [
  ['page_js', 'page/main.ts', 'pay', 'js'],
  ['error_js', 'page/error.ts', 'error', 'js'],
  ['page_css', 'page/page.css', 'pay', 'css'],
  ['action_css', 'page/action.css', 'action', 'css'],
]) {
  const content = await bundle(entry, { format: ext === 'js' ? 'esm' : undefined });
  page[key] = `${name}.${hash(content)}.${ext}`;
  write(`page/${page[key]}`, content);
}
write('page/icon.svg', readFileSync(join(root, 'page/icon.svg')));

write('npm/index.js', await bundle('sdk/loader.ts', { format: 'esm', minify: false }));
write('npm/index.cjs', await bundle('sdk/loader.ts', { format: 'cjs', minify: false }));
for (const name of ['package.json', 'README.md']) write(`npm/${name}`, readFileSync(join(root, 'sdk/npm', name)));
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.types.json'), '--outDir', join(out, 'npm/types')], { stdio: 'inherit' });

write('manifest.json', `${JSON.stringify({
  version,
  files: page,
  sdk: { script: scriptName, script_integrity: integrity(script), module: moduleName, module_integrity: integrity(module) },
}, null, 2)}\n`);

const weight = gzipSync(script, { level: 9 }).length;
if (weight > maxScript) fail(`checkout.js weighs ${weight} bytes compressed; ${maxScript} are allowed`);

const differences = check ? compare(out, dist) : [];
// The documents show the script with its hash, for whoever pins it.
const guide = join(root, '../docs/checkout.md');
const shown = readFileSync(guide, 'utf8');
const current = shown.replace(/\/checkout\.v[^"]+\.js"/, `/${scriptName}"`).replace(/integrity="[^"]+"/, `integrity="${integrity(script)}"`);
if (!check) writeFileSync(guide, current);
else if (current !== shown) differences.push('differs: docs/checkout.md');
if (check) {
  rmSync(out, { recursive: true });
  if (differences.length > 0) fail(`dist is not what the sources give; run npm --prefix checkout run build:\n  ${differences.join('\n  ')}`);
}
console.log(`checkout.js ${weight} bytes compressed, ${check ? 'dist is fresh' : `dist written, ${scriptName}`}`);

function files(dir, base = dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).sort().flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path, base) : [relative(base, path)];
  });
}

function compare(fresh, committed) {
  const have = files(committed).filter((path) => !path.startsWith('released/'));
  const want = files(fresh);
  return [
    ...want.filter((path) => !have.includes(path)).map((path) => `missing: ${path}`),
    ...have.filter((path) => !want.includes(path)).map((path) => `left over: ${path}`),
    ...want.filter((path) => have.includes(path) && !readFileSync(join(fresh, path)).equals(readFileSync(join(committed, path)))).map((path) => `differs: ${path}`),
  ];
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
