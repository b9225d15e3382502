import { describe, expect, test } from 'vitest'
import { documentLink, render, slug } from './markdown'

describe('nothing in a text runs', () => {
  test.each([
    ['<script>alert(1)</script>', /<script/],
    ['a <img src=x onerror=alert(1)> b', /<img|onerror/],
    ['[x](javascript:alert(1))', /javascript/],
    ['[x](data:text/html,<script>1</script>)', /href|<script/],
    ['![<b>](x "y")', /<b>|<img/],
    ['```\n</code></pre><script>1</script>\n```', /<script/],
    ['# <i onclick=x>h</i>', /<i/],
    ['| <u>a</u> |\n|---|\n| <u>b</u> |', /<u>/],
  ])('%s', (text, never) => {
    expect(render(text)).not.toMatch(never)
  })
})

test('headings have the anchors of GitHub, also twice of a name', () => {
  expect(render('## Going live\n\n## Going live\n\n### `paygate dev`, a tour!')).toBe('<h2 id="going-live">Going live</h2>\n<h2 id="going-live-1">Going live</h2>\n<h3 id="paygate-dev-a-tour"><code>paygate dev</code>, a tour!</h3>\n')
  expect(slug('Errors & retries')).toBe('errors--retries')
})

test('links between documents stay in the app, those that leave the folder are text', () => {
  const links = documentLink('checkout')
  expect(render('[w](webhooks.md#signing)', links)).toContain('data-to="/docs/webhooks#signing"')
  expect(render('[h](#options)', links)).toContain('data-to="/docs/checkout#options"')
  expect(render('[r](../README.md)', links)).toBe('<p>r</p>\n')
  expect(render('[e](https://example.com/a)', links)).toContain('<a href="https://example.com/a" target="_blank" rel="noreferrer">')
})
