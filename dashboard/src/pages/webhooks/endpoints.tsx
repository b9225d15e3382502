import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus, Webhook } from 'lucide-react'
import { useState } from 'react'
import type { Endpoint } from '../../api/client'
import type { Home } from '../../figures'
import { count, percent } from '../../format'
import { useMayChange } from '../../session'
import { Button, TextLink } from '../../ui/button'
import { Empty, Failure, Loading, Page } from '../../ui/page'
import { Badge } from '../../ui/status'
import { Time } from '../../ui/values'
import { endpoints as all, eventsOf, health as figures } from './data'
import { Editor } from './editor'
import { NewSecret } from './secret'
import { Tabs } from './tabs'

export default function WebhooksPage() {
  const endpoints = useQuery(all)
  const health = useQuery(figures)
  const mayChange = useMayChange()
  const [adding, setAdding] = useState(false)
  const [secret, setSecret] = useState<string>()
  const add = mayChange && <Button kind="main" data-test-id="add-endpoint-button" onClick={() => setAdding(true)}><Plus aria-hidden size={15} />Add endpoint</Button>
  return (
    <Page title="Webhooks" data-test-id="webhook-config" actions={add}>
      <Tabs />
      <Failure error={endpoints.error} retry={() => void endpoints.refetch()} />
      {endpoints.isPending && <Loading />}
      {endpoints.data?.data.length === 0 && <Empty icon={Webhook} title="No endpoints yet">Add the URL of your server, and it is told by signed messages when a payment succeeds or fails. On your own machine, <code className="font-mono text-xs">paygate listen</code> prints them.</Empty>}
      <ul className="grid gap-3">
        {endpoints.data?.data.map((endpoint) => <EndpointCard key={endpoint.id} endpoint={endpoint} health={health.data?.endpoints.find((of) => of.endpoint_id === endpoint.id)} />)}
      </ul>
      {adding && <Editor close={() => setAdding(false)} made={setSecret} />}
      <NewSecret secret={secret} close={() => setSecret(undefined)} />
    </Page>
  )
}

function EndpointCard({ endpoint, health }: { endpoint: Endpoint; health?: Home['endpoints'][number] }) {
  const navigate = useNavigate()
  const failing = health && health.failing > 0
  return (
    <li
      data-test-id="webhook-endpoint" className="grid cursor-pointer grid-cols-[minmax(0,1fr)] gap-3 rounded-xl border border-line bg-card px-4 py-3.5 shadow-card hover:border-edge sm:grid-cols-[minmax(0,1fr)_auto] sm:items-center"
      onClick={(event) => { if (!(event.target as Element).closest('a')) void navigate({ to: '/webhooks/$id', params: { id: endpoint.id } } as never) }}
    >
      <span className="grid min-w-0 gap-1">
        <span className="flex min-w-0 flex-wrap items-center gap-x-2.5 gap-y-1">
          <span data-test-id="webhook-endpoint-link" className="min-w-0"><TextLink data-row-link to="/webhooks/$id" params={{ id: endpoint.id }} className="font-mono text-sm break-all !text-ink">{endpoint.url}</TextLink></span>
          <Badge status={endpoint.status} />
          {endpoint.status === 'enabled' && endpoint.failing_since && <Badge status="failing" />}
        </span>
        <span className="text-sm break-words text-soft">{[endpoint.description, eventsOf(endpoint)].filter(Boolean).join(' · ')}</span>
      </span>
      <span className="grid gap-0.5 text-sm sm:text-right">
        {health && health.deliveries > 0 ? (
          <>
            <span className={failing ? 'font-medium text-bad' : 'font-medium text-good'}>{failing ? `${percent(health.failing / health.deliveries)} failing` : 'All delivered'}</span>
            <span className="text-xs text-soft">{count(health.deliveries)} in 24 hours</span>
          </>
        ) : <span className="text-xs text-soft">Added <Time iso={endpoint.created_at} /></span>}
      </span>
    </li>
  )
}
