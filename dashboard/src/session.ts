import { QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { get, Problem, type Me } from './api/client'

// meta.live: what no payment changes is not asked for anew when one does.
export const me = queryOptions({ queryKey: ['me'], queryFn: () => get<Me>('/session'), staleTime: 60_000, meta: { live: false } })

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
})

// A session that has ended sends the page to the sign-in, wherever it was noticed.
client.getQueryCache().subscribe((event) => {
  if (event.type === 'updated' && event.query.state.error instanceof Problem && event.query.state.error.status === 401 && event.query.queryKey[0] !== 'me') {
    void client.resetQueries({ queryKey: ['me'] })
  }
})

export function useMe(): Me {
  const { data } = useQuery(me)
  if (!data) throw new Error('used outside of a signed-in page')
  return data
}

/** Whether whoever is signed in may change anything. */
export const useMayChange = () => useMe().role !== 'viewer'

/** Where the merchant's servers reach the API, and customers the checkout: as the gateway says, or where dev puts them. */
export function useAddresses(): { api: string; checkout: string } {
  const who = useMe()
  const here = (port: number) => `${window.location.protocol}//${window.location.hostname}:${port}`
  return { api: who.api_url || here(8000), checkout: who.checkout_url || here(3001) }
}

/** The merchant of `paygate dev` and of the documents, whose secret is no secret. */
export const demo = { merchant: '550e8400-e29b-41d4-a716-446655440000', key: 'key_test_abc123', secret: 'secret_test_xyz789', order: 'order_xyz' }

/** What stands for the secret in snippets. */
export const useSecret = () => (useMe().merchant_id === demo.merchant ? demo.secret : '<your secret>')
