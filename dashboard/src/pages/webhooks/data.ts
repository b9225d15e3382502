import { queryOptions } from '@tanstack/react-query'
import { get, query, type Endpoint, type List } from '../../api/client'
import type { Home } from '../../figures'

export const endpoints = queryOptions({ queryKey: ['list', 'endpoints'], queryFn: () => get<List<Endpoint>>('/api/v1/webhook_endpoints?limit=100') })

/** How the newest deliveries of a day went, by endpoint. */
export const health = queryOptions({ queryKey: ['home', 'endpoints'], queryFn: () => get<Home>(`/data/home${query({ period: '24h', zone: 'UTC' })}`) })

export const eventsOf = (endpoint: Endpoint) => (endpoint.event_types.includes('*') ? 'All events' : endpoint.event_types.join(', '))
