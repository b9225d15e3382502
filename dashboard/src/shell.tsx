import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { Keyboard, LogOut, Menu, Monitor, Moon, PauseCircle, PlayCircle, Search, Sun, X, type LucideIcon } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import { at, Problem, send } from './api/client'
import { useLive } from './live'
import { groups, pageOf } from './navigation'
import { Palette } from './palette'
import { me, useMe } from './session'
import { ShortcutHelp, useShortcuts } from './shortcuts'
import { SignIn } from './sign_in'
import { setTheme, useTheme, type Theme } from './theme'
import { Toast } from './toast'
import { IconButton } from './ui/button'
import { Failure } from './ui/page'

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
  const [over, setOver] = useState<'palette' | 'help'>()
  const live = useLive()
  const where = useLocation({ select: (location) => location.pathname })
  const signOut = useSignOut()
  useEffect(() => {
    setMenu(false)
    const page = pageOf(where)
    document.title = page ? `${page.name} · ${who.merchant}` : who.merchant
  }, [where, who.merchant])
  const palette = useCallback(() => setOver('palette'), [])
  const help = useCallback(() => setOver('help'), [])
  useShortcuts({ palette, help })
  const close = () => setOver(undefined)
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[14.5rem_minmax(0,1fr)]" data-test-id="dashboard">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-30 focus:rounded-md focus:bg-card focus:px-3 focus:py-2 focus:shadow-raised" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus() }}>Skip to content</a>
      <header className="sticky top-0 z-20 flex max-h-dvh flex-col border-b border-line bg-sunk lg:h-dvh lg:border-r lg:border-b-0">
        <div className="flex items-center gap-2.5 px-4 py-2.5 lg:pt-4 lg:pb-3">
          <Mark />
          <span className="min-w-0 flex-1 truncate font-semibold tracking-tight">{who.merchant}</span>
          <span className="flex gap-1 lg:hidden">
            <IconButton label="Search" className="size-9" onClick={palette}><Search aria-hidden size={18} /></IconButton>
            <IconButton label="Menu" className="size-9" aria-expanded={menu} aria-controls="menu" onClick={() => setMenu(!menu)}>{menu ? <X aria-hidden size={19} /> : <Menu aria-hidden size={19} />}</IconButton>
          </span>
        </div>
        <div id="menu" className={`${menu ? 'flex' : 'hidden'} min-h-0 flex-1 flex-col gap-3 overflow-y-auto px-3 pb-3 lg:flex`}>
          <button type="button" className="hidden items-center gap-2 rounded-md border border-line bg-card px-2.5 py-1.5 text-sm text-soft shadow-card hover:text-ink lg:flex" onClick={palette}>
            <Search aria-hidden size={14} /> <span className="flex-1 text-left">Search</span> <kbd className="font-mono text-[0.7rem]">Ctrl K</kbd>
          </button>
          <nav aria-label="Pages" className="grid gap-4">
            {groups.map((group, n) => (
              <div key={n} className="grid gap-0.5">
                {group.name && <p className="px-2.5 pb-1 text-xs font-medium text-soft">{group.name}</p>}
                {group.pages.map(({ path, name, icon: Icon }) => (
                  <Link
                    key={path} to={path as never} activeOptions={{ exact: path === '/', includeSearch: false }}
                    className="group flex items-center gap-2.5 rounded-md px-2.5 py-2 text-[0.84rem] text-soft hover:bg-hover hover:text-ink aria-[current=page]:bg-accentbg aria-[current=page]:font-medium aria-[current=page]:text-accent lg:py-1.5"
                  >
                    <Icon aria-hidden size={16} strokeWidth={1.9} />{name}
                  </Link>
                ))}
                {n === groups.length - 1 && who.operator && <a href={at('/river/')} className="flex items-center gap-2.5 rounded-md px-2.5 py-2 text-[0.84rem] text-soft hover:bg-hover hover:text-ink lg:py-1.5"><Jobs />Jobs (River UI)</a>}
              </div>
            ))}
          </nav>
          <Foot live={live} signOut={signOut} help={help} />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 outline-none"><Outlet /></main>
      {over === 'palette' && <Palette close={close} commands={[
        { name: live.live ? 'Pause live updates' : 'Resume live updates', icon: live.live ? PauseCircle : PlayCircle, run: live.toggle },
        ...(['light', 'dark', 'system'] as Theme[]).map((theme) => ({ name: `Theme: ${theme}`, icon: themes[theme], run: () => setTheme(theme) })),
        { name: 'Keyboard shortcuts', hint: '?', icon: Keyboard, run: help },
        { name: 'Sign out', icon: LogOut, run: signOut },
      ]} />}
      {over === 'help' && <ShortcutHelp close={close} />}
      <Toast />
    </div>
  )
}

export const Mark = () => (
  <svg aria-hidden viewBox="0 0 24 24" className="size-6 shrink-0 text-accent"><rect width="24" height="24" rx="6" fill="currentColor" /><path d="M8 18V6.5h4.6a3.9 3.9 0 0 1 0 7.8H8" fill="none" stroke="var(--onaccent)" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round" /></svg>
)

const Jobs = () => <svg aria-hidden viewBox="0 0 24 24" className="size-4" fill="none" stroke="currentColor" strokeWidth="1.9" strokeLinecap="round"><path d="M3 7c3-3 6 3 9 0s6 3 9 0M3 12c3-3 6 3 9 0s6 3 9 0M3 17c3-3 6 3 9 0s6 3 9 0" /></svg>

const themes: Record<Theme, LucideIcon> = { light: Sun, dark: Moon, system: Monitor }

function useSignOut() {
  const { mutate } = useMutation({
    mutationFn: () => send('DELETE', '/session'),
    onSuccess: () => window.location.assign(at('/')), // a new page, so that nothing stays in memory
  })
  return mutate as () => void
}

function Foot({ live: { live, connected, toggle }, signOut, help }: { live: ReturnType<typeof useLive>; signOut: () => void; help: () => void }) {
  const who = useMe()
  const chosen = useTheme()
  return (
    <div className="mt-auto grid gap-2.5 border-t border-line pt-3 text-xs text-soft">
      <div className="flex items-center justify-between gap-2">
        <button type="button" data-test-id="live-toggle" className="flex min-h-8 items-center gap-2 rounded-md px-2.5 hover:bg-hover hover:text-ink" aria-pressed={live} onClick={toggle}>
          <span aria-hidden className={`size-2 rounded-full ${live && connected ? 'bg-good' : live ? 'bg-warn' : 'bg-soft'}`} />
          {live ? (connected ? 'Live' : 'Connecting…') : 'Paused'}
          {live ? <PauseCircle aria-hidden size={14} /> : <PlayCircle aria-hidden size={14} />}
          <span className="sr-only">{live ? 'Pause updates' : 'Resume updates'}</span>
        </button>
        <span role="group" aria-label="Theme" className="flex rounded-md border border-line bg-card">
          {(['light', 'dark', 'system'] as Theme[]).map((theme) => {
            const Icon = themes[theme]
            return <button key={theme} type="button" aria-pressed={chosen === theme} aria-label={`Theme: ${theme}`} title={`Theme: ${theme}`} className="grid size-7 place-items-center rounded-md hover:text-ink aria-pressed:bg-hover aria-pressed:text-ink" onClick={() => setTheme(theme)}><Icon aria-hidden size={13} /></button>
          })}
        </span>
      </div>
      <div className="flex items-center gap-2 pl-2.5">
        <span className="grid min-w-0 flex-1 leading-4"><span className="truncate text-ink" title={who.email}>{who.email}</span><span>{who.role}{who.operator && ', operator'}</span></span>
        <IconButton label="Keyboard shortcuts" className="max-lg:hidden" onClick={help}><Keyboard aria-hidden size={15} /></IconButton>
        <IconButton label="Sign out" data-test-id="logout-button" onClick={signOut}><LogOut aria-hidden size={15} /></IconButton>
      </div>
    </div>
  )
}
