// Looks at every page of a running dashboard in Chromium, at two widths, in light and dark: axe must find no
// violation, nothing may break the Content-Security-Policy, and no page may be wider than its window.
//
//   node e2e/dashboard/pages.mjs <dashboard URL> <e-mail> <password> <folder for screenshots>
import { mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const require = createRequire(new URL('../../dashboard/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const [, , base, email, password, shots] = process.argv
const problems = { list: [], push(text) { this.list.push(text); console.log(text) }, get length() { return this.list.length } }
const browser = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'dashboard-')), {
  executablePath: '/usr/bin/chromium', headless: true, bypassCSP: false, viewport: { width: 1280, height: 900 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const page = browser.pages()[0] ?? (await browser.newPage())
let where = 'sign-in'
page.on('console', (message) => message.type() === 'error' && !/status of 40[14]/.test(message.text()) && problems.push(`${where}: ${message.text()}`))
page.on('pageerror', (error) => problems.push(`${where}: ${error.message}`))
page.on('request', (request) => { if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url())) problems.push(`${where}: asked ${request.url()}`) })

async function look(name) {
  where = name
  for (const theme of ['light', 'dark']) {
    await page.evaluate((chosen) => { document.documentElement.dataset.theme = chosen }, theme)
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 })
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (over > 0) problems.push(`${name}, ${width}: ${over} px too wide`)
      await page.screenshot({ path: join(shots, `${name}-${width}-${theme}.png`), fullPage: false })
    }
    // Evaluated by the debugger's protocol, which the page's policy does not bind.
    const { violations } = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`)
    for (const v of violations) problems.push(`${name}, ${theme}: ${v.id}: ${v.nodes.map((node) => node.target).slice(0, 3).join(' | ')}`)
  }
  await page.setViewportSize({ width: 1280, height: 900 })
}

await page.goto(base)
await page.waitForSelector('[data-test-id=login-form]')
await look('sign-in')
await page.fill('[data-test-id=email-input]', email)
await page.fill('[data-test-id=password-input]', password)
await page.click('[data-test-id=login-button]')
await page.waitForSelector('[data-test-id=dashboard]')

const at = (path) => `${base}${path}`
for (const path of ['/', '/payments', '/refunds', '/orders', '/orders/order_xyz', '/balance', '/webhooks', '/webhooks/logs', '/webhooks/debugger', '/events', '/keys', '/docs', '/settings']) {
  await page.goto(at(path))
  await page.waitForSelector('h1')
  await page.waitForFunction(() => !document.querySelector('[role=status][aria-label=Loading]'))
  await look(path === '/' ? 'home' : path.slice(1).replaceAll('/', '-'))
}
for (const [list, row, name] of [['/payments', '[data-test-id=transaction-row]', 'payment'], ['/webhooks/logs', '[data-test-id=webhook-log-item]', 'delivery']]) {
  await page.goto(at(list))
  await page.click(`${row} td`)
  await page.waitForSelector('dl')
  await page.waitForTimeout(700)
  await look(name)
}
await page.goto(at('/webhooks'))
await page.click('[data-test-id=add-endpoint-button]')
await page.waitForSelector('dialog[open]')
await look('webhooks-add')

where = 'sign-out'
await page.goto(at('/'))
await page.click('[data-test-id=logout-button]')
await page.waitForSelector('[data-test-id=login-form]')
await browser.close()
console.log(`${problems.length} problems`)
process.exit(problems.length === 0 ? 0 : 1)
