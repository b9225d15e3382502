import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { render } from '../markdown'

/** Markdown of ours: raw HTML in it is dropped, and links between documents stay in the app. */
export function Markdown({ text, small, links }: { text: string; small?: boolean; links?: (href: string) => string | undefined }) {
  const navigate = useNavigate()
  const html = useMemo(() => render(text, links), [text, links])
  return (
    <div
      className={`prose ${small ? 'small' : ''}`}
      onClick={(event) => {
        const link = (event.target as Element).closest('a')
        if (!link || event.metaKey || event.ctrlKey || event.shiftKey || link.target) return
        const to = link.getAttribute('data-to')
        if (!to) return
        event.preventDefault()
        const [path, hash] = to.split('#')
        void navigate({ to: (path || '.') as never, hash })
      }}
      dangerouslySetInnerHTML={{ __html: html }}
    />
  )
}
