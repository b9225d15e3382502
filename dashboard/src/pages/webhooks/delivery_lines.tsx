import { Link } from '@tanstack/react-router'
import type { Delivery } from '../../api/client'
import { Badge, EventType } from '../../ui/status'
import { Time } from '../../ui/values'

/** A few deliveries, a line each. */
export function DeliveryLines({ of }: { of: Delivery[] }) {
  return (
    <ul className="-mx-2 grid text-sm">
      {of.map((delivery) => (
        <li key={delivery.id}>
          <Link data-row-link to={'/webhooks/logs/$id' as never} params={{ id: delivery.id } as never} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 rounded-md px-2 py-2 hover:bg-sunk">
            <span className="flex flex-wrap items-center gap-2.5"><Badge status={delivery.status} /><EventType type={delivery.event_type} />{delivery.response_code && <span className="font-mono text-xs text-soft">{delivery.response_code}</span>}</span>
            <span className="text-xs text-soft">{delivery.attempt_count > 1 && `${delivery.attempt_count} attempts · `}<Time iso={delivery.created_at} /></span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
