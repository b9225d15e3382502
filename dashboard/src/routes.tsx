import { createRootRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { Shell } from './shell'
import { Empty, Failure, Page } from './ui/basics'
import type { Search } from './ui/list'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <Page title="Nothing here"><Empty title="There is no such page.">Choose one from the menu.</Empty></Page>,
  errorComponent: ({ error }) => <Page title="This page failed"><Failure error={error} /></Page>,
})

const validateSearch = (search: Search): Search => Object.fromEntries(Object.entries(search).filter(([, value]) => typeof value === 'string'))

const page = (path: string, component: ReturnType<typeof lazyRouteComponent>) => createRoute({ getParentRoute: () => root, path, component, validateSearch })

export const tree = root.addChildren([
  page('/', lazyRouteComponent(() => import('./pages/home'))),
  page('/payments', lazyRouteComponent(() => import('./pages/payments'))),
  page('/payments/$id', lazyRouteComponent(() => import('./pages/payment'))),
  page('/refunds', lazyRouteComponent(() => import('./pages/refunds'))),
  page('/orders', lazyRouteComponent(() => import('./pages/orders'))),
  page('/orders/$id', lazyRouteComponent(() => import('./pages/orders'), 'OrderPage')),
  page('/balance', lazyRouteComponent(() => import('./pages/balance'))),
  page('/webhooks', lazyRouteComponent(() => import('./pages/webhooks'))),
  page('/webhooks/logs', lazyRouteComponent(() => import('./pages/deliveries'))),
  page('/webhooks/debugger', lazyRouteComponent(() => import('./pages/debugger'))),
  page('/webhooks/logs/$id', lazyRouteComponent(() => import('./pages/delivery'))),
  page('/events', lazyRouteComponent(() => import('./pages/events'))),
  page('/keys', lazyRouteComponent(() => import('./pages/keys'))),
  page('/docs', lazyRouteComponent(() => import('./pages/docs'))),
  page('/settings', lazyRouteComponent(() => import('./pages/settings'))),
])
