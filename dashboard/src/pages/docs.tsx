import { useQuery } from '@tanstack/react-query'
import { Link, useLocation, useParams } from '@tanstack/react-router'
import { BookOpen } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import { get } from '../api/client'
import { documentLink } from '../markdown'
import { LinkButton, TextLink } from '../ui/button'
import { Empty, Failure, Loading, Page } from '../ui/page'
import { Markdown } from '../ui/markdown'

interface Entry { slug: string; title: string; summary: string; section?: string }

const list = { queryKey: ['docs'], queryFn: () => get<{ data: Entry[] }>('/data/docs'), staleTime: Infinity, meta: { live: false }, retry: false }

export default function DocsPage() {
  const docs = useQuery(list)
  const entries = docs.data?.data ?? []
  const sections = [...new Set(entries.map((entry) => entry.section ?? ''))]
  return (
    <Page title="Docs" narrow data-test-id="docs-page">
      {docs.error && <Failure error={docs.error} retry={() => void docs.refetch()} />}
      {docs.isPending && <Loading />}
      {docs.data?.data.length === 0 && <Empty icon={BookOpen} title="No documents" actions={<LinkButton to="/reference">API reference</LinkButton>}>This build of the gateway brings none along.</Empty>}
      {sections.map((section) => (
        <section key={section} className="grid gap-2">
          {section && <h2 className="text-sm font-semibold text-soft">{section}</h2>}
          <ul className="grid gap-2.5 sm:grid-cols-2">
            {entries.filter((entry) => (entry.section ?? '') === section).map((entry) => (
              <li key={entry.slug}><Link data-row-link to={'/docs/$slug' as never} params={{ slug: entry.slug } as never} className="grid h-full content-start gap-0.5 rounded-xl border border-line bg-card px-4 py-3 shadow-card hover:border-edge hover:bg-sunk"><span className="font-medium">{entry.title}</span><span className="text-sm text-soft">{entry.summary}</span></Link></li>
            ))}
          </ul>
        </section>
      ))}
      <p className="text-sm text-soft">Every route is in the <TextLink to="/reference" className="underline">API reference</TextLink>; taking payments in a browser is in <TextLink to="/sdk" className="underline">Checkout SDK</TextLink>.</p>
    </Page>
  )
}

export function DocPage() {
  const { slug } = useParams({ strict: false }) as { slug: string }
  const doc = useQuery({ queryKey: ['docs', slug], queryFn: () => get<{ title: string; markdown: string }>(`/data/docs/${encodeURIComponent(slug)}`), staleTime: Infinity, meta: { live: false } })
  const links = useMemo(() => documentLink(slug), [slug])
  const hash = useLocation({ select: (location) => location.hash })
  useEffect(() => {
    if (doc.data && hash) document.getElementById(hash)?.scrollIntoView()
  }, [doc.data, hash])
  const d = doc.data
  return (
    <Page narrow back={{ to: '/docs', name: 'Docs' }} title={d?.title ?? 'Docs'} data-test-id="doc-page">
      {doc.error && <Failure error={doc.error} retry={() => void doc.refetch()} />}
      {doc.isPending && <Loading />}
      {d && <Markdown text={d.markdown.replace(/^\s*(?:<!--[\s\S]*?-->\s*)*# .*\n/, '')} links={links} />}
    </Page>
  )
}
