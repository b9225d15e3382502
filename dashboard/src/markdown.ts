import { Marked, type Tokens } from 'marked'

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** The anchor of a heading, as GitHub makes it. */
export const slug = (text: string) => text.toLowerCase().trim().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')

/**
 * HTML of Markdown. What is HTML in it becomes nothing, so that no text can bring a script along. links says where a
 * relative link leads within the app; one that it does not know is left as text.
 */
export function render(text: string, links: (href: string) => string | undefined = () => undefined): string {
  const seen = new Map<string, number>()
  const marked = new Marked({
    renderer: {
      html: () => '',
      image: ({ text: alt }: Tokens.Image) => escape(alt),
      heading({ tokens, depth, text: raw }: Tokens.Heading) {
        const base = slug(raw.replaceAll(/[`*_]/g, ''))
        const n = seen.get(base) ?? 0
        seen.set(base, n + 1)
        return `<h${depth} id="${escape(n ? `${base}-${n}` : base)}">${this.parser.parseInline(tokens)}</h${depth}>\n`
      },
      table(token: Tokens.Table) {
        const row = (cells: Tokens.TableCell[], tag: string) => `<tr>${cells.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`
        return `<div class="table" tabindex="0"><table><thead>${row(token.header, 'th')}</thead><tbody>${token.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`
      },
      code: ({ text: code }: Tokens.Code) => `<pre tabindex="0"><code>${escape(code)}</code></pre>`,
      link({ href, tokens }: Tokens.Link) {
        const inner = this.parser.parseInline(tokens)
        if (/^https?:\/\//i.test(href)) return `<a href="${escape(href)}" target="_blank" rel="noreferrer">${inner}</a>`
        const to = links(href)
        return to === undefined ? inner : `<a href="${escape(to.replace(/^\//, ''))}" data-to="${escape(to)}">${inner}</a>`
      },
    },
  })
  return marked.parse(text, { async: false })
}

/** Where a link of a document leads in the app: to another document, or to a place in this one. */
export function documentLink(slugOfThis: string): (href: string) => string | undefined {
  return (href) => {
    if (href.startsWith('#')) return `/docs/${slugOfThis}${href}`
    const match = /^(?:\.\/)?([\w-]+)\.md(#[\w-]+)?$/.exec(href)
    return match ? `/docs/${match[1]}${match[2] ?? ''}` : undefined
  }
}
