export const eventTypes = [
  'payment.created', 'payment.requires_action', 'payment.authorized', 'payment.success', 'payment.failed', 'payment.canceled',
  'refund.created', 'refund.processed', 'refund.failed', 'order.paid', 'webhook.test', 'endpoint.disabled',
] as const
