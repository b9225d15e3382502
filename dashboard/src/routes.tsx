import { createRootRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { Shell } from './shell'
import { LinkButton } from './ui/button'
import { Empty, Failure, Page } from './ui/page'
import type { Search } from './ui/search'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <Page title="Nothing here"><Empty icon={Compass} title="There is no such page" actions={<LinkButton to="/">Home</LinkButton>}>Choose one from the menu, or press Ctrl K.</Empty></Page>,
  errorComponent: ({ error }) => <Page title="This page failed"><Failure error={error} retry={() => window.location.reload()} /></Page>,
})

const validateSearch = (search: Search): Search => Object.fromEntries(Object.entries(search).filter(([, value]) => typeof value === 'string'))

const page = (path: string, component: ReturnType<typeof lazyRouteComponent>) => createRoute({ getParentRoute: () => root, path, component, validateSearch })

export const tree = root.addChildren([
  page('/', lazyRouteComponent(() => import('./pages/home'))),
  page('/payments', lazyRouteComponent(() => import('./pages/payments'))),
  page('/payments/$id', lazyRouteComponent(() => import('./pages/payment'))),
  page('/refunds', lazyRouteComponent(() => import('./pages/refunds'))),
  page('/refunds/$id', lazyRouteComponent(() => import('./pages/refunds'), 'RefundPage')),
  page('/orders', lazyRouteComponent(() => import('./pages/orders'))),
  page('/orders/$id', lazyRouteComponent(() => import('./pages/orders'), 'OrderPage')),
  page('/balance', lazyRouteComponent(() => import('./pages/balance'))),
  page('/webhooks', lazyRouteComponent(() => import('./pages/webhooks/endpoints'))),
  page('/webhooks/logs', lazyRouteComponent(() => import('./pages/webhooks/deliveries'))),
  page('/webhooks/logs/$id', lazyRouteComponent(() => import('./pages/webhooks/delivery'))),
  page('/webhooks/debugger', lazyRouteComponent(() => import('./pages/webhooks/debugger'))),
  page('/webhooks/$id', lazyRouteComponent(() => import('./pages/webhooks/endpoint'))),
  page('/events', lazyRouteComponent(() => import('./pages/events'))),
  page('/events/$id', lazyRouteComponent(() => import('./pages/events'), 'EventPage')),
  page('/keys', lazyRouteComponent(() => import('./pages/keys'))),
  page('/reference', lazyRouteComponent(() => import('./pages/reference/reference'))),
  page('/sdk', lazyRouteComponent(() => import('./pages/sdk'))),
  page('/docs', lazyRouteComponent(() => import('./pages/docs'))),
  page('/docs/$slug', lazyRouteComponent(() => import('./pages/docs'), 'DocPage')),
  page('/settings', lazyRouteComponent(() => import('./pages/settings/settings'))),
])
