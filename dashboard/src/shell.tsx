import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { at, Problem, send } from './api/client'
import { useLive } from './live'
import { Palette } from './palette'
import { client, me, useMe } from './session'
import { SignIn } from './sign_in'
import { setTheme, theme, type Theme } from './theme'
import { Failure } from './ui/basics'

export const pages = [
  ['/', 'Home'], ['/payments', 'Payments'], ['/refunds', 'Refunds'], ['/orders', 'Orders'], ['/balance', 'Balance'],
  ['/webhooks', 'Webhooks'], ['/events', 'Events'], ['/keys', 'API keys'], ['/docs', 'Docs'], ['/settings', 'Settings'],
] as const

export function Shell() {
  const session = useQuery(me)
  if (session.isPending) return null
  if (session.error instanceof Problem && session.error.status === 401) return <SignIn />
  if (session.error) return <div className="p-6"><Failure error={session.error} retry={() => void session.refetch()} /></div>
  return <SignedIn />
}

function SignedIn() {
  const who = useMe()
  const [menu, setMenu] = useState(false)
  const [palette, setPalette] = useState(false)
  const where = useLocation({ select: (location) => location.pathname })
  useEffect(() => setMenu(false), [where])
  useEffect(() => {
    const title = pages.findLast(([path]) => (path === '/' ? where === '/' : where.startsWith(path)))?.[1]
    document.title = title ? `${title} · Paygate` : 'Paygate'
  }, [where])
  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setPalette(true)
      }
    }
    window.addEventListener('keydown', open)
    return () => window.removeEventListener('keydown', open)
  }, [])
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[13.5rem_minmax(0,1fr)]" data-test-id="dashboard">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:bg-card focus:p-2" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus() }}>Skip to content</a>
      <header className="sticky top-0 z-10 flex flex-col border-b border-line bg-sunk md:h-dvh md:border-r md:border-b-0">
        <div className="flex items-center gap-2 px-4 py-3">
          <span aria-hidden className="grid size-6 shrink-0 place-items-center rounded-md bg-accent text-xs font-bold text-onaccent">P</span>
          <span className="min-w-0 flex-1 truncate font-semibold">{who.merchant}</span>
          <button type="button" className="rounded-md border border-line bg-card px-2.5 py-1 text-sm md:hidden" aria-expanded={menu} aria-controls="menu" onClick={() => setMenu(!menu)}>Menu</button>
        </div>
        <div id="menu" className={`${menu ? 'flex' : 'hidden'} min-h-0 flex-1 flex-col gap-2 overflow-y-auto px-2 pb-3 md:flex`}>
          <button type="button" className="mx-1 flex items-center justify-between rounded-md border border-line bg-card px-2.5 py-1.5 text-sm text-soft" onClick={() => setPalette(true)}>
            Search… <kbd className="rounded bg-sunk px-1 font-mono text-xs">Ctrl K</kbd>
          </button>
          <nav aria-label="Pages" className="grid gap-0.5">
            {pages.map(([path, name]) => (
              <Link key={path} to={path} activeOptions={{ exact: path === '/', includeSearch: false }} className="rounded-md px-2.5 py-1.5 text-sm text-soft hover:bg-card hover:text-ink aria-[current=page]:bg-card aria-[current=page]:font-medium aria-[current=page]:text-ink">
                {name}
              </Link>
            ))}
            {who.operator && <a href={at('/river/')} className="rounded-md px-2.5 py-1.5 text-sm text-soft hover:bg-card hover:text-ink">Jobs (River UI)</a>}
          </nav>
          <Foot />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 outline-none"><Outlet /></main>
      {palette && <Palette close={() => setPalette(false)} />}
    </div>
  )
}

function Foot() {
  const who = useMe()
  const { live, connected, toggle } = useLive()
  const [chosen, setChosen] = useState<Theme>(theme())
  const navigate = useNavigate()
  const signOut = useMutation({
    mutationFn: () => send('DELETE', '/session'),
    onSuccess: () => {
      client.clear()
      void navigate({ to: '/' })
      void client.invalidateQueries({ queryKey: ['me'] })
    },
  })
  return (
    <div className="mt-auto grid gap-2 px-2.5 pt-3 text-xs text-soft">
      <button type="button" className="flex items-center gap-2 text-left hover:text-ink" aria-pressed={live} onClick={toggle}>
        <span aria-hidden className={`size-2 rounded-full ${live && connected ? 'bg-good' : 'bg-soft'}`} />
        {live ? (connected ? 'Live · pause' : 'Connecting…') : 'Paused · go live'}
      </button>
      <label className="flex items-center gap-2">
        Theme
        <select className="rounded border border-line bg-card px-1 py-0.5 text-ink" value={chosen} onChange={(event) => { setChosen(event.target.value as Theme); setTheme(event.target.value as Theme) }}>
          <option value="system">system</option><option value="light">light</option><option value="dark">dark</option>
        </select>
      </label>
      <div className="truncate" title={who.email}>{who.email} · {who.role}</div>
      <button type="button" className="text-left underline-offset-2 hover:text-ink hover:underline" data-test-id="logout-button" onClick={() => signOut.mutate()}>Sign out</button>
    </div>
  )
}
