import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import { useEffect } from 'react'
import { get } from '../../api/client'
import { useMe } from '../../session'
import { Failure, Loading, Page } from '../../ui/page'
import { Audit } from './audit'
import { Branding } from './branding'
import { CheckoutSecret, Origins } from './checkout'
import { Limits } from './limits'
import { Password } from './password'
import type { Settings } from './settings_data'
import { Team } from './team'

export default function SettingsPage() {
  const who = useMe()
  const settings = useQuery({ queryKey: ['settings'], queryFn: () => get<Settings>('/data/settings'), meta: { live: false } })
  const sections = [['team', 'Team'], ['branding', 'Checkout branding'], ['origins', 'Origins'], ['limits', 'Rate limit'], ['password', 'Your password'], ...(who.role === 'owner' ? [['audit', 'Audit log']] : [])] as [string, string][]
  const hash = useLocation({ select: (location) => location.hash })
  const ready = !settings.isPending
  useEffect(() => {
    if (ready && hash) document.getElementById(hash)?.scrollIntoView()
  }, [ready, hash])
  return (
    <Page title="Settings">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[12rem_minmax(0,1fr)]">
        <nav aria-label="Settings" className="sticky top-8 hidden content-start gap-0.5 text-sm lg:grid">
          {sections.map(([id, name]) => <Link key={id} to="." hash={id} activeProps={{ 'aria-current': undefined }} className="rounded-md px-2 py-1 text-soft hover:bg-hover hover:text-ink">{name}</Link>)}
        </nav>
        <div className="grid max-w-3xl grid-cols-[minmax(0,1fr)] content-start gap-10">
          <Team />
          {settings.error && <Failure error={settings.error} retry={() => void settings.refetch()} />}
          {settings.isPending && <Loading />}
          {settings.data && (
            <>
              <Branding settings={settings.data} />
              <Origins settings={settings.data} />
              <CheckoutSecret />
              <Limits settings={settings.data} />
            </>
          )}
          <Password />
          {who.role === 'owner' && <Audit />}
        </div>
      </div>
    </Page>
  )
}
